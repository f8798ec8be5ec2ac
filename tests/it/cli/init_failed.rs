//! `jenny init` that fails in the midst of its work.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::process::Jenny;

fn names(dir: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_failure_leaves_nothing_and_the_same_command_works_later() {
    for in_the_way in ["db", "chain.json"] {
        let around = tempfile::tempdir().unwrap();
        let (dir, word) = (around.path().join("data"), around.path().join("word"));
        let spec = around.path().join("spec.json");
        fs::create_dir(&dir).unwrap();
        fs::write(&word, "a long enough word").unwrap();
        let obstacle = dir.join(in_the_way);
        if in_the_way == "db" {
            symlink("nowhere", &obstacle).unwrap();
        } else {
            fs::write(&obstacle, "{}").unwrap();
        }
        let init = || {
            let command = Jenny::new("init").words("--new-chain ledger --user ann");
            let command = command.arg("--password-file", &word).arg("--spec-out", &spec);
            command.arg("--data-dir", &dir).done()
        };
        let done = init();
        assert_ne!(done.code, Some(0), "{in_the_way}");
        assert!(done.err.contains(in_the_way), "{}", done.err);
        let left = names(&dir);
        for name in ["users.toml", "users.lock", "jenny.toml"] {
            assert!(!left.contains(name), "{in_the_way}: {left:?}");
        }
        assert!(!spec.exists());
        fs::remove_file(&obstacle).unwrap();
        let out = init().ok();
        assert!(out.contains("created chain ledger") && out.contains("added a user"), "{out}");
        assert!(
            names(&dir).is_superset(&["users.toml".to_owned(), "jenny.toml".to_owned()].into())
        );
    }
}

#[test]
fn users_that_were_there_before_stay() {
    let around = tempfile::tempdir().unwrap();
    let (dir, word) = (around.path().join("data"), around.path().join("word"));
    fs::write(&word, "a long enough word").unwrap();
    let with = |command: Jenny| command.arg("--password-file", &word).arg("--data-dir", &dir);
    with(Jenny::new("user").words("add ann --role operator")).done().ok();
    symlink("nowhere", dir.join("db")).unwrap();
    let before = names(&dir);
    let text = with(Jenny::new("init").words("--user bob")).done().err;
    assert!(text.contains("db"), "{text}");
    let users = Jenny::new("user").words("list").arg("--data-dir", &dir).done().ok();
    assert!(users.contains("ann") && !users.contains("bob"), "{users}");
    let left: BTreeSet<_> = names(&dir).difference(&before).cloned().collect();
    assert!(!left.contains("jenny.toml"), "{left:?}");
}
