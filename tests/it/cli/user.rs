//! `jenny user`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::process::{Done, Jenny, Running, finish, until};

const WORD: &str = "a long password";

/// A data directory, and a file with a password beside it.
struct Place {
    around: tempfile::TempDir,
    dir: PathBuf,
    word: PathBuf,
}

impl Place {
    fn new() -> Self {
        let around = tempfile::tempdir().unwrap();
        let (dir, word) = (around.path().join("data"), around.path().join("word"));
        fs::write(&word, format!("{WORD}\n")).unwrap();
        Self { around, dir, word }
    }

    fn user(&self, words: &str) -> Jenny {
        Jenny::new("user").words(words).arg("--data-dir", &self.dir)
    }

    fn add(&self, words: &str) -> Done {
        self.user(&format!("add {words}")).arg("--password-file", &self.word).done()
    }

    fn list(&self) -> String {
        self.user("list").done().ok()
    }
}

fn status(node: &Running, name: &str, word: &Path) -> Done {
    let command = Jenny::new("status").arg("--url", &node.url).arg("--user", name);
    command.arg("--password-file", word).done()
}

#[test]
fn users_are_added_listed_changed_and_removed() {
    let place = Place::new();
    let out = place.add("alice").ok();
    let users = place.dir.join("users.toml");
    let said = "jenny with the password 1234 is disabled from now on\n\
                a running node applies this within 2 seconds\n";
    let file = users.display();
    assert_eq!(out, format!("added user `alice` with the role operator to {file}\n{said}"));
    assert_eq!(fs::metadata(&users).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(place.dir.join("users.lock").exists());
    let text = place.add("app").failed(2);
    assert!(text.contains("what may user `app` do?") && text.contains("--role"), "{text}");
    place.add("app --role writer").ok();
    assert_eq!(place.list(), "operator  alice\nwriter    app\n");
    let json = place.user("list --json").done().ok();
    assert_eq!(
        json,
        "{\"name\":\"alice\",\"role\":\"operator\"}\n{\"name\":\"app\",\"role\":\"writer\"}\n"
    );
    place.user("role app reader").done().ok();
    let before = fs::read_to_string(&users).unwrap();
    place.user("passwd app").arg("--password-file", &place.word).done().ok();
    assert_ne!(fs::read_to_string(&users).unwrap(), before, "a new salt");
    place.user("remove app").done().ok();
    assert_eq!(place.list(), "operator  alice\n");
}

#[test]
fn a_change_that_cannot_be_says_why_and_changes_nothing() {
    let place = Place::new();
    assert!(place.list().ends_with("users.toml lists no user\n"));
    let text = place.user("remove alice").done().failed(2);
    assert!(text.contains("lists no user") && text.contains("jenny user add NAME"), "{text}");
    assert!(!place.dir.exists(), "the default user still counts");
    place.add("alice").ok();
    place.add("bob --role reader").ok();
    for (words, why) in [
        ("remove alice", "`alice` is the last operator"),
        ("role alice writer", "`alice` is the last operator"),
        ("add a:b --role reader", "neither `:` nor"),
    ] {
        let text = place.user(words).done().failed(2);
        assert!(text.contains(why), "{text}");
        assert!(!words.contains("alice") || text.contains("hint: "), "{text}");
    }
    assert!(place.add("bob --role reader").failed(2).contains("already lists a user `bob`"));
    for words in ["remove eve", "role eve reader", "passwd eve"] {
        let text = place.user(words).done().failed(1);
        assert!(text.contains("lists no user `eve`"), "{text}");
    }
    let text = place.user("passwd bob").done().failed(2);
    assert!(text.contains("no password for user `bob`") && text.contains("--password-file"));
    assert_eq!(place.list(), "operator  alice\nreader    bob\n");
    place.user("role bob operator").done().ok();
    place.user("remove alice").done().ok();
    let text = place.user("remove bob").done().failed(2);
    assert!(text.contains("`bob` is the only user"), "{text}");
}

#[test]
fn a_password_comes_from_standard_input() {
    let place = Place::new();
    for (word, code) in [(WORD, 0), ("short", 2), ("", 2), ("two\nlines of text", 2)] {
        let name = format!("user{code}");
        let mut command = place.user(&format!("add {name} --role operator --password-file -"));
        command.0.stdin(Stdio::piped());
        let mut child = command.spawn();
        child.stdin.take().unwrap().write_all(format!("{word}\n").as_bytes()).unwrap();
        let done = finish(child);
        assert_eq!(done.code, Some(code), "{}", done.err);
        assert!(code == 0 || done.err.contains("standard input"), "{}", done.err);
    }
    assert_eq!(place.list(), "operator  user0\n");
}

#[test]
fn a_running_node_applies_a_change_by_itself() {
    let place = Place::new();
    let node = Running::dev(&place.dir);
    // By the log: wrong passwords while the node does not know of a change would be throttled.
    let loaded = |users: usize, times: usize| {
        let line = format!("loaded, users: {users}");
        until(&line, || node.log().matches(&line).count() >= times);
    };
    place.add("alice").ok();
    loaded(1, 1);
    status(&node, "alice", &place.word).ok();
    assert_eq!(node.get("/").0, 401);
    place.add("bob --role reader").ok();
    loaded(2, 1);
    status(&node, "bob", &place.word).ok();
    let other = place.around.path().join("other");
    fs::write(&other, "another password").unwrap();
    place.user("passwd bob").arg("--password-file", &other).done().ok();
    loaded(2, 2);
    status(&node, "bob", &other).ok();
    status(&node, "bob", &place.word).failed(1);
    assert!(!node.log().contains("ERROR"), "{}", node.log());
    node.stop();
}

#[test]
fn a_removed_user_loses_an_open_stream() {
    let place = Place::new();
    place.add("alice").ok();
    place.add("bob --role reader").ok();
    let node = Running::dev(&place.dir);
    let genesis = format!("0-{}-0", node.ready.trim_end().rsplit("tip=").next().unwrap());
    let follow = |name: &str| {
        let command = Jenny::new("events").words("--follow").arg("--url", &node.url);
        let command = command.arg("--after", &genesis);
        command.arg("--user", name).arg("--password-file", &place.word).spawn()
    };
    let add = |record: &str| {
        let command = Jenny::new("record").words("add").words(record).arg("--url", &node.url);
        command.arg("--user", "alice").arg("--password-file", &place.word).done().ok();
    };
    let (mut kept, mut removed) = (follow("alice"), follow("bob"));
    let mut lines = [&mut kept, &mut removed]
        .map(|child| BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap));
    add("first");
    // Both streams are open.
    for lines in &mut lines {
        assert!(lines.any(|line| line.contains("record.included")));
    }
    place.user("remove bob").done().ok();
    let done = finish(removed);
    assert_eq!(done.code, Some(1), "{}", done.err);
    assert!(done.err.contains("responded with 401"), "{}", done.err);
    add("second");
    assert!(lines[0].any(|line| line.contains("record.included")));
    kept.kill().unwrap();
    kept.wait().unwrap();
    node.stop();
}

#[test]
fn a_setting_names_the_users_file() {
    let place = Place::new();
    let secret = place.around.path().join("secret.toml");
    let text = Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0");
    let run = |command: Jenny| command.arg("--data-dir", &place.dir);
    let text = run(text).env("JENNY_USERS_FILE", &secret).done().failed(2);
    assert!(text.contains("secret.toml, which `api.users_file` names, does not exist"), "{text}");
    let add = place.user("add alice").arg("--password-file", &place.word);
    add.env("JENNY_USERS_FILE", &secret).done().ok();
    assert!(fs::read_to_string(&secret).unwrap().contains("alice"));
    assert!(!place.dir.join("users.toml").exists());
    fs::write(place.dir.join("jenny.toml"), "[api]\nusers_file = \"../secret.toml\"\n").unwrap();
    let command = Jenny::new("run").words("--chain dev --create --api-listen 127.0.0.1:0");
    let node = Running::start(run(command));
    status(&node, "alice", &place.word).ok();
    // The settings file names it for this command as well.
    place.add("bob --role reader").ok();
    until("the second user is known", || status(&node, "bob", &place.word).code == Some(0));
    node.stop();
}

#[test]
fn the_environment_names_a_user_of_the_node() {
    let place = Place::new();
    let run = || {
        let command = Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0");
        command.arg("--data-dir", &place.dir)
    };
    let command = run().env("JENNY_USER", "alice").env("JENNY_PASSWORD_FILE", &place.word);
    let node = Running::start(command);
    status(&node, "alice", &place.word).ok();
    assert_eq!(node.get("/").0, 401, "no default user");
    assert!(!node.log().contains(WORD), "{}", node.log());
    // Users of the file come beside it, and the user of the environment stays.
    place.add("bob --role reader").ok();
    until("the second user is known", || status(&node, "bob", &place.word).code == Some(0));
    status(&node, "alice", &place.word).ok();
    node.stop();
    place.user("role bob operator").done().ok();
    let node = Running::start(run());
    status(&node, "alice", &place.word).failed(1);
    node.stop();
    fs::write(&place.word, "short").unwrap();
    let command = run().env("JENNY_USER", "alice").env("JENNY_PASSWORD_FILE", &place.word);
    let text = command.done().failed(2);
    assert!(text.contains("JENNY_PASSWORD_FILE") && text.contains("at least 12"), "{text}");
}
