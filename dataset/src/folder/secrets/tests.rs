//! Credentials in variables and addresses, and what is shown of them.

use super::*;

#[test]
fn no_message_repeats_what_precedes_the_host_of_an_address() {
    let none = |_: &str| None;
    for (text, expected) in [
        ("GET http://a:geheim@host:1/b?c in 1 s", "GET http://***@host:1/b?c in 1 s"),
        ("(socks5://geheim@[::1]:9) http://host/a@b", "(socks5://***@[::1]:9) http://host/a@b"),
        ("url=\"https://a:ge@heim@host\" failed", "url=\"https://***@host\" failed"),
        ("// and //x@", "// and //***@"),
        ("records//a of s3://bucket/a@b", "records//a of s3://bucket/a@b"),
    ] {
        assert_eq!(hide(text, &none), expected);
    }
}

#[test]
fn no_message_repeats_the_password_of_a_proxy_or_a_secret_of_the_environment() {
    let env = |name: &str| match name {
        "HTTPS_PROXY" => Some("http://me:very/geheim@proxy:3128".to_owned()),
        "AWS_PROXY_URL" => Some("other:more geheim@proxy".to_owned()),
        "AWS_SSE_CUSTOMER_KEY_BASE64" => Some("a geheim key".to_owned()),
        "AWS_SESSION_TOKEN" => Some("short".to_owned()),
        _ => None,
    };
    let text = hide("tried very/geheim, more geheim and a geheim key for short", &env);
    assert_eq!(text, "tried ***, *** and *** for short");
}
