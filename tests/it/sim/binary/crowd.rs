//! A crowd: honest nodes and some that mean ill, who come and go, mine, part and meet again.

use super::arena::{GENESIS, Id};
use super::lies::flood;
use super::network::Network;
use super::node::{Actor, Honest, START_MILLIS};
use super::report::Report;
use super::script::Kind;
use super::store::Store;
use crate::sim::clock::{Alarm, Micros, SECOND};
use crate::sim::trace::Digest;
use jenny_chain::chain::Timestamp;

/// Blocks that nodes have before they meet.
const COMMON: usize = 400;
/// Links that a node dials; it is dialled as often.
const DIALS: usize = 4;
/// One of this many nodes is hostile.
const HONEST_FOR_ONE: usize = 14;
/// Headers of a flood.
const FLOOD: usize = 5_000;
/// A block mined so long before the nodes part reaches nearly all of them in time.
const SPREAD_WITHIN: Micros = 10 * SECOND;
/// Most milliseconds in which a block reaches half of the nodes, 90 % and 99 % of them: the
/// rest have links that hang, or are fed a branch that is withheld.
const SPREAD: [u64; 3] = [2_000, 5_000, 20_000];
/// Longest that the nodes may take to agree when nothing happens any more.
const AGREED_WITHIN: Micros = 400 * SECOND;

/// A run: mining together, apart in two halves, and together again.
pub(super) fn play(seed: u64, nodes: usize) -> (Digest, Report) {
    let mut network = build(seed, nodes);
    network.run(5 * SECOND);
    mine_for(&mut network, 45 * SECOND);
    let parted = network.clock.now;
    network.part();
    network.world.report.unmeasure(parted.saturating_sub(SPREAD_WITHIN));
    mine_for(&mut network, 60 * SECOND);
    network.halves = None;
    mine_for(&mut network, 60 * SECOND);
    come_back(&mut network);
    network.world.is_calm = true;
    // One block at a time, so that in the end one chain has the most work.
    for _ in 0..4 {
        let miner = draw_miner(&mut network);
        network.mine(miner, 1);
        network.run(15 * SECOND);
    }
    let settled = settle(&mut network);
    check(&network);
    let (report, tip) = (&network.world.report, settled.tip);
    let is_counted =
        |id: Id| network.nodes[settled.durable_tip].store.is_main(&network.world.arena, id);
    let times = report.percentiles(is_counted);
    let is_fast = times.iter().zip(SPREAD).all(|(time, max)| *time <= max);
    println!(
        "{}, {report}\n  {nodes} nodes at height {}, agreed {} s after the last block",
        network.trace.digest,
        network.world.arena.height(tip),
        settled.after / SECOND
    );
    println!(
        "  a block reaches half of the nodes in {} ms, 90 % in {}, 99 % in {}, all in {}",
        times[0], times[1], times[2], times[3]
    );
    assert!(is_fast, "seed {seed}: blocks spread slowly: {times:?} ms");
    let penalized = report.penalized(None);
    assert!(penalized <= nodes as u64 / 20, "seed {seed}: {penalized} honest nodes were penalized");
    (network.trace.digest, network.world.report)
}

struct Settled {
    tip: Id,
    durable_tip: usize,
    after: Micros,
}

/// Runs until all of our nodes have one tip.
fn settle(network: &mut Network) -> Settled {
    let start = network.clock.now;
    loop {
        let tips: Vec<_> =
            honest(network).map(|node| (network.nodes[node].store.tip(), node)).collect();
        let (tip, durable_tip) = tips[0];
        let apart = tips.iter().filter(|(other, _)| *other != tip).count();
        let after = network.clock.now - start;
        if apart == 0 {
            return Settled { tip, durable_tip, after };
        }
        if after >= AGREED_WITHIN {
            let heaviest =
                tips.iter().max_by_key(|(tip, _)| network.world.arena.work(*tip)).unwrap();
            let behind: Vec<_> =
                tips.iter().filter(|(tip, _)| *tip != heaviest.0).take(5).collect();
            for (_, node) in &behind {
                println!("{}", network.describe(*node));
            }
            panic!("{}: {apart} nodes are apart, {behind:?} from {heaviest:?}", network.context());
        }
        network.run(SECOND);
    }
}

fn honest(network: &Network) -> impl Iterator<Item = usize> {
    (0..network.nodes.len()).filter(|&node| network.nodes[node].is_honest())
}

fn check(network: &Network) {
    let seed = network.seed;
    for kind in Kind::NO_FAULT {
        assert_eq!(network.world.report.bans_of(kind), 0, "seed {seed}: {kind:?} is no fault");
    }
    let is_small = network.nodes.len() < 500;
    for kind in Kind::PROVABLE {
        let bans = network.world.report.bans_of(kind);
        assert!(bans > 0 || is_small, "seed {seed}: nobody banned {kind:?}");
    }
}

/// Our nodes are a connected graph by themselves; the others hang on anybody.
fn build(seed: u64, nodes: usize) -> Network {
    let mut network = Network::new(seed);
    network.world.has_bad_disks = true;
    let mut chain = vec![GENESIS];
    let begun = START_MILLIS - 10_000 * COMMON as u64;
    for index in 0..COMMON {
        let clock = Timestamp::from_millis(begun + 10_000 * index as u64);
        let records = vec![format!("{seed}-{index}")];
        chain.push(network.world.arena.mine(*chain.last().unwrap(), records, clock));
    }
    network.world.flood = flood(&network.world.arena).take(FLOOD).collect();
    let scripts = (nodes / HONEST_FOR_ONE).max(Kind::ALL.len());
    let ours = nodes - scripts;
    for index in 0..ours {
        let has = match network.random.below(8) {
            0 => 0,
            1 => network.random.below(COMMON),
            _ => COMMON,
        };
        network.add_honest(chain[..=has].to_vec());
        dial_some(&mut network, index, index);
    }
    for index in 0..scripts {
        let kind = Kind::ALL[index % Kind::ALL.len()];
        let node = network.add_script(kind, chain.clone());
        dial_some(&mut network, node, ours);
    }
    // Some are linked twice, and some dial themselves.
    for _ in 0..nodes / 50 {
        let edge = network.random.below(network.edges.len());
        let [one, other] = network.edges[edge].nodes;
        network.link([other, one]);
        if network.nodes[one].is_honest() {
            network.link([one, one]);
        }
    }
    network
}

/// Links a node to some of the first ones, both ways.
fn dial_some(network: &mut Network, node: usize, below: usize) {
    let mut others = Vec::new();
    for _ in 0..DIALS.min(below) {
        let other = network.random.below(below);
        if !others.contains(&other) && other != node {
            others.push(other);
        }
    }
    for other in others {
        let pair = if network.random.below(2) == 0 { [node, other] } else { [other, node] };
        network.link(pair);
    }
}

fn draw_miner(network: &mut Network) -> usize {
    loop {
        let node = network.random.below(network.nodes.len());
        if network.nodes[node].is_honest() && network.hosts[node].is_online {
            return node;
        }
    }
}

/// Anybody finds a block now and then, sometimes many at once, sometimes two at one time; links
/// break and hang, nodes leave and come back.
fn mine_for(network: &mut Network, time: Micros) {
    let end = network.clock.now + time;
    while network.clock.now < end {
        let pause = network.random.within(0, 4 * SECOND);
        network.run(pause);
        let miners = 1 + usize::from(network.random.below(6) == 0);
        for _ in 0..miners {
            let miner = draw_miner(network);
            let burst = network.random.below(10) == 0;
            let count = if burst { 2 + network.random.below(40) } else { 1 };
            network.mine(miner, count);
        }
        for _ in 0..=network.nodes.len() / 500 {
            disturb(network);
        }
    }
}

fn disturb(network: &mut Network) {
    let edge = network.random.below(network.edges.len());
    let node = network.random.below(network.nodes.len());
    match network.random.below(6) {
        0 if network.edges[edge].is_open() => network.hang(edge),
        1 | 2 if network.edges[edge].is_open() => network.cut(edge),
        3 if network.nodes[node].is_honest() && network.hosts[node].is_online => {
            network.leave(node);
        }
        _ => {
            let away = (0..network.nodes.len()).find(|&node| !network.hosts[node].is_online);
            if let Some(node) = away {
                let is_fresh = network.random.below(3) == 0;
                network.join(node, is_fresh);
            }
        }
    }
}

fn come_back(network: &mut Network) {
    for node in 0..network.nodes.len() {
        if !network.hosts[node].is_online {
            network.join(node, false);
        }
    }
}

impl Network {
    /// A node stops without a word to anybody.
    fn leave(&mut self, node: usize) {
        for socket in self.sockets(node) {
            self.hang_up(socket);
        }
        self.hosts[node].is_online = false;
        if let Actor::Honest(honest) = &mut self.nodes[node].actor {
            honest.jobs.clear();
            honest.alarm = Alarm::default();
        }
    }

    /// It comes back with its chain, or with nothing.
    fn join(&mut self, node: usize, is_fresh: bool) {
        let nonce = self.random.next();
        let entry = &mut self.nodes[node];
        if is_fresh {
            entry.store = Store::new(vec![GENESIS]);
        }
        let honest = Honest::new(&self.world.arena, &entry.store, nonce);
        entry.actor = Actor::Honest(Box::new(honest));
        entry.online_since = self.clock.now;
        self.start_host(node);
    }

    /// What a node is about, for the report of a failed run.
    pub(super) fn describe(&self, node: usize) -> String {
        let entry = &self.nodes[node];
        let Actor::Honest(honest) = &entry.actor else { return String::new() };
        let links = self.sockets(node).into_iter().map(|socket| {
            let other = self.peer_at(socket);
            let kind = match &self.nodes[other].actor {
                Actor::Honest(_) => "ours".to_owned(),
                Actor::Script(script) => format!("{:?}", script.kind),
            };
            format!("{other} ({kind}) by {:?}", socket.id())
        });
        let links: Vec<_> = links.collect();
        let height = self.world.arena.height(entry.store.tip());
        format!(
            "node {node} at height {height}, life {}, {:?}, due {:?}, woken at {:?}, links {links:?}",
            self.hosts[node].life,
            honest.machine.progress(),
            honest.machine.deadline(),
            honest.alarm
        )
    }
}
