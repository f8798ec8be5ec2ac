//! Tests of chains by name and of the users' file.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::cli::exit::text_of;

fn user(name: &str) -> User {
    let hash = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    User { name: name.to_owned(), hash: hash.to_owned(), role: api::Role::Reader }
}

#[test]
fn a_chain_is_built_in_or_a_file() {
    assert_eq!(chain("jenny").unwrap(), Spec::jenny());
    assert_eq!(chain("dev").unwrap(), Spec::dev());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("own.json");
    let own = Spec::dev().canonical_text().replace("\"dev\"", " \"own\"");
    std::fs::write(&file, own).unwrap();
    assert_eq!(chain(file.to_str().unwrap()).unwrap().name(), "own");
}

#[test]
fn a_chain_that_is_none_says_what_is_wrong() {
    let text = text_of(&chain("dve").unwrap_err());
    assert!(text.contains("takes `jenny`, `dev` or the name of a file"), "{text}");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("own.json");
    std::fs::write(&file, "{}").unwrap();
    let text = text_of(&chain(file.to_str().unwrap()).unwrap_err());
    assert!(text.contains("own.json: chain spec: "), "{text}");
}

#[test]
fn users_are_added_one_by_one_to_a_private_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("users.toml");
    for name in ["alice", "bob"] {
        write_users(&file, &with_user(&file, user(name)).unwrap()).unwrap();
    }
    let users = read_users(&file).unwrap();
    let names: Vec<_> = users.as_slice().iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["alice", "bob"]);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file is left");
}

#[test]
fn a_name_is_there_once_and_has_no_colon() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("users.toml");
    write_users(&file, &with_user(&file, user("alice")).unwrap()).unwrap();
    let text = text_of(&with_user(&file, user("alice")).unwrap_err());
    assert!(text.contains("lists a user `alice` already"), "{text}");
    let text = text_of(&with_user(&file, user("a:b")).unwrap_err());
    assert!(text.contains("neither `:`"), "{text}");
}
