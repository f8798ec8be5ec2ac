//! What a wrong file is called, and what is advised.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use super::{certificates, key};
use crate::tls::test_util::{Counts, TestAuthority, write};

fn advice<T: std::fmt::Debug>(result: Result<T, crate::tls::TlsError>) -> String {
    let error = result.unwrap_err();
    format!("{error}; {}", error.advice)
}

#[test]
fn a_missing_empty_or_wrong_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("node.pem");
    assert!(advice(certificates(&file)).contains("node.pem: it cannot be read: No such file"));
    write(&file, "");
    assert!(advice(certificates(&file)).contains("node.pem: it holds no certificate"));
    assert!(advice(key(&file)).contains("node.pem: it holds no private key"));
    write(&file, "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n");
    assert!(advice(certificates(&file)).contains("it is no valid PEM file"));
    assert!(advice(certificates(directory.path())).contains("it is no regular file"));
    write(&file, &"x".repeat((1 << 20) + 1));
    assert!(advice(certificates(&file)).contains("longer than 1 MiB"));
}

#[test]
fn an_encrypted_key_is_named_as_such() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("node.key");
    write(
        &file,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let advice = advice(key(&file));
    assert!(
        advice.contains("encrypted with a password") && advice.contains("openssl pkey"),
        "{advice}"
    );
}

#[test]
fn a_key_that_others_can_read_is_refused_and_one_of_the_group_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let files = TestAuthority::new(directory.path()).issue("node", &["a.example"], Counts::Now);
    for (mode, is_taken) in
        [(0o600, true), (0o400, true), (0o640, true), (0o644, false), (0o660, false)]
    {
        fs::set_permissions(&files.key, Permissions::from_mode(mode)).unwrap();
        let read = key(&files.key);
        assert_eq!(read.is_ok(), is_taken, "{mode:o}");
        if !is_taken {
            assert!(advice(read).contains("chmod o-rwx,g-w"), "{mode:o}");
        }
    }
}
