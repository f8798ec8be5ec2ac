//! One node far behind, and peers of which some stall or give wrong bodies.

use jenny_chain::chain::Timestamp;

use super::arena::{Arena, GENESIS, Id};
use super::network::Network;
use super::node::{Actor, START_MILLIS};
use super::script::Kind;
use crate::sim::clock::{Micros, SECOND};

/// Blocks that the node lacks.
const GAP: usize = 20_000;
/// One of this many blocks is long.
const LONG_ONE_OF: usize = 100;
/// Bytes of a long one: too much for all of the window to fit the budget where they are dense.
const LONG: usize = 200_000;
/// Heights at which long ones are dense.
const DENSE: std::ops::Range<usize> = 9_000..9_250;
/// Longest that it may take.
const WITHIN: Micros = 120 * SECOND;
/// At most one of this many blocks may be fetched twice.
const TWICE_ONE_OF: u64 = 4;

/// What it took.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Caught {
    pub(super) seconds: u64,
    pub(super) blocks: u64,
    pub(super) bytes: u64,
    /// Links banned, of the two that gave wrong bodies.
    pub(super) liars: u64,
}

/// Catches up from five honest peers, one that stalls, and two that give wrong bodies.
pub(super) fn play(seed: u64) -> Caught {
    let mut network = Network::new(seed);
    let chain = long_chain(&mut network.world.arena);
    let behind = network.add_honest(vec![GENESIS]);
    let mut peers: Vec<usize> = (0..5).map(|_| network.add_honest(chain.clone())).collect();
    let liars = [Kind::WrongBodies, Kind::TornBodies]
        .map(|kind| (kind, network.add_script(kind, chain.clone())));
    peers.extend(liars.map(|(_, liar)| liar));
    peers.push(network.add_script(Kind::Quits(1_000), chain.clone()));
    for peer in peers {
        network.link([behind, peer]);
    }
    let tip = *chain.last().unwrap();
    while network.nodes[behind].store.tip() != tip {
        assert!(network.clock.now < WITHIN, "{}: {}", network.context(), network.describe(behind));
        network.run(SECOND / 10);
    }
    let Actor::Honest(honest) = &network.nodes[behind].actor else { unreachable!() };
    let progress = honest.machine.progress();
    let mut caught = Caught {
        seconds: network.clock.now / SECOND,
        blocks: progress.blocks,
        bytes: progress.bytes,
        liars: 0,
    };
    let twice = progress.blocks - GAP as u64;
    let once: usize = chain.iter().skip(1).map(|&id| network.world.arena.body(id).len()).sum();
    let bytes = progress.bytes - once as u64;
    println!("{}, {}", network.trace.digest, network.world.report);
    println!("  {GAP} blocks: {caught:?}");
    println!("  in vain: {twice} blocks, {} % of all bytes", 100 * bytes / once as u64);
    assert!(twice <= GAP as u64 / TWICE_ONE_OF, "seed {seed}: {twice} were fetched in vain");
    // What they said last is on its way.
    network.run(SECOND);
    for (kind, liar) in liars {
        let (bans, lied) = (network.world.report.bans_of(kind), network.script(liar).served > 0);
        // Nobody looks at what comes so late that others gave it.
        assert!(bans <= u64::from(lied), "seed {seed}: {kind:?} was banned {bans} times");
        caught.liars += bans;
    }
    assert_eq!(
        network.world.report.bans_of(Kind::Quits(1_000)),
        0,
        "seed {seed}: to stall is no fault"
    );
    caught
}

fn long_chain(arena: &mut Arena) -> Vec<Id> {
    let mut chain = vec![GENESIS];
    let begun = START_MILLIS - 10_000 * GAP as u64;
    for index in 0..GAP {
        let is_long = index % LONG_ONE_OF == 0 || DENSE.contains(&index);
        let records = if is_long {
            vec!["x".repeat(LONG / 4); 4]
        } else {
            vec![index.to_string(); index % 6]
        };
        let clock = Timestamp::from_millis(begun + 10_000 * index as u64);
        chain.push(arena.mine(*chain.last().unwrap(), records, clock));
    }
    chain
}
