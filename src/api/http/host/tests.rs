//! Tests.

use http::HeaderValue;

use super::*;

fn check(method: &Method, target: &str, version: Version, headers: &[(&'static str, &str)]) -> u16 {
    let origins = CorsOrigins::parse(&["http://listed.example"]).unwrap();
    let hosts = Hosts::new(&["Node.Example".to_owned()], origins);
    let uri = target.parse().unwrap();
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    let request = Addressed { method, uri: &uri, version, headers: &map };
    hosts.check(&request).map_or_else(|problem| problem.status().as_u16(), |_| 200)
}

fn get(headers: &[(&'static str, &str)]) -> u16 {
    check(&Method::GET, "/", Version::HTTP_11, headers)
}

fn post(host: &str, origin: &str) -> u16 {
    let headers = [("host", host), ("origin", origin)];
    check(&Method::POST, "/", Version::HTTP_11, &headers)
}

#[test]
fn hosts_are_known_exactly() {
    for host in
        ["localhost", "LOCALHOST:1", "127.0.0.1:3000", "[::1]", "node.EXAMPLE", "node.example:1"]
    {
        assert_eq!(get(&[("host", host)]), 200, "{host}");
    }
    for host in ["", "a.node.example", "example", "localhost.", "0x7f.1", "2130706433", "127.1"] {
        assert!([400, 421].contains(&get(&[("host", host)])), "{host}");
    }
}

#[test]
fn an_absolute_target_counts_more_than_the_header() {
    let check = |target, host| check(&Method::GET, target, Version::HTTP_11, &[("host", host)]);
    assert_eq!(check("http://localhost/", "evil.example"), 200);
    assert_eq!(check("http://evil.example/", "localhost"), 421);
}

#[test]
fn only_http_1_0_may_leave_the_host_out() {
    assert_eq!(check(&Method::GET, "/", Version::HTTP_10, &[]), 200);
    assert_eq!(get(&[]), 400);
    assert_eq!(get(&[("host", "localhost"), ("host", "localhost")]), 400);
}

#[test]
fn a_listed_origin_may_change_something_from_another_site() {
    let check = |method: &Method, headers: &[(&'static str, &str)]| {
        let headers = [&[("host", "localhost")], headers].concat();
        check(method, "/", Version::HTTP_11, &headers)
    };
    let (listed, cross) = (("origin", "http://listed.example"), ("sec-fetch-site", "cross-site"));
    assert_eq!(check(&Method::POST, &[listed, cross]), 200);
    assert_eq!(check(&Method::DELETE, &[listed]), 200);
    assert_eq!(check(&Method::POST, &[cross]), 403);
    assert_eq!(check(&Method::POST, &[listed, listed, cross]), 403);
    assert_eq!(check(&Method::POST, &[listed, ("origin", "null")]), 403);
}

#[test]
fn an_origin_is_ours_when_scheme_host_and_port_fit() {
    for (host, origin) in [
        ("localhost:3000", "http://localhost:3000"),
        ("localhost", "http://localhost"),
        ("localhost:80", "http://localhost"),
        ("localhost", "http://localhost:80"),
        ("node.example", "https://node.example"),
        ("node.example:443", "https://Node.Example"),
        ("[::1]:3000", "http://[::1]:3000"),
    ] {
        assert_eq!(post(host, origin), 200, "{host} {origin}");
    }
    for (host, origin) in [
        ("localhost:3000", "http://localhost"),
        ("localhost:3000", "https://localhost:3001"),
        ("localhost", "http://127.0.0.1"),
        ("localhost", "ftp://localhost"),
        ("localhost", "localhost"),
        ("localhost", "http://"),
        ("localhost", "null"),
        ("localhost", ""),
    ] {
        assert_eq!(post(host, origin), 403, "{host} {origin}");
    }
    // Nobody to compare with.
    assert_eq!(check(&Method::POST, "/", Version::HTTP_10, &[("origin", "http://localhost")]), 403);
}

#[test]
fn every_method_that_may_change_something_is_held_to_it() {
    let headers = [("host", "localhost"), ("sec-fetch-site", "cross-site")];
    for (method, status) in [
        (Method::GET, 200),
        (Method::HEAD, 200),
        (Method::OPTIONS, 200),
        (Method::POST, 403),
        (Method::PUT, 403),
        (Method::DELETE, 403),
        (Method::PATCH, 403),
    ] {
        assert_eq!(check(&method, "/", Version::HTTP_11, &headers), status, "{method}");
    }
}

#[test]
fn an_entry_of_hosts_is_the_name_alone() {
    for entry in [
        "ledger",
        "Ledger.example",
        "ledger.example.",
        "ledger_api",
        "xn--mnchen-3ya.example",
        "10.0.0.7",
        "::1",
        "[::1]",
        "1and1.example",
    ] {
        assert_eq!(check_host(entry), Ok(()), "{entry}");
    }
    for (entry, reason, written) in [
        ("*", "wildcards", "such as \"ledger.example\""),
        ("*.example", "wildcards", "such as \"ledger.example\""),
        ("ledger.example:443", "a port", "write `ledger.example`"),
        ("https://Ledger.example", "a scheme", "write `ledger.example`"),
        ("http://ledger.example:3000/x", "a scheme", "write `ledger.example`"),
        ("ledger.example/", "a path", "write `ledger.example`"),
        ("10.0.0.0/8", "any IP address", "such as \"ledger.example\""),
        ("münchen.example", "in ASCII", "write `xn--mnchen-3ya.example`"),
        ("", "not a host name", "such as \"ledger.example\""),
        ("two words", "not a host name", "such as \"ledger.example\""),
        ("a..b", "not a host name", "such as \"ledger.example\""),
        ("10.0.0", "not a host name", "such as \"ledger.example\""),
    ] {
        let text = check_host(entry).unwrap_err().to_string();
        assert!(text.contains(reason) && text.contains(written), "{text}");
    }
}
