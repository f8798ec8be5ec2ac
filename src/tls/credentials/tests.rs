//! Files that fit each other, and those that do not.

use std::fs;

use super::{Credentials, TlsFiles};
use crate::tls::test_util::{Counts, TestAuthority};

fn error(files: TlsFiles) -> String {
    let error = Credentials::load(files).unwrap_err();
    format!("{error}; {}", error.advice)
}

#[test]
fn what_does_not_fit_names_the_file_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let ours = TestAuthority::new(&directory.path().join("ours"));
    let theirs = TestAuthority::new(&directory.path().join("theirs"));
    let node = ours.issue("node", &["a.example"], Counts::Now);
    let other = ours.issue("other", &["a.example"], Counts::Now);
    let foreign = TlsFiles { ca: Some(theirs.ca()), ..node.clone() };
    let cases = [
        (
            TlsFiles { key: other.key, ..node.clone() },
            ["other.key: this private key is not the one", "ours/node.pem"],
        ),
        (foreign, ["node.pem: the CA in", "did not sign this certificate"]),
        (
            TlsFiles { ca: Some(node.cert.clone()), ..node.clone() },
            ["node.pem: it holds a certificate that is no CA's", "ca.pem"],
        ),
        (
            TlsFiles { cert: node.key.clone(), ..node.clone() },
            ["node.key: it holds no certificate", "BEGIN CERTIFICATE"],
        ),
        (
            ours.issue("old", &["a.example"], Counts::Before),
            ["old.pem: the certificate has expired", "jenny cert issue"],
        ),
        (
            ours.issue("early", &["a.example"], Counts::Later),
            ["early.pem: the certificate is not valid yet", "clock"],
        ),
    ];
    for (files, parts) in cases {
        let error = error(files);
        for part in parts {
            assert!(error.contains(part), "{error}");
        }
    }
    Credentials::load(TlsFiles { ca: None, ..node.clone() }).unwrap();
    Credentials::load(node).unwrap();
}

#[test]
fn a_wrong_new_file_leaves_the_old_certificate_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let authority = TestAuthority::new(directory.path());
    let files = authority.issue("node", &["old.example"], Counts::Now);
    let credentials = Credentials::load(files.clone()).unwrap();
    fs::write(&files.cert, "nothing").unwrap();
    assert!(credentials.reload().is_err());
    assert_eq!(credentials.certificate().names, ["old.example"]);
    authority.issue("node", &["new.example"], Counts::Now);
    credentials.clone().reload().unwrap();
    assert_eq!(credentials.certificate().names, ["new.example"]);
}
