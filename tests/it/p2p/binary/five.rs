//! Five nodes of which two mine, one is killed over and over, one is behind cables that stall,
//! and one behind cables that spoil bytes: in the end all have one chain, nothing that was
//! acknowledged is gone without a word, and nobody is blamed for what a cable did elsewhere.
//!
//! 15 s by default; `JENNY_TEST_SYNC_SECONDS` asks for more.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use jenny_chain::chain::Spec;

use super::setting;
use crate::p2p::cluster::Account;
use crate::p2p::cluster::tail;
use crate::process::PATIENCE;
use crate::process::{Branch, PeerNode, Settings};
use crate::support::proxy::Cable;
use crate::support::random::Random;

/// Length of the disturbance without the variable.
const DEFAULT_SECONDS: u64 = 15;

/// Who dials whom, each over a cable of its own: everybody has two or three links.
const EDGES: [(usize, usize); 7] = [(0, 1), (0, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)];

/// The first nodes mine.
const MINERS: usize = 2;

const KILLED: usize = 2;
const STALLED: usize = 3;
const SPOILT: usize = 4;

/// About one of this many bytes is spoilt on each cable to [`SPOILT`].
const SPOIL_EVERY: u64 = 20_000;

/// Longest pause between two of the same kind of disturbance.
const PAUSE: Duration = Duration::from_secs(2);

/// Longest time for which cables stall.
const STALL: Duration = Duration::from_secs(4);

#[test]
fn five_nodes_agree_after_kills_and_stalls_and_spoilt_bytes_and_nobody_else_is_blamed() {
    let seconds = setting("JENNY_TEST_SYNC_SECONDS", DEFAULT_SECONDS);
    let seed = setting("JENNY_TEST_SEED", u64::from(std::process::id()));
    println!("{seconds} s, JENNY_TEST_SEED={seed}");
    let mut five = Five::start();
    five.disturb(Duration::from_secs(seconds), &mut Random::new(seed));
    five.heal();
    let healed = Instant::now();
    five.account.settle(&five.nodes);
    let took = healed.elapsed();
    let (acknowledged, disconnected) = five.account.check(&five.nodes);
    let blamed = five.blamed();
    let spoilt: u64 = five.cables.iter().map(Cable::spoilt).sum();
    println!(
        "{acknowledged} blocks acknowledged, {disconnected} of them disconnected and named; {} kills, \
         {} stalls, {spoilt} bytes spoilt, {blamed} links closed for them; agreed {took:?} after \
         the cables were whole, at height {}",
        five.kills,
        five.stalls,
        five.nodes[0].height()
    );
    for node in &five.nodes {
        assert_eq!(node.process().get("/v1/bans"), (200, "[]".to_owned()));
    }
    for node in five.nodes {
        node.stop_and_verify();
    }
}

struct Five {
    nodes: Vec<PeerNode>,
    /// In the order of [`EDGES`].
    cables: Vec<Cable>,
    account: Account,
    /// Logs of those that were killed.
    past: String,
    kills: usize,
    stalls: usize,
}

impl Five {
    fn start() -> Self {
        let cables: Vec<_> = EDGES.iter().map(|_| Cable::new()).collect();
        let genesis = Branch::new(Spec::dev());
        let nodes: Vec<_> = (0..5)
            .map(|node| {
                let dialled = EDGES.iter().zip(&cables).filter(|((from, _), _)| *from == node);
                let flags: Vec<_> = dialled.map(|(_, it)| format!("--peer {}", it.url())).collect();
                // Over its cables, and not past them to what it hears of.
                let (max_dialled, flags) = (flags.len(), flags.join(" "));
                PeerNode::set_up(&genesis, Settings { flags, max_dialled, ..Settings::default() })
            })
            .collect();
        for ((_, to), cable) in EDGES.iter().zip(&cables) {
            cable.lead_to(nodes[*to].address());
        }
        let account = Account::default();
        Self { nodes, cables, account, past: String::new(), kills: 0, stalls: 0 }
    }

    /// All of it at once.
    fn disturb(&mut self, time: Duration, random: &mut Random) {
        let Self { nodes, cables, account, past, kills, stalls } = self;
        for cable in cables_of(cables, SPOILT) {
            cable.spoil(SPOIL_EVERY);
        }
        let mut randoms = [(); 2].map(|()| Random::new(random.within(0, u64::MAX)));
        let [when_killed, when_stalled] = &mut randoms;
        let (stop, end) = (&AtomicBool::new(false), Instant::now() + time);
        let (others, rest) = nodes.split_at_mut(KILLED);
        let (killed, rest) = rest.split_at_mut(1);
        let (others, account, cables) = (&*others, &*account, &*cables);
        std::thread::scope(|scope| {
            for (miner, node) in others.iter().enumerate().take(MINERS) {
                scope.spawn(move || account.mine_until(stop, miner, node));
            }
            // An operator who looks after links that a spoilt byte has ended.
            let dialler = |from: usize, node: &PeerNode| {
                while !stop.load(Relaxed) {
                    // What a cable does to it is mended when it is tried again.
                    let _ = dial(from, node, cables);
                    std::thread::park_timeout(Duration::from_millis(200));
                }
            };
            scope.spawn(move || dialler(1, &others[1]));
            let stalled = &rest[0];
            scope.spawn(move || dialler(STALLED, stalled));
            scope.spawn(move || {
                while Instant::now() < end {
                    std::thread::sleep(when_killed.delay(PAUSE));
                    past.push_str(&killed[0].process().log());
                    killed[0].kill_and_restart();
                    lead(KILLED, &killed[0], cables);
                    *kills += 1;
                }
            });
            while Instant::now() < end {
                std::thread::sleep(when_stalled.delay(PAUSE));
                cables_of(cables, STALLED).for_each(Cable::stall);
                std::thread::sleep(when_stalled.delay(STALL));
                cables_of(cables, STALLED).for_each(Cable::resume);
                *stalls += 1;
            }
            stop.store(true, Relaxed);
        });
    }

    /// Makes every cable whole, and joins its ends.
    fn heal(&self) {
        for cable in cables_of(&self.cables, SPOILT) {
            cable.spoil(0);
            // What was said over it may wait for the rest of a message that never was.
            cable.cut();
            cable.restore();
        }
        for (from, node) in self.nodes.iter().enumerate() {
            let started = Instant::now();
            while let Err(why) = dial(from, node, &self.cables) {
                let log = tail(node);
                assert!(started.elapsed() < PATIENCE, "node {from} is never linked: {why}\n{log}");
                std::thread::park_timeout(Duration::from_millis(20));
            }
        }
    }

    /// How many links were closed for what was said on them: those over a cable that spoilt
    /// it, and no others.
    fn blamed(&self) -> usize {
        let logs = self.nodes.iter().map(|node| node.process().log());
        let logs = [self.past.clone()].into_iter().chain(logs).collect::<Vec<_>>().join("\n");
        // A line that counts those that the log left out repeats one of them, without its address.
        let said = logs.lines().filter(|line| !line.contains("similar log lines were left out"));
        let blamed = said.filter(|line| line.contains("broke the protocol"));
        let mut count = 0;
        for line in blamed {
            let address = line.split(' ').find_map(|word| word.strip_prefix("address=")).unwrap();
            let is_spoilt = cables_of(&self.cables, SPOILT).any(|it| it.is_known_as(address));
            assert!(is_spoilt, "an honest peer was blamed: {line}");
            count += 1;
        }
        count
    }
}

/// The cables that end at a node.
fn cables_of(cables: &[Cable], node: usize) -> impl Iterator<Item = &Cable> {
    let ends = EDGES.iter().zip(cables);
    ends.filter(move |((from, to), _)| *from == node || *to == node).map(|(_, cable)| cable)
}

/// Has a node dial those that it is to dial; why not all are linked now.
fn dial(from: usize, node: &PeerNode, cables: &[Cable]) -> Result<(), String> {
    let dialled = EDGES.iter().zip(cables).filter(|((its, _), _)| *its == from);
    let answers: Vec<_> = dialled.map(|(_, cable)| node.try_dial(&cable.url())).collect();
    answers.into_iter().collect()
}

/// Leads the cables to a node to where it listens now.
fn lead(to: usize, node: &PeerNode, cables: &[Cable]) {
    for ((_, its), cable) in EDGES.iter().zip(cables) {
        if *its == to {
            cable.lead_to(node.address());
        }
    }
}
