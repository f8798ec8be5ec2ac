//! What survives the end of a process.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Instant;

use jenny_chain::chain::Spec;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};

use crate::process::{Branch, Jenny, PeerNode, Running, block_records, finish, until};

fn dump(dir: &Path) -> String {
    Jenny::new("dump").arg("--data-dir", dir).done().ok()
}

#[test]
fn blocks_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut before = String::new();
    for start in 0..3 {
        let node = Running::dev(dir.path());
        assert!(node.ready.contains(&format!(" height={} ", start * 5)), "{}", node.ready);
        for number in 0..5 {
            node.mine(&[&format!("start {start} record {number}")]);
        }
        node.stop();
        let after = dump(dir.path());
        assert!(after.starts_with(&before) && after.lines().count() == 1 + (start + 1) * 5);
        before = after;
    }
    Jenny::new("verify").arg("--data-dir", dir.path()).done().ok();
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let node = Running::dev(dir.path());
        let mut sent = 0;
        // The signal comes while requests go on: one of them is under way when it ends.
        loop {
            let record = format!("round {round} record {sent}");
            let body = serde_json::json!({ "data": [record] }).to_string();
            match node.post("/mineBlock", &body) {
                Ok((code, text)) => assert_eq!(code, 200, "{text}"),
                Err(_) => break,
            }
            acknowledged.push(record);
            sent += 1;
            if sent == 25 {
                node.signal(Signal::KILL);
            }
        }
        assert!(sent >= 25);
        let ended = node.wait(Instant::now());
        assert_eq!(ended.code, None, "a signal ended it");
    }
    // Of each round at most the one request on its way may be there beyond what was answered.
    let kept = block_records(&dump(dir.path()));
    let extra = |record: &&String| !acknowledged.contains(record);
    assert!(kept.iter().filter(extra).count() <= 4);
    let kept: Vec<_> = kept.iter().filter(|record| acknowledged.contains(record)).collect();
    assert_eq!(kept, acknowledged.iter().collect::<Vec<_>>());
    Jenny::new("verify").arg("--data-dir", dir.path()).done().ok();
}

#[test]
fn a_node_killed_while_it_starts_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..5 {
        let mut command = Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0");
        command = command.arg("--data-dir", dir.path());
        let mut child = command.spawn();
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let node = Running::dev(dir.path());
    node.mine(&["after all"]);
    node.stop();
    assert_eq!(block_records(&dump(dir.path())), ["after all"]);
}

#[test]
fn reorgs_are_on_record_after_a_kill() {
    let trunk = Branch::new(Spec::dev()).grow("trunk", 3, 1_000);
    let (low, high) = (trunk.clone().grow("low", 2, 1_000), trunk.grow("high", 3, 1_000));
    let (mut node, other) = (PeerNode::with(&low), PeerNode::with(&high));
    let old = node.tip();
    assert!(node.dial(&other.url));
    node.until_tip(&other.tip());
    let told = |node: &PeerNode| {
        let (_, text) = node.process().get("/v1/reorgs");
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let before = told(&node);
    let reorg = &before["reorgs"][0];
    assert_eq!((&reorg["number"], &reorg["fork"]), (&1.into(), &3.into()));
    assert_eq!(reorg["displaced"][1]["hash"], old.as_str());
    node.kill_and_restart();
    assert_eq!(told(&node), before);
    assert_eq!(node.reorgs(), 1);
    let (_, block) = node.process().get(&format!("/v1/blocks/5/{old}"));
    let block: serde_json::Value = serde_json::from_str(&block).unwrap();
    assert_eq!(block["displaced"]["time"], reorg["time"]);
}

/// Whether the node says that the run before did not stop in order: in its metrics, and in its log.
fn unclean(node: &Running) -> (bool, bool) {
    let (status, text) = node.get("/metrics");
    assert_eq!(status, 200, "{text}");
    let sample = text.lines().find_map(|line| line.strip_prefix("jenny_unclean_start "));
    let is_unclean = sample.unwrap() == "1";
    if is_unclean {
        node.logs("did not stop in order");
    }
    let is_told = node.log().contains("WARN") && node.log().contains("did not stop in order");
    (is_unclean, is_told)
}

#[test]
fn a_start_after_a_kill_is_told_until_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let node = Running::dev(directory.path());
    assert_eq!(unclean(&node), (false, false), "the first start");
    node.end(Signal::KILL);
    for expected in [true, false] {
        let node = Running::dev(directory.path());
        assert_eq!(unclean(&node), (expected, expected));
        node.stop();
    }
}

fn run(dir: &Path, listen: &str) -> Jenny {
    let command = Jenny::new("run").words("--chain dev --api-listen").words(listen);
    command.arg("--data-dir", dir)
}

#[test]
fn a_kill_before_the_ports_are_bound_is_told_and_a_stop_is_not() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("data");
    Running::dev(&dir).stop();
    let (settings, aside) = (dir.join("db/conf"), around.path().join("conf"));
    for (signal, expected) in [(Signal::KILL, true), (Signal::TERM, false)] {
        // Reading the engine's settings waits for a writer, who never comes.
        fs::rename(&settings, &aside).unwrap();
        mknodat(CWD, &settings, FileType::Fifo, Mode::RUSR, 0).unwrap();
        let child = run(&dir, "127.0.0.1:0").spawn();
        until("the directory is marked", || dir.join("api-address").exists());
        kill_process(Pid::from_child(&child), signal).unwrap();
        let done = finish(child);
        assert_eq!(done.code, (signal == Signal::TERM).then_some(0), "{}", done.err);
        fs::rename(&aside, &settings).unwrap();
        let node = Running::dev(&dir);
        assert_eq!(unclean(&node), (expected, expected));
        node.stop();
    }
}

#[test]
fn a_refused_start_is_no_unclean_one_and_hides_none() {
    let directory = tempfile::tempdir().unwrap();
    let dir = directory.path();
    Running::dev(dir).stop();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let refuse = || {
        assert!(run(dir, &taken).done().failed(1).contains("cannot listen"));
        let peers = run(dir, "127.0.0.1:0").env("JENNY_P2P_LISTEN", &taken);
        assert!(peers.done().failed(1).contains("cannot listen"));
        let other = Jenny::new("run").words("--chain jenny --api-listen 127.0.0.1:0");
        other.arg("--data-dir", dir).done().failed(2);
    };
    refuse();
    assert!(!dir.join("api-address").exists());
    let node = Running::dev(dir);
    assert_eq!(unclean(&node), (false, false));
    run(dir, "127.0.0.1:0").done().failed(3);
    node.end(Signal::KILL);
    refuse();
    let node = Running::dev(dir);
    assert_eq!(unclean(&node), (true, true));
    node.stop();
}
