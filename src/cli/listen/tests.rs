//! Tests of addresses to listen on.

use super::*;

#[test]
fn addresses_are_taken_as_people_write_them() {
    let default = IpAddr::from([192, 0, 2, 1]);
    for (text, address) in [
        ("127.0.0.1:3000", "127.0.0.1:3000"),
        ("[::1]:0", "[::1]:0"),
        ("0.0.0.0:65535", "0.0.0.0:65535"),
        ("localhost:3001", "127.0.0.1:3001"),
        (":3001", "192.0.2.1:3001"),
    ] {
        let listen: Listen = text.parse().unwrap();
        assert_eq!(listen.on(default), address.parse().unwrap(), "{text}");
    }
}

#[test]
fn other_texts_are_refused_with_the_forms_that_count() {
    for text in [
        "",
        "3000",
        "localhost",
        "localhost:",
        ":",
        ":65536",
        ":+1",
        ":-1",
        "*:3000",
        "example.org:3000",
        "::1:3000",
        "http://127.0.0.1:3000",
        " :3000",
        "127.0.0.1",
    ] {
        let error = text.parse::<Listen>().unwrap_err().to_string();
        assert!(error.contains("localhost:PORT or :PORT"), "{text}: {error}");
    }
}
