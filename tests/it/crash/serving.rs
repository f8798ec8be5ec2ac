//! A whole node, killed while it starts, mines for many clients, and stops.

use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::rounds::rounds;
use crate::process::{Jenny, Running, block_records, until};

/// Clients that post at the same time, so that a group is applied while another one is synced.
const CLIENTS: usize = 32;

/// One record in so many is too long for its block's own value.
const LONG_EVERY: usize = 16;

#[test]
fn no_acknowledged_record_is_lost_by_a_node_killed_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    let acknowledged = Mutex::new(Vec::new());
    rounds(|round, random| {
        // First, sometimes, a start that does not get far.
        if random.within(0, 3) == 0 {
            kill_a_start(&directory, random.delay(Duration::from_millis(60)));
        }
        let node = Running::dev(directory.path());
        let life = random.delay(Duration::from_millis(400));
        let stops_first = random.within(0, 4) == 0;
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (node, acknowledged) = (&node, &acknowledged);
                scope.spawn(move || {
                    for number in 0.. {
                        let mut record = format!("round {round} client {client} record {number}");
                        if (client + number).is_multiple_of(LONG_EVERY) {
                            record.push_str(&"r".repeat(9_000));
                        }
                        let body = serde_json::json!({ "data": [record] }).to_string();
                        // A node that stops says 503, one that was killed nothing.
                        let Ok((200, _)) = node.post("/mineBlock", &body) else { return };
                        acknowledged.lock().unwrap().push(record);
                    }
                });
            }
            if round == 0 {
                // Whatever the machine's load: it is killed with something to lose.
                until("a record is acknowledged", || !acknowledged.lock().unwrap().is_empty());
            }
            thread::sleep(life);
            if stops_first {
                node.signal(Signal::TERM);
                thread::sleep(random.delay(Duration::from_millis(40)));
            }
            node.kill();
        });
        drop(node);

        let dump = Jenny::new("dump").arg("--data-dir", directory.path()).done().ok();
        let kept = block_records(&dump);
        let mut times: HashMap<&str, u32> = HashMap::new();
        for record in &kept {
            *times.entry(record).or_default() += 1;
        }
        let acknowledged = acknowledged.lock().unwrap();
        for record in acknowledged.iter() {
            assert_eq!(times.get(record.as_str()), Some(&1), "{record}");
        }
        println!("round {round}: {} acknowledged, {} kept", acknowledged.len(), kept.len());
    });
    Jenny::new("verify").arg("--data-dir", directory.path()).done().ok();
    assert!(!acknowledged.into_inner().unwrap().is_empty());
}

fn kill_a_start(directory: &tempfile::TempDir, after: Duration) {
    let mut command = Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0");
    command = command.arg("--data-dir", directory.path());
    let mut child = command.spawn();
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}
