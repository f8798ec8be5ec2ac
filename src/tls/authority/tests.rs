//! Names, and what an authority issues.

use std::time::Duration;

use super::{Authority, NameError, Names};
use crate::tls::test_util::write;
use crate::tls::{Certificate, Credentials, TlsFiles};

const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[test]
fn names_are_hosts_and_addresses_and_nothing_else() {
    for name in ["a.example", "A.Example", "localhost", "node_1", "192.0.2.1", "::1"] {
        assert!(Names::parse(&[name]).is_ok(), "{name}");
    }
    for name in
        ["", "https://a.example", "a.example:1", "*.example", "a b", "192.0.2", "[::1]", "ü"]
    {
        assert!(matches!(Names::parse(&[name]), Err(NameError::Malformed(_))), "{name}");
    }
    assert_eq!(Names::parse::<&str>(&[]).unwrap_err(), NameError::Count);
    assert_eq!(Names::parse(&vec!["a"; 101]).unwrap_err(), NameError::Count);
}

#[test]
fn what_an_authority_issues_serves_both_sides_of_a_link() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let ca = Authority::create("of the test", YEAR).unwrap();
    write(&file("ca.pem"), &ca.certificate);
    write(&file("ca.key"), &ca.key);
    let authority = Authority::load(&file("ca.pem"), &file("ca.key")).unwrap();
    let names = Names::parse(&["Node.example", "192.0.2.1"]).unwrap();
    let node = authority.issue(&names, YEAR).unwrap();
    write(&file("node.pem"), &node.certificate);
    write(&file("node.key"), &node.key);
    let files =
        TlsFiles { cert: file("node.pem"), key: file("node.key"), ca: Some(file("ca.pem")) };
    let shown: Certificate = Credentials::load(files).unwrap().certificate();
    assert_eq!(shown.names, ["node.example", "192.0.2.1"]);
    assert_eq!(shown.issuer, "CN=of the test");
    // A day before it was made, and a year from then on.
    assert_eq!(shown.not_after - shown.not_before, 366 * 86_400);
    assert!(!format!("{ca:?}{authority:?}").contains("PRIVATE"));
}

#[test]
fn an_authority_issues_nothing_that_outlives_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let ca = Authority::create("short", Duration::from_secs(7 * 86_400)).unwrap();
    write(&file("ca.pem"), &ca.certificate);
    write(&file("ca.key"), &ca.key);
    let authority = Authority::load(&file("ca.pem"), &file("ca.key")).unwrap();
    let node = authority.issue(&Names::parse(&["a"]).unwrap(), YEAR).unwrap();
    write(&file("node.pem"), &node.certificate);
    write(&file("node.key"), &node.key);
    let files =
        TlsFiles { cert: file("node.pem"), key: file("node.key"), ca: Some(file("ca.pem")) };
    let shown = Credentials::load(files).unwrap().certificate();
    assert_eq!(shown.not_after, authority.not_after());
}

#[test]
fn an_authority_needs_its_own_key() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let (ca, other) =
        (Authority::create("a", YEAR).unwrap(), Authority::create("b", YEAR).unwrap());
    write(&file("ca.pem"), &ca.certificate);
    write(&file("other.key"), &other.key);
    let error =
        |cert: &str, key: &str| Authority::load(&file(cert), &file(key)).unwrap_err().to_string();
    assert!(error("ca.pem", "other.key").contains("not the one of this CA"));
    assert!(error("ca.pem", "ca.key").contains("cannot be read"));
    assert!(error("ca.pem", "ca.pem").contains("no private key"));
}
