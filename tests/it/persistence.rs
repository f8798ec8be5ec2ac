//! What survives the end of a process.

use std::time::Instant;

use jenny_chain::chain::Spec;
use rustix::process::Signal;

use crate::process::{Branch, Jenny, PeerNode, Running, block_records};

fn dump(dir: &std::path::Path) -> String {
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

#[test]
fn a_start_after_a_kill_is_told_until_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let unclean = |node: &Running| {
        let (status, text) = node.get("/metrics");
        assert_eq!(status, 200, "{text}");
        let sample = text.lines().find_map(|line| line.strip_prefix("jenny_unclean_start "));
        (
            sample.unwrap() == "1",
            node.log().contains("WARN") && node.log().contains("did not stop in order"),
        )
    };
    let node = Running::dev(directory.path());
    assert_eq!(unclean(&node), (false, false), "the first start");
    node.end(Signal::KILL);
    for expected in [true, false] {
        let node = Running::dev(directory.path());
        assert_eq!(unclean(&node), (expected, expected));
        node.stop();
    }
}
