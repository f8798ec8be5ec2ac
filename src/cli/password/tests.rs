//! Tests.

use std::path::PathBuf;

use super::*;
use crate::cli::exit::text_of;

#[test]
fn a_byte_order_mark_is_no_part_of_a_password() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, "\u{feff}s3cret\n").unwrap();
    assert_eq!(read(&file).unwrap(), "s3cret");
    std::fs::write(&file, "\u{feff}\n").unwrap();
    assert!(text_of(&read(&file).unwrap_err()).contains("is empty"));
    std::fs::write(&file, b"\xff\xfes\0").unwrap();
    assert!(text_of(&read(&file).unwrap_err()).contains("save it as UTF-8"));
}

#[test]
fn a_password_file_that_says_nothing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, "\n").unwrap();
    assert!(text_of(&read(&file).unwrap_err()).contains("is empty"));
    let missing = PathBuf::from("/nonexistent/password");
    assert!(text_of(&read(&missing).unwrap_err()).contains("cannot be read"));
}

#[test]
fn a_new_password_comes_from_a_file_and_is_long_enough() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    std::fs::write(&file, "long enough for this\n").unwrap();
    assert_eq!(new("ann", Some(&file)).unwrap(), "long enough for this");
    std::fs::write(&file, "short\n").unwrap();
    let text = text_of(&new("ann", Some(&file)).unwrap_err());
    assert!(text.contains("needs at least 12") && text.contains("openssl rand"), "{text}");
}
