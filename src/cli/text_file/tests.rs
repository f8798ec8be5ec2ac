//! Texts, and what is none.

use std::path::Path;

use super::{read, read_regular};

#[test]
fn a_text_comes_whole_and_through_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (file, link) = (dir.path().join("file"), dir.path().join("link"));
    std::fs::write(&file, "a text").unwrap();
    std::os::unix::fs::symlink("file", &link).unwrap();
    assert_eq!(read(&file).unwrap(), "a text");
    assert_eq!(read_regular(&link).unwrap(), "a text");
}

#[test]
fn a_file_without_end_is_refused() {
    let error = read(Path::new("/dev/zero")).unwrap_err();
    assert_eq!(error.to_string(), "it is larger than 8 MiB");
}

#[test]
fn what_is_no_text_or_no_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, b"\xff").unwrap();
    assert_eq!(read(&file).unwrap_err().to_string(), "it is not UTF-8 text");
    let error = read_regular(Path::new("/dev/null")).unwrap_err();
    assert_eq!(error.to_string(), "it is not a regular file");
}
