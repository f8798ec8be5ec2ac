//! A process that holds the lock of the users' file and does not let go.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::process::{Jenny, Running, finish, until};

fn run(dir: &Path) -> Jenny {
    Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0").arg("--data-dir", dir)
}

/// A directory with a user, and the lock.
fn scene(around: &Path) -> (PathBuf, File) {
    let (dir, word) = (around.join("data"), around.join("word"));
    fs::write(&word, "a long enough word").unwrap();
    let add = Jenny::new("user").words("add ann --role operator").arg("--data-dir", &dir);
    add.arg("--password-file", &word).done().ok();
    let lock = OpenOptions::new().read(true).write(true).open(dir.join("users.lock")).unwrap();
    (dir, lock)
}

#[test]
fn a_start_names_the_holder_serves_nothing_meanwhile_and_stops_at_once() {
    let around = tempfile::tempdir().unwrap();
    let (dir, lock) = scene(around.path());
    lock.lock().unwrap();
    let log = around.path().join("log");
    let mut command = run(&dir);
    command.0.stderr(File::create(&log).unwrap());
    let child = command.spawn();
    let holder = format!("which process {} (", std::process::id());
    until("the holder is named", || fs::read_to_string(&log).unwrap().contains(&holder));
    assert!(!dir.join("db").exists() && !dir.join("api-address").exists());
    let asked = Instant::now();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let done = finish(child);
    println!("it stopped after {:?}", asked.elapsed());
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""));
    lock.unlock().unwrap();
    Running::start(run(&dir)).stop();
}

#[test]
fn a_running_node_serves_and_stops_while_its_users_cannot_be_read_again() {
    let around = tempfile::tempdir().unwrap();
    let (dir, lock) = scene(around.path());
    let mut node = Running::start(run(&dir));
    node.sign_in("ann:a long enough word");
    lock.lock().unwrap();
    node.signal(Signal::HUP);
    until("the reload waits", || node.log().contains("waiting for "));
    assert_eq!((node.get("/v1/status").0, node.get("/readyz").0), (200, 200));
    let ended = node.end(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}
