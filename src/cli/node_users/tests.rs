//! Tests of the user of the environment.

use super::*;
use crate::cli::exit::text_of;

const WORD: &str = "a long password";

fn file_of(dir: &Path) -> UsersFile {
    UsersFile::named(dir, dir.join("users.toml"))
}

fn of(dir: &Path, name: Option<&str>, path: Option<&Path>) -> Result<NodeUsers> {
    NodeUsers::of(file_of(dir), &|variable| match variable {
        USER_VARIABLE => name.map(OsString::from),
        PASSWORD_VARIABLE => path.map(OsString::from),
        other => panic!("{other}"),
    })
}

fn names(users: &NodeUsers) -> Vec<(String, Role)> {
    let users = users.read().unwrap();
    users.as_slice().iter().map(|user| (user.name.clone(), user.role)).collect()
}

#[test]
fn the_environment_names_an_operator_who_is_in_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, format!("{WORD}\n")).unwrap();
    let users = of(dir.path(), Some("ann"), Some(&secret)).unwrap();
    assert_eq!(names(&users), [("ann".to_owned(), Role::Operator)]);
    assert!(!dir.path().join("users.toml").exists());
    // Read once.
    std::fs::remove_file(&secret).unwrap();
    assert_eq!(names(&users).len(), 1);
    for (name, path) in [(None, None), (Some("ann"), None), (None, Some(secret.as_path()))] {
        assert_eq!(names(&of(dir.path(), name, path).unwrap()), []);
    }
}

#[test]
fn an_entry_of_the_file_counts_more_than_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let file = file_of(dir.path());
    for name in ["ann", "bob"] {
        file.add(password::user(name, WORD, Role::Reader).unwrap()).unwrap();
    }
    // The secret is not even read.
    let users = of(dir.path(), Some("ann"), Some(Path::new("/nonexistent"))).unwrap();
    let both = [("ann".to_owned(), Role::Reader), ("bob".to_owned(), Role::Reader)];
    assert_eq!(names(&users), both);
    // An entry that comes later counts as well.
    let secret = dir.path().join("secret");
    std::fs::write(&secret, WORD).unwrap();
    let users = of(dir.path(), Some("eve"), Some(&secret)).unwrap();
    assert_eq!(names(&users).last().unwrap(), &("eve".to_owned(), Role::Operator));
    file.add(password::user("eve", WORD, Role::Monitor).unwrap()).unwrap();
    assert_eq!(names(&users).last().unwrap(), &("eve".to_owned(), Role::Monitor));
}

#[test]
fn a_lost_file_is_made_up_for_by_the_environment_alone() {
    let dir = tempfile::tempdir().unwrap();
    file_of(dir.path()).note_made().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, WORD).unwrap();
    assert!(of(dir.path(), None, None).unwrap().read().is_err());
    assert_eq!(names(&of(dir.path(), Some("ann"), Some(&secret)).unwrap()).len(), 1);
}

#[test]
fn a_secret_that_is_no_password_is_refused_and_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "hunter2").unwrap();
    let text = text_of(&of(dir.path(), Some("ann"), Some(&secret)).unwrap_err());
    assert!(text.contains("JENNY_PASSWORD_FILE") && text.contains("at least 12"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let text = text_of(&of(dir.path(), Some("a:b"), Some(&secret)).unwrap_err());
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_change_that_does_not_end_is_told_once() {
    let (mut stuck, begin) = (StuckChange::default(), Instant::now());
    let change = || Some((Duration::from_secs(10), "process 7 (jenny)".to_owned()));
    let mut after = |seconds| stuck.note(change(), begin + Duration::from_secs(seconds));
    assert_eq!((after(0), after(9)), (None, None));
    let text = after(10).unwrap();
    assert!(text.starts_with("process 7 (jenny) holds users.lock") && text.contains("end it"));
    assert_eq!(after(60), None);
    assert_eq!(StuckChange::default().note(None, begin), None, "it has just ended");
}
