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

#[test]
fn all_that_this_process_made_is_taken_back() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("a/b");
    let users = UsersFile::named(&dir, dir.join("users.toml"));
    let mut made = Made::begin(&dir, &users).unwrap();
    made.create_directory().unwrap();
    made.add_user(user("ann")).unwrap();
    write_settings(&mut made, &[]).unwrap();
    drop(made.undo(failed(), false));
    assert_eq!(fs::read_dir(around.path()).unwrap().count(), 0);
}

#[test]
fn what_another_process_made_meanwhile_stays() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let users = UsersFile::named(&dir, dir.join("users.toml"));
    let mut made = Made::begin(&dir, &users).unwrap();
    fs::create_dir(&dir).unwrap();
    users.add(user("ann")).unwrap();
    fs::write(dir.join(CONFIG_FILE), "").unwrap();
    made.create_directory().unwrap();
    made.add_user(user("ann")).unwrap_err();
    assert!(write_settings(&mut made, &[]).unwrap().starts_with("kept"));
    drop(made.undo(failed(), false));
    assert!(dir.join(CONFIG_FILE).exists());
    assert_eq!(users.listed().unwrap().as_slice(), [user("ann")]);
}

#[test]
fn nothing_is_taken_from_a_directory_that_has_a_chain_by_then() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let users = UsersFile::named(&dir, dir.join("users.toml"));
    let mut made = Made::begin(&dir, &users).unwrap();
    made.create_directory().unwrap();
    made.add_user(user("ann")).unwrap();
    write_settings(&mut made, &[]).unwrap();
    create(&dir, Spec::dev()).unwrap();
    let text = crate::cli::exit::text_of(&made.undo(failed(), false));
    assert!(text.contains("the disk is full") && text.contains("holds a chain by now"), "{text}");
    assert!(dir.join(CONFIG_FILE).exists());
    assert_eq!(users.listed().unwrap().as_slice(), [user("ann")]);
}
