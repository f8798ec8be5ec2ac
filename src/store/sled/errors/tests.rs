//! What becomes of sled's failures.

use std::io::{Error, ErrorKind};

use super::*;

#[test]
fn a_file_that_ends_too_early_is_damage_and_a_failing_disk_is_not() {
    for kind in [ErrorKind::UnexpectedEof, ErrorKind::InvalidData] {
        let error = read_error(sled::Error::Io(Error::from(kind)));
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    }
    let error = read_error(sled::Error::Io(Error::from(ErrorKind::PermissionDenied)));
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    let quoted = Error::new(ErrorKind::StorageFull, "Os { code: 28, kind: StorageFull }");
    let text = read_error(sled::Error::Io(quoted)).to_string();
    assert_eq!(text, "reading the database: no storage space");
}

#[test]
fn a_panic_is_damage_with_its_text() {
    let error = guarded::<()>(|| panic!("page {}", 7)).unwrap_err().to_string();
    assert!(error.contains("the database engine gave up: page 7"), "{error}");
}

#[test]
fn damage_is_told_in_words() {
    let at = sled::Error::Corruption { at: None, bt: () };
    let text = read_error(at).to_string();
    assert!(text.contains("reads from its file is torn"), "{text}");
    let nothing: Result<u8, &str> = Err("lost");
    let text = guarded::<()>(|| panic!("called `Result::unwrap()` on {nothing:?}"));
    let text = text.unwrap_err().to_string();
    assert!(text.contains("gave up: it met what it cannot read"), "{text}");
}
