//! What is kept of reorgs.

use super::*;
use crate::chain::{ChainHeader, Hash, Height, Spec, TipState};

fn reorg(disconnected: u8) -> Reorg {
    let genesis = TipState::genesis(&Spec::dev());
    let (header, hash) = (*genesis.header(), genesis.hash());
    let tip = ChainHeader { header, hash, total_work: genesis.total_work() };
    let disconnected = (1..=disconnected).map(|number| Hash::new([number; 32])).collect();
    Reorg { fork: Height::new(6), disconnected, old_tip: tip, new_tip: tip }
}

const TIME: Timestamp = Timestamp::from_millis(7);

#[test]
fn a_summary_names_the_disconnected_blocks_lowest_first() {
    let log = ReorgLog::default();
    log.record(&reorg(2), TIME);
    let (count, recent) = log.get();
    assert_eq!(count, 1);
    let named: Vec<_> = recent[0].disconnected.iter().map(|b| (b.height.get(), b.hash)).collect();
    assert_eq!(named, [(7, Hash::new([1; 32])), (8, Hash::new([2; 32]))]);
    assert_eq!((recent[0].time, recent[0].fork.get(), recent[0].depth), (TIME, 6, 2));
}

#[test]
fn the_log_continues_with_the_reorgs_on_record() {
    let recorded = |number, hash| RecordedReorg {
        number,
        time: TIME,
        fork: Height::new(6),
        depth: 1,
        disconnected: vec![Hash::new([hash; 32])],
        new_tip: id(8, Hash::ZERO),
    };
    let log = ReorgLog::of(vec![recorded(7, 2), recorded(6, 1)]);
    assert!(log.disconnection(id(7, Hash::new([1; 32]))).is_some());
    log.record(&reorg(3), TIME);
    let (count, recent) = log.get();
    let numbers: Vec<_> = recent.iter().map(|reorg| (reorg.number, reorg.depth)).collect();
    assert_eq!((count, numbers), (8, vec![(8, 3), (7, 1), (6, 1)]));
}

#[test]
fn disconnected_blocks_are_found_by_their_digits_each_once() {
    let log = ReorgLog::default();
    log.record(&reorg(3), TIME);
    log.record(&reorg(2), TIME);
    let find = |pattern: &str, max| log.matching(&pattern.parse().unwrap(), max);
    let (first, second) = (id(7, Hash::new([1; 32])), id(8, Hash::new([2; 32])));
    assert_eq!(find("01010101", 9), [first]);
    assert_eq!(find("02020..2020202", 9), [second]);
    assert_eq!(find("02020..3030303", 9), []);
    let mut close = reorg(0);
    let alike = |last| {
        let mut bytes = [0xab; 32];
        bytes[31] = last;
        Hash::new(bytes)
    };
    close.disconnected = (0..4).map(alike).collect();
    log.record(&close, TIME);
    assert_eq!((find("abab", 9).len(), find("abab", 3).len()), (4, 3));
}

#[test]
fn a_deep_reorg_names_its_first_blocks_and_counts_all() {
    let mut deep = reorg(1);
    deep.disconnected = vec![Hash::ZERO; MAX_NAMED + 44];
    let summary = PastReorg::of(1, &deep, TIME).summary();
    assert_eq!(summary.disconnected.len(), MAX_NAMED);
    assert_eq!(summary.depth, 300);
}

#[test]
fn only_the_latest_are_kept_and_all_are_counted() {
    let log = ReorgLog::default();
    for depth in 1..=20 {
        log.record(&reorg(depth), TIME);
    }
    let (count, recent) = log.get();
    assert_eq!(count, 20);
    let depths: Vec<_> = recent.iter().map(|reorg| reorg.depth).collect();
    assert_eq!(depths, (5..=20).rev().collect::<Vec<_>>());
}

#[test]
fn a_disconnected_block_is_found_with_the_latest_reorg_that_disconnected_it() {
    let log = ReorgLog::default();
    log.record(&reorg(2), TIME);
    let later = Timestamp::from_millis(8);
    log.record(&reorg(1), later);
    let of = |height: u64, number: u8| {
        log.disconnection(id(height, Hash::new([number; 32]))).map(|found| found.time)
    };
    assert_eq!((of(7, 1), of(8, 2)), (Some(later), Some(TIME)));
    assert_eq!((of(6, 1), of(8, 1), of(9, 3)), (None, None, None));
}

fn id(height: u64, hash: Hash) -> BlockId {
    BlockId { height: Height::new(height), hash }
}

#[test]
fn the_blocks_of_the_oldest_reorgs_are_forgotten_first() {
    let log = ReorgLog::default();
    log.record(&reorg(1), TIME);
    let mut deep = reorg(1);
    deep.disconnected = vec![Hash::ZERO; MAX_HASHES + 10];
    log.record(&deep, TIME);
    assert_eq!(log.disconnection(id(7, Hash::new([1; 32]))), None);
    assert!(log.disconnection(id(7, Hash::ZERO)).is_some());
    for _ in 0..MAX_REORGS + 10 {
        log.record(&reorg(1), TIME);
    }
    let kept = log.0.lock().unwrap();
    assert_eq!((kept.reorgs.len(), kept.hashes), (MAX_REORGS, MAX_REORGS));
}

#[test]
fn pages_lead_from_the_latest_reorg_to_the_oldest() {
    let log = ReorgLog::default();
    for depth in 1..=5 {
        log.record(&reorg(depth), TIME);
    }
    let numbers = |before, max| {
        let page = log.page(before, max).into_iter();
        page.map(|reorg| (reorg.number, reorg.depth)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(None, 2), [(5, 5), (4, 4)]);
    assert_eq!(numbers(Some(4), 2), [(3, 3), (2, 2)]);
    assert_eq!(numbers(Some(2), 2), [(1, 1)]);
    assert_eq!(numbers(Some(1), 2), []);
}
