//! What a failed `jenny init` takes back, beside other processes.

use super::*;
use crate::api::Role;
use crate::chain::Spec;
use crate::cli::config::CONFIG_FILE;
use crate::cli::init::{create, write_settings};

const HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn user(name: &str) -> User {
    User { name: name.to_owned(), hash: HASH.to_owned(), role: Role::Reader }
}

fn failed() -> Error {
    Failure::no("the disk is full").into()
}

/// A directory that is not there yet, below one that is, and its users.
fn place(name: &str) -> (tempfile::TempDir, PathBuf, UsersFile) {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join(name);
    let users = UsersFile::named(&dir, dir.join("users.toml"));
    (around, dir, users)
}

/// What an init has made that holds its directory, with a user and the settings.
fn made_with_user<'a>(dir: &'a Path, users: &'a UsersFile) -> Made<'a> {
    let mut made = Made::begin(dir, users).unwrap();
    made.hold().unwrap();
    made.add_user(user("ann")).unwrap();
    write_settings(&mut made, &[]).unwrap();
    made
}

#[test]
fn all_that_this_process_made_is_taken_back() {
    let (around, dir, users) = place("a/b");
    let made = made_with_user(&dir, &users);
    drop(made.undo(failed()));
    assert_eq!(fs::read_dir(around.path()).unwrap().count(), 0);
}

#[test]
fn what_another_process_made_meanwhile_stays() {
    let (_around, dir, users) = place("data");
    let mut made = Made::begin(&dir, &users).unwrap();
    fs::create_dir(&dir).unwrap();
    users.add(user("ann")).unwrap();
    fs::write(dir.join(CONFIG_FILE), "").unwrap();
    made.hold().unwrap();
    made.add_user(user("ann")).unwrap_err();
    assert!(write_settings(&mut made, &[]).unwrap().starts_with("kept"));
    drop(made.undo(failed()));
    assert!(dir.join(CONFIG_FILE).exists());
    assert_eq!(users.listed().unwrap().as_slice(), [user("ann")]);
}

#[test]
fn nothing_is_taken_from_a_directory_that_has_a_chain_by_then() {
    let (_around, dir, users) = place("data");
    let made = made_with_user(&dir, &users);
    create(&made, Spec::dev()).unwrap();
    let text = crate::cli::exit::text_of(&made.undo(failed()));
    assert!(text.contains("the disk is full") && text.contains("holds a chain by now"), "{text}");
    assert!(dir.join(CONFIG_FILE).exists());
    assert_eq!(users.listed().unwrap().as_slice(), [user("ann")]);
}

#[test]
fn a_directory_that_another_process_makes_is_left_to_it() {
    let (_around, dir, users) = place("data");
    let (mut first, mut second) =
        (Made::begin(&dir, &users).unwrap(), Made::begin(&dir, &users).unwrap());
    first.hold().unwrap();
    write_settings(&mut first, &[]).unwrap();
    let refused = second.hold().unwrap_err();
    let error = second.undo(refused);
    assert_eq!(code_of(&error), Code::Locked);
    let text = crate::cli::exit::text_of(&error);
    assert!(text.contains("is in use by process") && text.contains("run this again"), "{text}");
    assert!(dir.join(CONFIG_FILE).exists());
    drop(first.undo(failed()));
    assert!(!dir.exists());
}

#[test]
fn a_chain_that_was_made_in_part_keeps_nothing_there() {
    let (_around, dir, users) = place("data");
    let made = made_with_user(&dir, &users);
    fs::create_dir(dir.join("db")).unwrap();
    fs::write(dir.join("db/db"), "cut off").unwrap();
    let text = crate::cli::exit::text_of(&made.undo(failed()));
    assert!(text.contains("the disk is full") && !text.contains("holds a chain"), "{text}");
    assert!(!users.was_made().unwrap() && !dir.join(CONFIG_FILE).exists());
}
