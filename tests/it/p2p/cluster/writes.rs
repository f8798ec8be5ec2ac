//! Two linked nodes that both take writes, by `/v1/records` and by `/mineBlock`: every text is on
//! the one chain that is left.
//!
//! A second of writes by default; `JENNY_TEST_WRITES=400` runs the long form, which also asserts
//! how fast the nodes agree.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jenny_chain::chain::Spec;
use serde_json::{Value, json};

use crate::process::{Branch, PeerNode, Settings, until};

/// Records that each node is sent each way, without the variable.
const SOME: usize = 60;

/// From one record to the next.
const PACE: Duration = Duration::from_millis(20);

/// Longest until both nodes have one tip and say so, in the long form.
const AGREEMENT: Duration = Duration::from_secs(10);

/// Where a record is sent, and the status that takes it.
const WAYS: [(&str, u16); 2] = [("/v1/records", 202), ("/mineBlock", 200)];

fn write(node: &PeerNode, (path, taken): (&str, u16), label: &str, count: usize) {
    for number in 0..count {
        let body = json!({ "data": [format!("{path} {label} {number}")] }).to_string();
        let (code, text) = node.process().post(path, &body).unwrap();
        assert_eq!(code, taken, "{text}");
        std::thread::park_timeout(PACE);
    }
}

fn is_current(status: &Value) -> bool {
    status["sync"]["state"] == "current"
}

#[test]
fn every_text_that_two_nodes_took_at_once_is_on_the_one_chain() {
    let asked = std::env::var("JENNY_TEST_WRITES").ok().map(|text| text.parse().unwrap());
    let count: usize = asked.unwrap_or(SOME);
    let start = || {
        let settings = Settings { mines_pool: true, ..Settings::default() };
        PeerNode::set_up(&Branch::new(Spec::dev()), settings)
    };
    let nodes = [start(), start()];
    assert!(nodes[0].dial(&nodes[1].url));
    std::thread::scope(|scope| {
        for (label, node) in nodes.iter().enumerate() {
            for way in WAYS {
                scope.spawn(move || write(node, way, &label.to_string(), count));
            }
        }
    });
    let written = Instant::now();
    let mut agreed = None;
    until("both have one tip, say so, and nothing is pending", || {
        let [one, other] = [0, 1].map(|index| nodes[index].status());
        let agree = one["tip"] == other["tip"] && is_current(&one) && is_current(&other);
        if agree {
            agreed.get_or_insert_with(|| written.elapsed());
        }
        agree && one["pool"]["records"] == 0 && other["pool"]["records"] == 0
    });
    let settled = written.elapsed();

    let (code, chain) = nodes[0].process().get("/chains");
    assert_eq!(code, 200);
    let chain: Vec<Value> = serde_json::from_str(&chain).unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for record in chain.iter().skip(1).flat_map(|block| block["data"].as_array().unwrap()) {
        *counts.entry(record.as_str().unwrap()).or_default() += 1;
    }
    for label in 0..nodes.len() {
        for (path, _) in WAYS {
            for number in 0..count {
                let text = format!("{path} {label} {number}");
                assert_eq!(counts.remove(text.as_str()), Some(1), "{text}");
            }
        }
    }
    assert!(counts.is_empty(), "nobody sent {counts:?}");
    let reorgs = [0, 1].map(|index| nodes[index].reorgs());
    println!(
        "{count} records each way on each node: one tip after {agreed:?}, nothing pending after {settled:?}; {} blocks, {reorgs:?} reorgs",
        chain.len() - 1
    );
    if asked.is_some() {
        assert!(settled < AGREEMENT, "{settled:?}");
    }
    for node in nodes {
        node.stop_and_verify();
    }
}
