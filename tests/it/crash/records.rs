//! A whole node, killed while clients send records to its pool and mine others: each record that
//! was acknowledged is pending or on the main chain.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use jenny_chain::chain::leaf_hash;
use serde_json::{Value, json};

use super::rounds::rounds;
use crate::process::{Jenny, Running, block_records, until};

/// Clients that send records, and clients that mine what was sent or something new.
const CLIENTS: usize = 6;

#[test]
fn an_acknowledged_record_is_pending_or_in_a_block_whenever_the_node_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let acknowledged: Mutex<BTreeSet<String>> = Mutex::default();
    rounds(|round, random| {
        let node = Running::dev(directory.path());
        let life = random.delay(Duration::from_millis(400));
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (node, acknowledged) = (&node, &acknowledged);
                scope.spawn(move || send(node, acknowledged, &format!("{round} {client}")));
                scope.spawn(move || mine(node, acknowledged, &format!("{round} {client}")));
            }
            if round == 0 {
                // Whatever the machine's load: it is killed with something to lose.
                until("a record is acknowledged", || !acknowledged.lock().unwrap().is_empty());
            }
            thread::sleep(life);
            node.kill();
        });
        drop(node);

        let node = Running::dev(directory.path());
        let pending = node.pending();
        let distinct: BTreeSet<_> = pending.iter().collect();
        assert_eq!(distinct.len(), pending.len(), "none is pending twice");
        let acknowledged = acknowledged.lock().unwrap();
        // A few through their ids, which the index finds.
        for record in acknowledged.iter().rev().take(20) {
            let (status, _) = node.get(&format!("/v1/records/{}", leaf_hash(record.as_bytes())));
            assert_eq!(status, 200, "{record}");
        }
        node.kill();
        drop(node);
        let dump = Jenny::new("dump").arg("--data-dir", directory.path()).done().ok();
        let kept: BTreeSet<_> = block_records(&dump).into_iter().collect();
        for record in acknowledged.iter() {
            assert!(kept.contains(record) || distinct.contains(record), "{record} is lost");
        }
        let count = acknowledged.len();
        println!("round {round}: {count} acknowledged, {} pending", pending.len());
    });
    assert!(!acknowledged.into_inner().unwrap().is_empty());
}

#[test]
fn what_was_pending_when_the_node_was_killed_is_mined_after_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let node = Running::idle(directory.path());
    let records: Vec<_> = (0..50).map(|number| format!("record {number}")).collect();
    let body = json!({ "data": records }).to_string();
    assert_eq!(node.post("/v1/records", &body).unwrap().0, 202);
    node.logs("pending records are not mined");
    node.kill();
    drop(node);

    let node = Running::dev(directory.path());
    for record in &records {
        let path = format!("/v1/records/{}?wait=60", leaf_hash(record.as_bytes()));
        let (status, text) = node.get(&path);
        let found: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &found["state"]), (200, &"included".into()), "{text}");
    }
    node.kill();
    drop(node);
    let dump = Jenny::new("dump").arg("--data-dir", directory.path()).done().ok();
    assert_eq!(block_records(&dump), records, "each once and in order");
}

fn send(node: &Running, acknowledged: &Mutex<BTreeSet<String>>, label: &str) {
    for number in 0.. {
        let records: Vec<_> = (0..3).map(|part| format!("sent {label} {number} {part}")).collect();
        let body = json!({ "data": records }).to_string();
        let Ok((202, _)) = node.post("/v1/records", &body) else { return };
        acknowledged.lock().unwrap().extend(records);
    }
}

/// Mines one of three records that another client sends, and one of its own.
fn mine(node: &Running, acknowledged: &Mutex<BTreeSet<String>>, label: &str) {
    for number in 0.. {
        let records = [format!("sent {label} {number} 1"), format!("mined {label} {number}")];
        let body = json!({ "data": records }).to_string();
        let Ok((200, _)) = node.post("/mineBlock", &body) else { return };
        acknowledged.lock().unwrap().extend(records);
    }
}
