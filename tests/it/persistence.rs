//! What survives the end of a process.

use std::time::Instant;

use rustix::process::Signal;

use crate::process::{Jenny, Running, block_records};

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
