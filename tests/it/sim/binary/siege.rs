//! One honest link among many that are slow, show cheap branches, claim or lie: how much longer
//! it takes a node to catch up than with that link alone.

use jenny_chain::chain::Timestamp;

use super::arena::{Arena, GENESIS, Id};
use super::network::Network;
use super::node::START_MILLIS;
use super::script::Kind;
use crate::sim::clock::{MILLI, Micros, SECOND};

/// Blocks that the node has.
const HELD: usize = 300;
/// Blocks that it lacks.
const GAP: usize = 6_000;
/// Blocks of the cheap branch: more than the node has, fewer than it lacks.
const CHEAP: usize = 2_500;
/// Bytes of a block, so that the honest link is busy for some seconds.
const BYTES: usize = 400;
/// Bytes in a millisecond, and latency, of the honest link.
const HONEST: (u64, Micros) = (1_000, 40 * MILLI);
/// Of the others.
const HOSTILE: (u64, Micros) = (20_000, 5 * MILLI);
/// How long the others are there before.
const LEAD: Micros = 3 * SECOND;
/// This many times what it takes undisturbed.
const MAX_TIMES: Micros = 3;

/// Who is there beside the one honest link.
pub(super) struct Siege {
    pub(super) kinds: &'static [Kind],
    /// How many links of them.
    pub(super) hostile: usize,
    /// Whether the node dials the honest one.
    pub(super) is_dialled: bool,
}

/// The chains, mined once.
struct World {
    arena: Arena,
    chain: Vec<Id>,
    cheap: Vec<Id>,
}

/// Holds every siege to the bound.
pub(super) fn play(seed: u64, sieges: &[Siege]) {
    let mut world = World::new();
    let alone = |is_dialled| Siege { kinds: &[], hostile: 0, is_dialled };
    let base = [false, true].map(|is_dialled| world.catch_up(seed, &alone(is_dialled)));
    for siege in sieges {
        let took = world.catch_up(seed, siege);
        let undisturbed = base[usize::from(siege.is_dialled)];
        let Siege { kinds, hostile, is_dialled } = siege;
        println!(
            "seed {seed}: {hostile} of {kinds:?}, dialled {is_dialled}: {} ms, undisturbed {} ms",
            took / MILLI,
            undisturbed / MILLI
        );
        assert!(
            took <= MAX_TIMES * undisturbed,
            "seed {seed}: {took} us in place of {undisturbed} with {hostile} of {kinds:?}"
        );
    }
}

impl World {
    fn new() -> Self {
        let mut arena = Arena::default();
        let chain = grow(&mut arena, HELD + GAP, &"x".repeat(BYTES));
        let cheap = grow(&mut arena, CHEAP, "cheap");
        Self { arena, chain, cheap }
    }

    /// From the honest link's opening until the node has its chain.
    fn catch_up(&mut self, seed: u64, siege: &Siege) -> Micros {
        let mut network = Network::new(seed);
        std::mem::swap(&mut network.world.arena, &mut self.arena);
        let node = network.add_honest(self.chain[..=HELD].to_vec());
        for index in 0..siege.hostile {
            let kind = siege.kinds[index % siege.kinds.len()];
            let chain = if kind == Kind::CheapBranch { &self.cheap } else { &self.chain };
            let script = network.add_script(kind, chain.clone());
            // A few are dialled too.
            let pair = if index % 5 == 4 { [node, script] } else { [script, node] };
            let edge = network.link(pair);
            (network.edges[edge].rate, network.edges[edge].latency) = HOSTILE;
        }
        network.run(LEAD);
        let honest = network.add_honest(self.chain.clone());
        let pair = if siege.is_dialled { [node, honest] } else { [honest, node] };
        let edge = network.link(pair);
        (network.edges[edge].rate, network.edges[edge].latency) = HONEST;
        while !network.edges[edge].is_open() {
            network.run(MILLI);
        }
        let (start, epoch) = (network.clock.now, network.edges[edge].epoch);
        let tip = *self.chain.last().unwrap();
        while network.nodes[node].store.tip() != tip {
            let is_over = network.clock.now < start + 600 * SECOND;
            assert!(is_over, "{}: {}", network.context(), network.describe(node));
            network.run(10 * MILLI);
        }
        let took = network.clock.now - start;
        network.run(SECOND);
        let is_kept = network.edges[edge].is_open() && network.edges[edge].epoch == epoch;
        assert!(is_kept, "{}: the honest link was closed", network.context());
        for kind in [Kind::SlowInTime, Kind::CheapBranch, Kind::ClaimAndDrip] {
            assert_eq!(network.world.report.bans_of(kind), 0, "seed {seed}: {kind:?} is no fault");
        }
        std::mem::swap(&mut network.world.arena, &mut self.arena);
        took
    }
}

/// Genesis and this many blocks.
fn grow(arena: &mut Arena, count: usize, record: &str) -> Vec<Id> {
    let mut chain = vec![GENESIS];
    let begun = START_MILLIS - 10_000 * count as u64;
    for index in 0..count {
        let clock = Timestamp::from_millis(begun + 10_000 * index as u64);
        let records = vec![record.to_owned()];
        chain.push(arena.mine(*chain.last().unwrap(), records, clock));
    }
    chain
}
