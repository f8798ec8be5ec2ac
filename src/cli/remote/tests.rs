//! Tests of addresses and credentials.

use super::*;
use crate::cli::exit::text_of;

fn remote(url: &str, user: Option<&str>, password: Option<&str>) -> Result<Remote> {
    let args = RemoteArgs { user: user.map(str::to_owned), password_file: None, ca: None };
    let env = |name: &str| password.filter(|_| name == "JENNY_PASSWORD").map(str::to_owned);
    Remote::with("--url", url, &args, &env, None)
}

fn credentials(remote: &Remote) -> String {
    let encoded = remote.authorization.strip_prefix("Basic ").unwrap();
    String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
}

#[test]
fn the_default_password_goes_to_this_machine_only() {
    for url in ["http://127.0.0.1:3000", "http://localhost/", "http://[::1]:80", "http://127.9.9.9"]
    {
        assert_eq!(credentials(&remote(url, None, None).unwrap()), "jenny:1234", "{url}");
    }
    for url in ["http://10.0.0.1:3000", "http://localhost.example", "http://[2001:db8::1]"] {
        let text = text_of(&remote(url, None, None).unwrap_err());
        assert!(text.contains("no password") && text.contains("--password-file"), "{text}");
    }
    // Who is named has a password of its own.
    for name in ["alice", "jenny"] {
        let text = text_of(&remote("http://127.0.0.1", Some(name), None).unwrap_err());
        assert!(text.contains(&format!("no password for user `{name}`")), "{text}");
    }
}

#[test]
fn a_password_comes_from_the_environment_or_a_file() {
    let url = "http://10.0.0.1";
    let from_env = remote(url, Some("alice"), Some("a:b c")).unwrap();
    assert_eq!(credentials(&from_env), "alice:a:b c");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, " s3cret \r\n").unwrap();
    let args = RemoteArgs { user: None, password_file: Some(file), ca: None };
    let env = |_: &str| Some("not this".to_owned());
    let from_file = Remote::with("--url", url, &args, &env, None).unwrap();
    assert_eq!(credentials(&from_file), "jenny: s3cret ");
}

#[test]
fn somebody_at_the_terminal_is_asked_for_what_is_missing() {
    let ask = |question: &str| Ok(format!("<{question}>"));
    let with = |url: &str, user: Option<&str>, password: Option<&str>| {
        let args = RemoteArgs { user: user.map(str::to_owned), password_file: None, ca: None };
        let env = |_: &str| password.map(str::to_owned);
        credentials(&Remote::with("--url", url, &args, &env, Some(&ask)).unwrap())
    };
    let url = "http://10.0.0.1:3000/";
    assert_eq!(
        with(url, Some("alice"), None),
        "alice:<password of alice at http://10.0.0.1:3000: >"
    );
    assert_eq!(with(url, Some("alice"), Some("known")), "alice:known");
    assert_eq!(with("http://127.0.0.1", None, None), "jenny:1234");
}

#[test]
fn an_address_is_http_or_https_and_nothing_more() {
    for url in ["127.0.0.1:3000", "wss://127.0.0.1", "https://127.0.0.1/x", "http://127.0.0.1?x"] {
        let text = text_of(&remote(url, None, None).unwrap_err());
        assert!(text.contains("is not the address of a node"), "{url}: {text}");
    }
    let text = text_of(&remote("http://jenny:geheim@127.0.0.1", None, None).unwrap_err());
    assert!(text.contains("must not contain credentials") && !text.contains("geheim"), "{text}");
}

#[test]
fn no_message_repeats_credentials_of_an_address() {
    for url in [
        "ftp://jenny:geheim@127.0.0.1",
        "http://jenny:geheim@127.0.0.1:99999",
        "http://jenny:ge/geheim@127.0.0.1",
        "http://127.0.0.1/jenny:geheim@x",
    ] {
        let text = text_of(&remote(url, None, None).unwrap_err());
        assert!(text.contains("hint: ") && !text.contains("geheim"), "{url}: {text}");
    }
    let remote = remote("http://127.0.0.1", Some("alice"), Some("geheim")).unwrap();
    let shown = format!("{remote:?}");
    assert!(!shown.contains("geheim") && !shown.contains("Basic"), "{shown}");
}

#[test]
fn a_refusal_without_a_reason_says_what_to_do_next() {
    let remote = remote("http://127.0.0.1:7545", None, None).unwrap();
    let body = &b"This port is for peers"[..];
    let text = text_of(&remote.refused(StatusCode::UPGRADE_REQUIRED, body).into());
    let expected = "error: http://127.0.0.1:7545 responded with 426 Upgrade Required\n\
        hint: this may be the port for peers, not the REST API; give the \
        API's address with --url\n";
    assert_eq!(text, expected);
    let text = text_of(&remote.refused(StatusCode::BAD_GATEWAY, &b"<html>"[..]).into());
    assert_eq!(text, "error: http://127.0.0.1:7545 responded with 502 Bad Gateway\n");
}
