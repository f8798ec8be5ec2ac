//! Errors of a store show no secrets, and keep their hints on every way.

use jenny_chain::cli::toolkit::text_of;

use super::super::MANIFEST;
use super::*;

const MARK: &str = "Server returned non-2xx status code: 403 Forbidden: ";

#[test]
fn an_error_shows_no_secret_and_is_short() {
    let env = |name: &str| match name {
        "AWS_SECRET_ACCESS_KEY" => Some("very geheim".to_owned()),
        "AWS_SESSION_TOKEN" => Some("a".to_owned()),
        _ => None,
    };
    let text = format!("signed with very geheim at {}", "x".repeat(5_000));
    let text = shown(&text, &env);
    assert!(text.starts_with("signed with *** at xx") && text.len() == MAX_ERROR_CHARS);
    let path = MANIFEST.to_owned();
    let missing = Error::NotFound { path, source: "NoSuchBucket".into() };
    let error = failure("s3://b", MANIFEST, "read", &missing);
    assert!(text_of(&error).contains("hint: check that the bucket exists"), "{error}");
}

#[test]
fn a_response_shows_only_its_code_and_message() {
    let env = |_: &str| None;
    let body = "<?xml version=\"1.0\"?><Error><Code>ExpiredToken</Code><Message>It expired: \
                renew it.</Message><Token-0>geheim</Token-0><CanonicalRequest>PUT\n\
                x-amz-security-token:geheim</CanonicalRequest></Error>";
    let whole = "ExpiredToken: It expired: renew it.";
    for (text, expected) in [
        (format!("PUT x - {MARK}{body}"), format!("PUT x - {MARK}{whole}")),
        (
            format!("Server returned error response: {body}"),
            format!("Server returned error response: {whole}"),
        ),
        (format!("{MARK}{{\"token\":\"geheim\"}}"), MARK.trim_end_matches(": ").to_owned()),
        (format!("{MARK}geheim: geheim"), MARK.trim_end_matches(": ").to_owned()),
        (MARK.to_owned(), MARK.trim_end_matches(": ").to_owned()),
        ("bad list: <a>geheim</a>".to_owned(), "bad list".to_owned()),
        ("a connection broke".to_owned(), "a connection broke".to_owned()),
    ] {
        assert_eq!(shown(&text, &env), expected);
    }
}

#[test]
fn a_hint_is_found_behind_other_errors() {
    let denied = Error::PermissionDenied { path: "x".to_owned(), source: "denied".into() };
    let carried = anyhow::Error::from(io_error(denied)).context("a file cannot be read");
    assert!(hint_in(&carried).unwrap().contains("AWS_ACCESS_KEY_ID"));
    assert_eq!(hint_in(&anyhow::anyhow!("a disk is full")), None);
}

#[test]
fn a_hint_fits_its_error() {
    let env = |_: &str| None;
    let skewed = "Server returned non-2xx status code: 403: <Code>RequestTimeTooSkewed</Code>";
    let denied =
        |text: &'static str| Error::PermissionDenied { path: "x".to_owned(), source: text.into() };
    assert!(hint(&denied(skewed), &env).contains("the clock of this machine"));
    assert!(hint(&denied("no"), &env).contains("what they may do"));
    let plain = Error::Generic { store: "S3", source: "HTTP error: builder error".into() };
    assert!(hint(&plain, &env).contains("AWS_ALLOW_HTTP=true"));
}
