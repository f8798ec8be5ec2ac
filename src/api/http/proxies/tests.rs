//! Tests.

use super::*;

fn proxies() -> TrustedProxies {
    TrustedProxies::parse(&["127.0.0.1", "10.1.0.0/16", "fd00::/8"]).unwrap()
}

fn client(connection: &str, lines: &[&str]) -> Option<String> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("x-forwarded-for", line.parse().unwrap());
    }
    let client = proxies().client(connection.parse().unwrap(), &headers);
    client.map(|address| address.to_string())
}

#[test]
fn the_rightmost_address_that_is_no_proxy_is_the_client() {
    for (lines, expected) in [
        (&["192.0.2.7"][..], "192.0.2.7"),
        (&["203.0.113.9, 192.0.2.7"], "192.0.2.7"),
        (&["203.0.113.9,192.0.2.7 , 10.1.2.3"], "192.0.2.7"),
        (&["203.0.113.9", "192.0.2.7", "10.1.2.3, 127.0.0.1"], "192.0.2.7"),
        (&["garbage, 192.0.2.7"], "192.0.2.7"),
        (&["192.0.2.7:4711"], "192.0.2.7"),
        (&["2001:db8::7"], "2001:db8::7"),
        (&["[2001:db8::7]"], "2001:db8::7"),
        (&["[2001:db8::7]:4711"], "2001:db8::7"),
        (&["::ffff:192.0.2.7"], "192.0.2.7"),
    ] {
        for proxy in ["127.0.0.1", "::ffff:10.1.255.255", "fd12::1"] {
            assert_eq!(client(proxy, lines).as_deref(), Some(expected), "{proxy}: {lines:?}");
        }
        assert_eq!(client("127.0.0.2", lines), None, "not trusted");
        assert_eq!(client("192.0.2.9", lines), None, "not trusted");
    }
}

#[test]
fn garbage_and_proxies_alone_name_nobody() {
    for lines in [
        &[][..],
        &[""],
        &["unknown"],
        &["192.0.2.7, _hidden"],
        &["192.0.2.7,"],
        &["192.0.2.7, 10.1.2.3, 192.0.2"],
        &["192.0.2.7", "\u{fc}"],
        &["10.1.2.3, 127.0.0.1"],
    ] {
        assert_eq!(client("127.0.0.1", lines), None, "{lines:?}");
    }
}

#[test]
fn only_so_many_hops_are_read() {
    let hops = |count: usize| format!("192.0.2.7{}", ", 10.1.2.3".repeat(count));
    assert_eq!(client("127.0.0.1", &[&hops(MAX_HOPS - 1)]).as_deref(), Some("192.0.2.7"));
    assert_eq!(client("127.0.0.1", &[&hops(MAX_HOPS)]), None);
}

#[test]
fn an_entry_that_matches_nothing_or_everything_is_refused() {
    let refused = |entry: &str| TrustedProxies::parse(&[entry]).unwrap_err();
    for entry in ["", "*", "proxy.example", "10.0.0.0/33", "10.0.0", "127.0.0.1:80", "[::1]"] {
        assert_eq!(refused(entry), ProxyError::Malformed(entry.to_owned()));
    }
    for entry in ["0.0.0.0/0", "::/0", "10.0.0.0/0"] {
        assert_eq!(refused(entry), ProxyError::Everybody(entry.to_owned()));
    }
    let mapped = "::ffff:10.0.0.0/104";
    assert_eq!(refused(mapped), ProxyError::Mapped(mapped.to_owned()));
    let many = vec!["127.0.0.1"; MAX_PROXIES + 1];
    assert_eq!(TrustedProxies::parse(&many), Err(ProxyError::TooMany(257)));
    assert!(TrustedProxies::parse::<&str>(&[]).unwrap().is_empty());
}
