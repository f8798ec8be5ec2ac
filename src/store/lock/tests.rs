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
    fs::write(directory.path().join(STORE_LOCK_FILE), "process 1, long gone, with a longer text")
        .unwrap();
    let _held = DirectoryLock::take(directory.path()).unwrap();
    let text = fs::read_to_string(directory.path().join(STORE_LOCK_FILE)).unwrap();
    assert_eq!(text, format!("process {}\n", std::process::id()));
}

#[test]
fn a_link_in_its_place_is_refused_and_not_written_through() {
    let directory = tempfile::tempdir().unwrap();
    let (victim, link) = (directory.path().join("victim"), directory.path().join(STORE_LOCK_FILE));
    fs::write(&victim, "a text").unwrap();
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    let error = DirectoryLock::take(directory.path()).unwrap_err().to_string();
    assert!(error.contains("LOCK: it is a symbolic link"), "{error}");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "a text");
    // A link to nothing makes no file.
    fs::remove_file(&victim).unwrap();
    DirectoryLock::take(directory.path()).unwrap_err();
    assert!(!victim.exists());
    fs::remove_file(&link).unwrap();
    DirectoryLock::take(directory.path()).unwrap();
}

#[test]
fn a_directory_may_be_a_link() {
    let around = tempfile::tempdir().unwrap();
    let (real, link) = (around.path().join("real"), around.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let _held = DirectoryLock::take(&link).unwrap();
    assert!(real.join(STORE_LOCK_FILE).is_file());
}

#[test]
fn a_file_that_lost_its_name_holds_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(STORE_LOCK_FILE);
    let first = DirectoryLock::take(directory.path()).unwrap();
    let waiting = File::open(&path).unwrap();
    first.remove_new();
    assert!(!path.exists());
    drop(first);
    assert!(!is_named(&waiting, &path).unwrap());
    let second = DirectoryLock::take(directory.path()).unwrap();
    assert!(is_named(&second.file, &path).unwrap());
    // A file that was there before stays.
    drop(second);
    let third = DirectoryLock::take(directory.path()).unwrap();
    third.remove_new();
    assert!(path.exists());
}
