//! What is kept of swaps.

use super::*;
use crate::chain::{Hash, Height, Spec, TipState};
use crate::node::Tip;

fn swap(displaced: u8) -> Swap {
    let genesis = TipState::genesis(&Spec::dev());
    let (header, hash) = (*genesis.header(), genesis.hash());
    let tip = Tip { header, hash, total_work: genesis.total_work() };
    let displaced = (1..=displaced).map(|number| Hash::new([number; 32])).collect();
    Swap { fork: Height::new(6), displaced, old_tip: tip, new_tip: tip }
}

const TIME: Timestamp = Timestamp::from_millis(7);

#[test]
fn a_summary_names_the_displaced_blocks_lowest_first() {
    let log = SwapLog::default();
    log.record(&swap(2), TIME);
    let (count, recent) = log.get();
    assert_eq!(count, 1);
    let named: Vec<_> = recent[0].displaced.iter().map(|b| (b.height.get(), b.hash)).collect();
    assert_eq!(named, [(7, Hash::new([1; 32])), (8, Hash::new([2; 32]))]);
    assert_eq!((recent[0].time, recent[0].fork.get(), recent[0].depth), (TIME, 6, 2));
}

#[test]
fn a_deep_swap_names_its_first_blocks_and_counts_all() {
    let mut deep = swap(1);
    deep.displaced = vec![Hash::ZERO; MAX_NAMED + 44];
    let summary = summarise(&deep, TIME);
    assert_eq!(summary.displaced.len(), MAX_NAMED);
    assert_eq!(summary.depth, 300);
}

#[test]
fn only_the_latest_are_kept_and_all_are_counted() {
    let log = SwapLog::default();
    for depth in 1..=20 {
        log.record(&swap(depth), TIME);
    }
    let (count, recent) = log.get();
    assert_eq!(count, 20);
    let depths: Vec<_> = recent.iter().map(|swap| swap.depth).collect();
    assert_eq!(depths, (5..=20).rev().collect::<Vec<_>>());
}
