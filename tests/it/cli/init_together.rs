//! Several `jenny init` at once, one beside a node that starts, and one that was killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::crash::rounds;
use crate::process::{Jenny, Running, finish};

const CHAIN: &str = "chain = \"dev\"";

/// A directory to be, and a password.
struct Scene {
    around: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let around = tempfile::tempdir().unwrap();
        fs::write(around.path().join("word"), "a long enough word").unwrap();
        Self { around }
    }

    fn dir(&self) -> PathBuf {
        self.around.path().join("data")
    }

    fn init(&self, words: &str) -> Jenny {
        let command = Jenny::new("init").words(words).arg("--data-dir", self.dir());
        if words.contains("--user") {
            return command.arg("--password-file", self.around.path().join("word"));
        }
        command
    }

    fn users(&self) -> Vec<String> {
        let text = fs::read_to_string(self.dir().join("users.toml")).unwrap_or_default();
        let names = text.lines().filter_map(|line| line.strip_prefix("name = "));
        let mut names: Vec<_> = names.map(|name| name.trim_matches('"').to_owned()).collect();
        names.sort_unstable();
        names
    }

    /// The directory has a chain, and settings that name it.
    fn is_whole(&self, chain: &str) {
        let settings = fs::read_to_string(self.dir().join("jenny.toml")).unwrap();
        assert!(settings.contains(&format!("\nchain = \"{chain}\"\n")), "{settings}");
        let dump = Jenny::new("dump").words("--height 0").arg("--data-dir", self.dir());
        assert_eq!(dump.done().ok().lines().count(), 1);
    }
}

fn leftovers(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(".part")).collect()
}

#[test]
fn of_many_at_once_each_does_all_or_nothing() {
    for _ in 0..6 {
        let scene = Scene::new();
        let nowhere = scene.around.path().join("nowhere/spec.json");
        let mut calls: Vec<_> = ["ann", "bob", "eve"]
            .map(|name| (Some(name), scene.init(&format!("--chain dev --user {name}"))))
            .into();
        calls.push((None, scene.init("--chain dev")));
        // It fails when it holds the directory, and takes back what it made.
        calls.insert(1, (None, scene.init("--new-chain x").arg("--spec-out", nowhere)));
        let running: Vec<_> = calls.iter_mut().map(|(name, it)| (*name, it.spawn())).collect();
        let mut added = Vec::new();
        let mut is_made = false;
        for (name, child) in running {
            let done = finish(child);
            match done.code {
                Some(0) => {
                    is_made = true;
                    added.extend(name);
                }
                Some(3) => assert!(done.err.contains("hint: "), "{}", done.err),
                Some(2) => assert!(
                    done.err.contains("already holds a chain")
                        || done.err.contains("create the directory first"),
                    "{}",
                    done.err
                ),
                code => panic!("{code:?}: {}", done.err),
            }
        }
        if !is_made {
            scene.init("--chain dev").done().ok();
        }
        scene.is_whole("dev");
        assert_eq!(scene.users(), added);
        assert_eq!(leftovers(&scene.dir()), [""; 0]);
    }
}

#[test]
fn beside_a_node_that_starts_a_directory_has_one_chain() {
    for round in 0..4 {
        let scene = Scene::new();
        let mut init = scene.init("--chain dev --user ann").spawn();
        let run = Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0 --create");
        let run = run.arg("--data-dir", scene.dir());
        // Sometimes the one is ahead, sometimes the other.
        if round % 2 == 0 {
            init.wait().unwrap();
        }
        let node = Running::try_start(run);
        let done = finish(init);
        match &node {
            Ok(_) => {}
            Err(ended) => assert_eq!(ended.code, Some(3), "{}", ended.err),
        }
        let users: &[&str] = if done.code == Some(0) { &["ann"] } else { &[] };
        assert!(matches!(done.code, Some(0 | 3)), "{}", done.err);
        assert_eq!(scene.users(), users);
        assert!(node.is_ok() || done.code == Some(0), "nobody made a chain");
        if let Ok(node) = node {
            node.stop();
        }
        let dump = Jenny::new("dump").words("--height 0").arg("--data-dir", scene.dir());
        assert_eq!(dump.done().ok().lines().count(), 1);
    }
}

/// Does what the hints say until the chain is there.
fn complete(scene: &Scene) {
    let spec = scene.dir().join("chain.json");
    let (mut words, mut told) = ("--new-chain ledger --user ann".to_owned(), String::new());
    for _ in 0..4 {
        let done = scene.init(&words).done();
        if done.code == Some(0) {
            return;
        }
        told = done.err;
        assert_eq!(done.code, Some(2), "{told}");
        if told.contains("already holds a chain") {
            return;
        }
        if told.contains("without --user") {
            words = words.replace(" --user ann", "");
        } else if told.contains("leave --chain and --new-chain out") {
            words = words.replace("--new-chain ledger", "");
        } else {
            let hint = format!("`jenny init --chain {}`", spec.display());
            assert!(told.contains(&hint), "{told}");
            words = words.replace("--new-chain ledger", &format!("--chain {}", spec.display()));
        }
    }
    panic!("the hints lead nowhere: {told}");
}

#[test]
fn a_killed_one_is_completed_as_the_errors_say() {
    let scene = Scene::new();
    let started = Instant::now();
    scene.init("--new-chain ledger --user ann").done().ok();
    let whole = started.elapsed();
    rounds(|_, random| {
        let scene = Scene::new();
        let mut child = scene.init("--new-chain ledger --user ann").spawn();
        std::thread::sleep(random.delay(whole + Duration::from_millis(1)));
        child.kill().unwrap();
        child.wait().unwrap();
        complete(&scene);
        scene.is_whole("chain.json");
        assert_eq!(scene.users(), ["ann"]);
    });
}

#[test]
fn every_state_that_a_kill_leaves_can_be_completed() {
    for absent in [&["db"][..], &["db", "jenny.toml"], &["db", "jenny.toml", "chain.json"]] {
        let scene = Scene::new();
        scene.init("--new-chain ledger --user ann").done().ok();
        for name in ["durable-tip", "schema", "LOCK"].iter().chain(absent) {
            let path = scene.dir().join(name);
            drop(if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) });
        }
        complete(&scene);
        scene.is_whole("chain.json");
        assert_eq!(scene.users(), ["ann"]);
    }
}

#[test]
fn a_running_node_gets_users_and_no_settings_that_lack_its_chain() {
    let scene = Scene::new();
    let node = Running::dev(&scene.dir());
    let text = scene.init("").done().failed(3);
    assert!(text.contains("is in use by process") && text.contains("stop that process"), "{text}");
    scene.init("--user ann").done().ok();
    assert!(!scene.dir().join("jenny.toml").exists());
    node.stop();
    scene.init("").done().ok();
    let settings = fs::read_to_string(scene.dir().join("jenny.toml")).unwrap();
    assert!(settings.contains(CHAIN), "{settings}");
}
