//! Tests.

use super::*;

fn said(entry: &str) -> String {
    CorsOrigins::parse(&[entry]).unwrap_err().to_string()
}

#[test]
fn an_origin_is_listed_as_browsers_send_it() {
    for entry in ["http://a.example", "https://a.example:8443", "http://[::1]:3000"] {
        assert_eq!(CorsOrigins::parse(&[entry]).unwrap().0, [entry], "{entry}");
    }
    for (entry, example) in [
        ("https://a.example/", "https://a.example"),
        ("https://A.example", "https://a.example"),
        ("https://a.example:443", "https://a.example"),
        ("http://a.example/app?x#y", "http://a.example"),
        ("http://me@a.example", "http://a.example"),
        (" http://a.example", "http://a.example"),
    ] {
        assert!(said(entry).ends_with(&format!("write for example `{example}`")), "{entry}");
    }
    for entry in ["", "null", "*", "a.example", "file:///x", "ws://a.example", "https://*.example"]
    {
        assert!(said(entry).contains("is not a web origin: "), "{entry}");
    }
    let many = vec!["http://a.example"; MAX_CORS_ORIGINS + 1];
    assert_eq!(CorsOrigins::parse(&many), Err(OriginError::TooMany { found: 65 }));
}

#[test]
fn a_request_comes_from_a_listed_origin_if_it_names_that_one_alone() {
    let origins = CorsOrigins::parse(&["http://a.example", "http://b.example"]).unwrap();
    let of = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ORIGIN, HeaderValue::from_static(value));
        }
        origins.of(&headers).cloned()
    };
    assert_eq!(of(&["http://b.example"]).unwrap(), "http://b.example");
    for others in [
        &[][..],
        &["http://c.example"],
        &["http://a.example:81"],
        &["https://a.example"],
        &["http://a.example", "http://b.example"],
        &["http://a.example", "http://a.example"],
        &["null"],
    ] {
        assert_eq!(of(others), None, "{others:?}");
    }
}
