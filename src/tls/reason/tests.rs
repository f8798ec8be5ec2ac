//! Words for errors that no handshake of the other tests has.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

use super::{certificate_reason, reason, shown};

#[test]
fn errors_that_are_not_of_tls_keep_their_text() {
    assert_eq!(reason(&io::Error::other("the cable")), "the cable");
    let end = io::Error::from(io::ErrorKind::UnexpectedEof);
    assert_eq!(reason(&end), "the other side closed the connection");
}

#[test]
fn alerts_say_what_the_other_side_wants() {
    let of = |alert| reason(&io::Error::other(Error::AlertReceived(alert)));
    assert!(of(AlertDescription::CertificateRequired).contains("requires a certificate"));
    assert!(of(AlertDescription::ProtocolVersion).contains("no version of TLS"));
    assert!(of(AlertDescription::InternalError).contains("InternalError"));
}

#[test]
fn a_name_is_shown_without_its_kind_and_without_control_characters() {
    assert_eq!(shown("DnsName(\"a.example\")"), "a.example");
    assert_eq!(shown("IpAddress(127.0.0.1)"), "127.0.0.1");
    assert_eq!(shown("DnsName(\"a\u{1b}[2J\")"), "a\\u{1b}[2J");
    assert!(certificate_reason(&CertificateError::Revoked).contains("not trusted"));
}
