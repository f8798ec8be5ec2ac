//! Three nodes in a ring of cables, what two of them acknowledged, and where it went.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jenny_chain::chain::Spec;
use serde_json::Value;

use crate::crash::Random;
use crate::proxy::Cable;
use crate::seed::{Branch, PeerNode};

/// Longest until three connected nodes agree: some answers come once in 30 s only.
const AGREEMENT: Duration = Duration::from_secs(90);

/// Pause of a miner between two blocks, so that chains stay short enough to be exchanged often.
const PACE: Duration = Duration::from_millis(20);

/// How many of the nodes mine. The others are killed, so that what the miners log is whole.
const MINERS: usize = 2;

/// A block that a node acknowledged.
struct Acknowledged {
    miner: usize,
    height: u64,
    hash: String,
}

pub(super) struct Trio {
    nodes: Vec<PeerNode>,
    /// Cable i leads from node i to node i + 1, and the last one back to the first.
    cables: Vec<Cable>,
    acknowledged: Vec<Acknowledged>,
    displaced: usize,
    kills: usize,
    cuts: usize,
}

impl Trio {
    /// Three nodes that know nothing but genesis and each the next.
    pub(super) fn start() -> Self {
        let cables: Vec<_> = (0..3).map(|_| Cable::new()).collect();
        let genesis = Branch::new(Spec::dev());
        // Each through its cable, and not past it to what it hears of.
        let nodes: Vec<_> = (0..3).map(|_| PeerNode::that_dials_one(&genesis)).collect();
        for (node, cable) in nodes.iter().cycle().skip(1).zip(&cables) {
            cable.lead_to(node.address());
        }
        let acknowledged = Vec::new();
        Self { nodes, cables, acknowledged, displaced: 0, kills: 0, cuts: 0 }
    }

    /// Two mine while cables are cut and restored and the third node is killed and restarted.
    pub(super) fn disturb(&mut self, random: &mut Random) {
        let (stop, found) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            let (miners, victim) = self.nodes.split_at_mut(MINERS);
            for (miner, node) in miners.iter().enumerate() {
                let (stop, found) = (&stop, &found);
                scope.spawn(move || {
                    let mut number = 0_u64;
                    while !stop.load(Ordering::Relaxed) {
                        let block = acknowledged(miner, &node.mine(&format!("{miner} {number}")));
                        found.lock().unwrap().push(block);
                        number += 1;
                        std::thread::park_timeout(PACE);
                    }
                });
            }
            for _ in 0..4 {
                let cable = &self.cables[usize::try_from(random.below(3)).unwrap()];
                cable.cut();
                self.cuts += 1;
                std::thread::sleep(random.delay(Duration::from_millis(400)));
                if random.below(2) == 0 {
                    cable.restore();
                }
                if random.below(2) == 0 {
                    victim[0].kill_and_restart();
                    self.cables[1].lead_to(victim[0].address());
                    self.kills += 1;
                }
                std::thread::sleep(random.delay(Duration::from_millis(400)));
            }
            stop.store(true, Ordering::Relaxed);
        });
        self.acknowledged.append(&mut found.into_inner().unwrap());
    }

    /// Joins them again; they must agree in the end.
    pub(super) fn converge(&mut self) {
        for cable in &self.cables {
            cable.restore();
        }
        let started = Instant::now();
        for (node, cable) in self.nodes.iter().zip(&self.cables) {
            // An operator who repaired a cable need not wait for the next dial. An answer that
            // there is no link yet is fine: the node goes on dialling.
            let _ = node.dial(&cable.url());
        }
        loop {
            let tips: Vec<_> = self.nodes.iter().map(|node| node.status()["tip"].take()).collect();
            if tips.iter().all(|tip| tip["hash"] == tips[0]["hash"]) {
                return;
            }
            // Between branches of equal work the next block decides.
            if tips.iter().all(|tip| tip["totalWork"] == tips[0]["totalWork"]) {
                let block = acknowledged(0, &self.nodes[0].mine("the next block"));
                self.acknowledged.push(block);
            }
            assert!(started.elapsed() < AGREEMENT, "{}", self.describe());
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    fn describe(&self) -> String {
        let nodes = self.nodes.iter().map(|node| format!("{}\n{}", node.status(), tail(node)));
        format!("never converged:\n{}", nodes.collect::<Vec<_>>().join("\n"))
    }

    /// Every acknowledged block must be on the chain now, or its miner must have said that it
    /// was displaced.
    pub(super) fn account(&mut self) {
        let node = &self.nodes[0];
        let (code, chain) = node.process().get("/chains");
        assert_eq!(code, 200);
        let chain: Vec<Value> = serde_json::from_str(&chain).unwrap();
        let chain: BTreeMap<_, _> =
            chain.iter().map(|block| (block["hash"].as_str().unwrap(), &block["height"])).collect();
        let logs: Vec<_> = self.nodes.iter().map(|node| node.process().log()).collect();
        self.displaced = 0;
        for block in &self.acknowledged {
            if chain.get(block.hash.as_str()).is_some_and(|height| **height == block.height) {
                continue;
            }
            let is_named = |line: &str| line.contains("displaced") && line.contains(&block.hash);
            assert!(
                logs[block.miner].lines().any(is_named),
                "block {} {} of miner {} is gone without a word",
                block.height,
                block.hash,
                block.miner
            );
            self.displaced += 1;
        }
        for (node, log) in self.nodes.iter().zip(&logs) {
            assert!(!log.contains("panicked"), "{log}");
            // Status tells of the latest swaps too.
            let status = node.status();
            let recent = status["swaps"]["recent"].as_array().unwrap().len() as u64;
            assert_eq!(recent, status["swaps"]["count"].as_u64().unwrap().min(16));
        }
    }

    pub(super) fn summary(&self) -> String {
        format!(
            "{} blocks acknowledged, {} of them displaced and named; {} cuts, {} kills, height {}",
            self.acknowledged.len(),
            self.displaced,
            self.cuts,
            self.kills,
            self.nodes[0].height()
        )
    }

    pub(super) fn stop_and_verify(self) {
        for node in self.nodes {
            node.stop_and_verify();
        }
    }
}

fn acknowledged(miner: usize, block: &str) -> Acknowledged {
    let block: Value = serde_json::from_str(block).unwrap();
    let hash = block["hash"].as_str().unwrap().to_owned();
    Acknowledged { miner, height: block["height"].as_u64().unwrap(), hash }
}

/// The last lines of a node's log.
fn tail(node: &PeerNode) -> String {
    let log = node.process().log();
    let lines: Vec<_> = log.lines().rev().take(15).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
