//! Tests.

use http::HeaderValue;

use super::*;

fn read(values: &[&[u8]]) -> Result<Credentials, NoCredentials> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
    }
    Credentials::read(&headers)
}

fn encoded(text: &[u8]) -> Vec<u8> {
    format!("Basic {}", STANDARD.encode(text)).into_bytes()
}

#[test]
fn name_and_password_are_split_at_the_first_colon() {
    for (text, name, password) in [
        (b"a:b".as_slice(), "a", b"b".as_slice()),
        (b"a:b:c", "a", b"b:c"),
        (b"a:", "a", b""),
        (b":b", "", b"b"),
        (b":", "", b""),
        ("jürgen:müller".as_bytes(), "jürgen", "müller".as_bytes()),
        (b"\xff:\xff", "", b"\xff"),
    ] {
        let credentials = read(&[&encoded(text)]).ok().unwrap();
        assert_eq!((credentials.name(), credentials.password()), (name, password));
        assert_eq!(credentials.text(), text);
    }
}

#[test]
fn anything_but_one_basic_credential_is_malformed() {
    assert_eq!(read(&[]).err(), Some(NoCredentials::Missing));
    let good = encoded(b"a:b");
    assert_eq!(read(&[&good, &good]).err(), Some(NoCredentials::Malformed));
    assert_eq!(read(&[&encoded(b"no colon")]).err(), Some(NoCredentials::Malformed));
    assert_eq!(read(&[&encoded(&[b':'; 4_000])]).err(), Some(NoCredentials::Malformed));
    for value in [
        "",
        "Basic",
        "Basic ",
        "Basic?YTpi",
        "Basi YTpi",
        "Digest YTpi",
        "Basic YTp",
        "Basic Y T p i",
        "YTpi",
    ] {
        assert_eq!(read(&[value.as_bytes()]).err(), Some(NoCredentials::Malformed), "{value}");
    }
}

#[test]
fn scripts_with_credentials_are_told_from_navigation_and_from_programs() {
    for (name, value, expected) in [
        ("accept", "*/*", false),
        ("sec-fetch-mode", "navigate", false),
        ("sec-fetch-mode", "cors", true),
        ("sec-fetch-mode", "same-origin", true),
        ("x-requested-with", "XMLHttpRequest", true),
        ("x-requested-with", "xmlhttprequest", true),
        ("x-requested-with", "org.example.browser", false),
    ] {
        let name = http::HeaderName::from_static(name);
        let mut headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
        assert!(!is_from_script(&headers), "{name}: {value}");
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        assert_eq!(is_from_script(&headers), expected, "{name}: {value}");
    }
}
