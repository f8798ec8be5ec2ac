//! What nodes acknowledged while they mined, and where it went.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::{PeerNode, until};

/// Longest until connected nodes agree: some answers come once in 30 s only.
const AGREEMENT: Duration = Duration::from_secs(300);

/// Pause of a miner between two blocks, so that chains stay short enough to be exchanged often.
const PACE: Duration = Duration::from_millis(20);

/// A block that a node acknowledged.
struct Acknowledged {
    miner: usize,
    height: u64,
    hash: String,
}

/// Everything that was acknowledged. Miners are never killed, so that their logs are whole.
#[derive(Default)]
pub(crate) struct Account {
    acknowledged: Mutex<Vec<Acknowledged>>,
}

impl Account {
    /// Has a node mine one block after the other until `stop`.
    pub(crate) fn mine_until(&self, stop: &AtomicBool, miner: usize, node: &PeerNode) {
        for number in 0_u64.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            self.note(miner, &node.mine(&format!("{miner} {number}")));
            std::thread::park_timeout(PACE);
        }
    }

    fn note(&self, miner: usize, block: &str) {
        let block: Value = serde_json::from_str(block).unwrap();
        let hash = block["hash"].as_str().unwrap().to_owned();
        let block = Acknowledged { miner, height: block["height"].as_u64().unwrap(), hash };
        self.acknowledged.lock().unwrap().push(block);
    }

    /// Waits until nodes that can reach each other agree, which they must in the end.
    pub(crate) fn settle(&self, nodes: &[PeerNode]) {
        let started = Instant::now();
        loop {
            let tips: Vec<_> = nodes.iter().map(|node| node.status()["tip"].take()).collect();
            if tips.iter().all(|tip| tip["hash"] == tips[0]["hash"]) {
                return;
            }
            // Between branches of equal work the next block decides.
            if tips.iter().all(|tip| tip["totalWork"] == tips[0]["totalWork"]) {
                self.note(0, &nodes[0].mine("the next block"));
            }
            assert!(started.elapsed() < AGREEMENT, "{}", describe(nodes));
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Every acknowledged block must be on the chain that all have now, or its miner must have
    /// said that it was disconnected. Returns how many were acknowledged, and how many
    /// disconnected.
    pub(crate) fn check(&self, nodes: &[PeerNode]) -> (usize, usize) {
        let (code, chain) = nodes[0].process().get("/chains");
        assert_eq!(code, 200);
        let chain: Vec<Value> = serde_json::from_str(&chain).unwrap();
        let chain: BTreeMap<_, _> =
            chain.iter().map(|block| (block["hash"].as_str().unwrap(), &block["height"])).collect();
        let logs: Vec<_> = nodes.iter().map(|node| node.process().log()).collect();
        let acknowledged = self.acknowledged.lock().unwrap();
        let mut disconnected = 0;
        for block in acknowledged.iter() {
            if chain.get(block.hash.as_str()).is_some_and(|height| **height == block.height) {
                continue;
            }
            let is_named = |line: &str| line.contains("disconnected") && line.contains(&block.hash);
            let Acknowledged { miner, height, hash } = block;
            if !logs[*miner].lines().any(is_named) {
                // The line may still be on its way.
                let word = format!("a word of miner {miner} about block {height} {hash}");
                until(&word, || nodes[*miner].process().log().lines().any(is_named));
            }
            disconnected += 1;
        }
        for (node, log) in nodes.iter().zip(&logs) {
            assert!(!log.contains("panicked"), "{log}");
            // Status tells of the latest reorgs too.
            let status = node.status();
            let recent = status["swaps"]["recent"].as_array().unwrap().len() as u64;
            assert_eq!(recent, status["swaps"]["count"].as_u64().unwrap().min(16));
        }
        (acknowledged.len(), disconnected)
    }
}

fn describe(nodes: &[PeerNode]) -> String {
    let nodes = nodes.iter().map(|node| format!("{}\n{}", node.status(), tail(node)));
    format!("never converged:\n{}", nodes.collect::<Vec<_>>().join("\n"))
}

/// The last lines of a node's log.
pub(crate) fn tail(node: &PeerNode) -> String {
    let log = node.process().log();
    let lines: Vec<_> = log.lines().rev().take(15).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
