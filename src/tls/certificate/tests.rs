//! What is read of a certificate.

use super::Certificate;
use crate::tls::pem::certificates;
use crate::tls::test_util::{Counts, TestAuthority};

#[test]
fn names_addresses_and_dates_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let names = ["a.example", "192.0.2.1", "2001:db8::1"];
    let files = authority.issue("node", &names, Counts::Now);
    let node = Certificate::parse(&certificates(&files.cert).unwrap()[0]).unwrap();
    assert_eq!(node.names, names);
    assert!(!node.is_authority && node.not_before < node.not_after);
    let ca = Certificate::parse(&certificates(&authority.ca()).unwrap()[0]).unwrap();
    assert!(ca.is_authority && ca.names.is_empty());
    assert_eq!(node.issuer, ca.subject);
    assert_eq!(Certificate::parse(b"no certificate"), None);
}

fn between(not_before: u64, not_after: u64) -> Certificate {
    let text = String::new;
    let (subject, issuer, names) = (text(), text(), Vec::new());
    let (public_key, is_authority) = (Vec::new(), false);
    Certificate { subject, issuer, names, not_before, not_after, public_key, is_authority }
}

#[test]
fn a_certificate_counts_from_its_first_to_its_last_second() {
    let at = |now| between(100, 200).is_early_or_late(now);
    assert_eq!([at(99), at(100), at(200), at(201)], [Some(true), None, None, Some(false)]);
}

#[test]
fn renewal_is_due_three_weeks_before_the_end_or_a_quarter_of_the_time() {
    const DAY: u64 = 86_400;
    assert_eq!(between(0, 365 * DAY).renew_from(), 344 * DAY);
    assert_eq!(between(0, 8 * DAY).renew_from(), 6 * DAY);
    assert_eq!(between(200, 100).renew_from(), 100);
}
