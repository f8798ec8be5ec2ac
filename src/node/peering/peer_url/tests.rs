//! Which texts are peer addresses.

use super::*;

fn reason(text: &str) -> String {
    text.parse::<PeerUrl>().unwrap_err().reason
}

#[test]
fn addresses_are_kept_as_given() {
    for text in [
        "ws://localhost:7545",
        "ws://10.0.0.1",
        "ws://[::1]:7545",
        "WS://Node.Example:7545/",
        "ws://node.example:7545/a/path",
        "wss://node.example:7545",
        "WSS://[::1]",
    ] {
        assert_eq!(text.parse::<PeerUrl>().unwrap().as_str(), text);
    }
}

#[test]
fn what_is_not_ws_with_a_host_is_refused() {
    for text in [
        "",
        "localhost:7545",
        "http://a:1",
        "wsss://a:1",
        "wss:///a",
        "ws:a:1",
        "ws:/a:1",
        "ws://",
        "ws:///a",
        "ws://:7545",
        "ws",
        "ws:",
        "//a:1",
    ] {
        assert!(text.parse::<PeerUrl>().is_err(), "{text:?} was taken");
    }
}

#[test]
fn what_a_peer_does_not_take_is_refused() {
    assert!(reason("ws://user@a:1").contains("user name"));
    assert!(reason("ws://:word@a:1").contains("user name"));
    assert!(reason("ws://a:1/?q").contains("`?`"));
    assert!(reason("ws://a:1/#f").contains("`#`"));
    assert!(reason("ws://a:0").contains("port 0"));
    assert!(!reason("ws://a:65536").is_empty());
    assert!(!reason("ws://a:x").is_empty());
    assert!(!reason("ws://[::1").is_empty());
}

#[test]
fn what_a_parser_would_mend_is_refused() {
    for text in [" ws://a:1", "ws://a:1\n", "ws://a\t:1", "ws:\\\\a:1", "ws://a:1\\b", "ws://a\0:1"]
    {
        assert!(reason(text).contains("space"), "{text:?}");
    }
}

#[test]
fn length_is_bounded_and_errors_are_short() {
    let longest = format!("ws://a/{}", "p".repeat(MAX_PEER_URL_BYTES - 7));
    assert!(longest.parse::<PeerUrl>().is_ok());
    let error = format!("{longest}p").parse::<PeerUrl>().unwrap_err();
    assert!(error.reason.contains("2048"));
    assert!(error.to_string().len() < 200);
    // Cut between characters, not inside one.
    assert!("é".repeat(100).parse::<PeerUrl>().unwrap_err().text.ends_with("é.."));
}

#[test]
fn the_scheme_says_whether_there_is_tls_and_which_port_is_usual() {
    let of = |text: &str| {
        let url: PeerUrl = text.parse().unwrap();
        (url.is_tls(), url.authority().unwrap().1)
    };
    assert_eq!(of("ws://a.example"), (false, 80));
    assert_eq!(of("wss://a.example"), (true, 443));
    assert_eq!(of("WSS://a.example:7545"), (true, 7_545));
}
