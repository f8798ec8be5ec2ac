//! Thousands of nodes of the binary dialect in one thread: honest ones and ones that mean
//! ill, through churn, partitions and forks, long gaps and floods.

mod arena;
mod catch_up;
mod checks;
mod crowd;
mod driver;
mod event;
mod flood;
mod lies;
mod network;
mod node;
mod plumbing;
mod report;
mod script;
mod siege;
mod store;
mod writer;

use crate::sim::seeds;

/// Nodes of a large run.
const NODES: usize = 2_000;
/// Nodes of a small run, of which there can be many.
const FEW: usize = 400;
/// Nodes of the runs that are compared.
const LEAST: usize = 120;
/// Small runs of the checks. 2 found a livelock; in 8 and 12 links come back late when the halves
/// meet, so that the slowest hundredth takes longest of the first 12.
const SEEDS: [u64; 5] = [1, 2, 3, 8, 12];
/// Runs of sieges in the checks.
const SIEGE_SEEDS: [u64; 2] = [1, 2];
/// Runs of catching up in the checks; of the first 300 the slowest, and those that fetched most
/// in vain.
const GAP_SEEDS: [u64; 8] = [1, 2, 3, 4, 5, 27, 68, 154];

#[test]
fn two_thousand_nodes_of_which_some_mean_ill_converge_on_most_work() {
    for seed in seeds(&[1]) {
        crowd::play(seed, NODES);
    }
}

#[test]
fn a_crowd_of_which_some_mean_ill_converges_on_most_work() {
    for seed in seeds(&SEEDS) {
        crowd::play(seed, FEW);
    }
}

#[test]
fn a_node_far_behind_catches_up_though_some_peers_stall_or_lie() {
    let seeds = seeds(&GAP_SEEDS);
    let liars: u64 = seeds.iter().map(|&seed| catch_up::play(seed).liars).sum();
    assert!(liars >= seeds.len() as u64, "only {liars} liars were banned");
}

#[test]
fn one_honest_link_is_enough_however_many_others_are_slow_or_lie() {
    use script::Kind;
    const ALL: &[Kind] = &Kind::SIEGE;
    let mut sieges: Vec<_> = [4, 13, 36]
        .into_iter()
        .flat_map(|hostile| {
            [false, true].map(|it| siege::Siege { kinds: ALL, hostile, is_dialled: it })
        })
        .collect();
    sieges.extend(ALL.chunks(1).map(|kinds| siege::Siege {
        kinds,
        hostile: 20,
        is_dialled: false,
    }));
    for seed in seeds(&SIEGE_SEEDS) {
        siege::play(seed, &sieges);
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = crowd::play(5, LEAST);
    assert_eq!(run, crowd::play(5, LEAST));
    assert_ne!(run.0, crowd::play(6, LEAST).0);
}
