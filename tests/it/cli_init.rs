//! `jenny init`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;

use crate::process::{Jenny, Running, until};

const DEV: &str = "0baf558e4122a1334c8b23f7b48ba5866c9601c57659eda803c91bf7c5ab6677";
const JENNY: &str = "f0951e80830e50c655a00f321c956a47e7caa7e91ad7044193ae30783acaa8aa";

fn init(dir: &Path) -> Jenny {
    Jenny::new("init").arg("--data-dir", dir)
}

fn password(dir: &Path, text: &str) -> std::path::PathBuf {
    let file = dir.join("password");
    fs::write(&file, text).unwrap();
    file
}

#[test]
fn a_directory_gets_its_chain_and_its_settings() {
    let around = tempfile::tempdir().unwrap();
    for (flags, name, genesis) in [("", "jenny", JENNY), ("--chain dev", "dev", DEV)] {
        let dir = around.path().join(name).join("deep");
        let out = init(&dir).words(flags).done().ok();
        let shown = dir.display();
        assert_eq!(
            out,
            format!(
                "created chain {name} in {shown}, genesis {genesis}\ncreated {shown}/jenny.toml\n"
            )
        );
        let dump = Jenny::new("dump").words("--tip --headers").arg("--data-dir", &dir).done().ok();
        assert!(dump.contains(genesis), "{dump}");
        // Its settings are the defaults, and a node starts with them.
        let command = Jenny::new("run").arg("--data-dir", &dir).words("--api-listen 127.0.0.1:0");
        let node = Running::start(command);
        assert!(node.ready.contains(&format!("chain={name} height=0 tip={genesis}")));
        node.stop();
    }
}

#[test]
fn a_chain_comes_from_a_file() {
    let around = tempfile::tempdir().unwrap();
    let file = around.path().join("own.json");
    let spec = jenny_chain::chain::Spec::dev().canonical_text();
    fs::write(&file, spec.replace("\"dev\"", "\"own\"").replace(',', ",\n  ")).unwrap();
    let dir = around.path().join("data");
    assert!(init(&dir).arg("--chain", &file).done().ok().starts_with("created chain own in "));
    fs::write(&file, "{\"name\":\"own\"}").unwrap();
    let text = init(&around.path().join("b")).arg("--chain", &file).done().failed(2);
    assert!(text.contains("own.json: chain spec: missing field"), "{text}");
}

#[test]
fn a_directory_with_a_chain_is_refused_and_left_alone() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    init(&dir).words("--chain dev").done().ok();
    fs::write(dir.join("jenny.toml"), "# mine\n").unwrap();
    for flags in ["", "--chain dev", "--chain jenny"] {
        let text = init(&dir).words(flags).done().failed(2);
        assert!(text.contains("holds a chain already") && text.contains("hint: "), "{text}");
    }
    assert_eq!(fs::read_to_string(dir.join("jenny.toml")).unwrap(), "# mine\n");
    let node = Running::dev(&dir);
    let text = init(&dir).done().failed(2);
    assert!(text.contains("holds a chain already"), "{text}");
    node.stop();
}

#[test]
fn settings_that_are_there_already_are_kept() {
    let around = tempfile::tempdir().unwrap();
    fs::write(around.path().join("jenny.toml"), "mine.queue = 3\n").unwrap();
    let out = init(around.path()).words("--chain dev").done().ok();
    assert!(out.ends_with(&format!("kept {}/jenny.toml\n", around.path().display())), "{out}");
    assert_eq!(fs::read_to_string(around.path().join("jenny.toml")).unwrap(), "mine.queue = 3\n");
}

#[test]
fn a_user_comes_with_the_directory_or_later_even_while_it_runs() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let file = password(around.path(), "alice's\n");
    let add = |name: &str| init(&dir).arg("--user", name).arg("--password-file", &file);
    add("alice").words("--chain dev").done().ok();
    let users = dir.join("users.toml");
    assert_eq!(fs::metadata(&users).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&users).unwrap();
    assert!(text.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
    assert!(!text.contains("alice's"), "{text}");

    let node = Running::dev(&dir);
    let status = |name: &str, word: &str| {
        let command = Jenny::new("status").arg("--url", &node.url).arg("--user", name);
        command.env("JENNY_PASSWORD", word).done()
    };
    status("alice", "alice's").ok();
    let refused = status("alice", "wrong").failed(1);
    assert!(refused.contains("401") && refused.contains("--password-file"), "{refused}");
    status("jenny", "1234").failed(1);

    let out = add("viewer").words("--role reader").done().ok();
    assert_eq!(out, format!("added a user to {}\n", users.display()));
    node.signal(Signal::HUP);
    until("the users are read again", || node.log().contains("users.toml read, 2 users"));
    status("viewer", "alice's").ok();
    status("alice", "alice's").ok();
    node.stop();
}

#[test]
fn users_that_cannot_be_are_refused_before_anything_is_written() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    let file = password(around.path(), "x");
    let add = |name: &str| init(&dir).arg("--user", name).arg("--password-file", &file);
    assert!(add("a:b").done().failed(2).contains("neither `:`"));
    assert!(add("").done().failed(2).contains("1 to 128 bytes"));
    let text = init(&dir).words("--user a --password-file /nonexistent").done().failed(2);
    assert!(text.contains("the password file /nonexistent cannot be read"), "{text}");
    let text = init(&dir).words("--user alice").done().failed(2);
    assert!(text.contains("--password-file"), "{text}");
    assert!(!dir.exists());
    add("alice").done().ok();
    add("bob").env("JENNY_CHAIN", "jenny").done().ok();
    let text = add("carol").words("--chain dev").done().failed(2);
    assert!(text.contains("holds a chain already"), "{text}");
    let text = add("alice").done().failed(2);
    assert!(text.contains("lists a user `alice` already"), "{text}");
}

#[test]
fn broken_users_survive_a_reload() {
    let around = tempfile::tempdir().unwrap();
    let node = Running::dev(around.path());
    fs::write(around.path().join("users.toml"), "[[user]]\nname = 1\n").unwrap();
    node.signal(Signal::HUP);
    until("the reload fails", || node.log().contains("SIGHUP: the users known stay"));
    assert_eq!(node.get("/").0, 200);
    let ended = node.end(Signal::TERM);
    assert_eq!(ended.code, Some(0));
    // A start is stricter.
    let command = Jenny::new("run").arg("--data-dir", around.path());
    let text = command.words("--api-listen 127.0.0.1:0").done().failed(2);
    assert!(text.contains("users.toml: TOML parse error at line 2"), "{text}");
}
