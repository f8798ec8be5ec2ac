//! The directory lock.

use std::fs;

use super::*;

#[test]
fn a_second_taker_is_told_who_holds_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let held = DirectoryLock::take(directory.path()).unwrap();
    let Err(StoreError::Locked { holder, .. }) = DirectoryLock::take(directory.path()) else {
        panic!("taken twice")
    };
    assert_eq!(holder, format!("process {}", std::process::id()));
    drop(held);
    DirectoryLock::take(directory.path()).unwrap();
}

#[test]
fn a_file_that_was_left_behind_blocks_nothing() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(NAME), "process 1, long gone, with a longer text").unwrap();
    let _held = DirectoryLock::take(directory.path()).unwrap();
    let text = fs::read_to_string(directory.path().join(NAME)).unwrap();
    assert_eq!(text, format!("process {}\n", std::process::id()));
}
