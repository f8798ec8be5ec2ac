//! Chains that follow the rules, and their states.

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::{any_hash, cases, mine, naive_root, records, seal, spec_with};

mod faults;

const START: u64 = 1_700_000_000_000;

/// Small limits, about 256 attempts a block, and a moving difficulty.
fn spec() -> Spec {
    spec_with(&[
        ("pow_limit_bits", "\"2000ffff\""),
        ("retarget_window", "10"),
        ("max_record_bytes", "8"),
        ("max_block_records", "3"),
        ("max_block_bytes", "16"),
    ])
}

/// A chain of these many quick blocks on genesis: each state from genesis to tip.
fn states(spec: &Spec, blocks: u64) -> Vec<TipState> {
    let mut states = vec![TipState::genesis(spec)];
    for number in 0..blocks {
        let mut state = states[states.len() - 1].clone();
        let now = Timestamp::from_millis(START + number * 1_000);
        state.extend(&mine(spec, &state, records(&["record", ""]), now));
        states.push(state);
    }
    states
}

fn tip(spec: &Spec) -> TipState {
    states(spec, 5).pop().unwrap()
}

/// A valid next block and the clock's time when it is checked.
fn next(spec: &Spec, tip: &TipState) -> (Block, Timestamp) {
    let now = tip.header().timestamp.plus_millis(2_000);
    (mine(spec, tip, records(&["one", "two"]), now).into_block(), now)
}

#[test]
fn a_valid_block_is_accepted_with_its_hash_and_work() {
    let spec = spec();
    let tip = tip(&spec);
    let (block, now) = next(&spec, &tip);
    let (hash, work) = tip.check_header(&spec, &block.header, now).unwrap();
    let valid = tip.check_block(&spec, block.clone(), now).unwrap();
    assert_eq!(valid.block(), &block);
    assert_eq!((valid.hash(), hash), (block.header.hash(), block.header.hash()));
    assert_eq!(work, Work::of(block.header.bits.target().unwrap()));
    assert_eq!(valid.total_work(), tip.total_work().plus(work));
}

#[test]
fn the_limits_themselves_are_allowed() {
    let spec = spec();
    let tip = tip(&spec);
    let parent = tip.header().timestamp;
    let mined = |texts: &[&str], timestamp: Timestamp, now: Timestamp| {
        let mut block = mine(&spec, &tip, records(texts), timestamp).into_block();
        block.header.timestamp = timestamp;
        seal(&mut block.header, true);
        tip.check_block(&spec, block, now)
    };
    let full = ["12345678", "1234567", "1"];
    assert!(mined(&full, parent, parent).is_ok(), "the parent's own millisecond");
    assert!(mined(&[], parent.plus_millis(120_000), parent).is_ok(), "the last moment");
    assert!(mined(&["ééé", "\0"], parent, parent).is_ok());
    let error = mined(&[], parent.plus_millis(120_001), parent).unwrap_err();
    assert!(error.is_not_yet());
    assert!(mined(&[], parent.plus_millis(120_001), parent.plus_millis(1)).is_ok(), "later");
}

#[test]
fn sizes_count_utf8_bytes() {
    let spec = spec();
    let check = |records: &[&str]| {
        let records: Vec<_> = records.iter().map(|&record| record.to_owned()).collect();
        spec.check_records(&records)
    };
    assert_eq!(check(&["éééé", "éééé", ""]), Ok(()));
    let long = RuleError::RecordBytes { index: 0, max: 8, found: 9 };
    assert_eq!(check(&["éééée"]), Err(long));
    assert_eq!(check(&["éééé", "éééé", "e"]), Err(RuleError::BlockBytes { max: 16, found: 17 }));
    assert_eq!(check(&[""; 4]), Err(RuleError::RecordCount { max: 3, found: 4 }));
}

#[test]
fn a_template_follows_the_tip() {
    let spec = spec();
    let tip = tip(&spec);
    let records = ["a".to_owned()];
    let parent = tip.header().timestamp;
    let late = tip.template(&spec, &records, parent.plus_millis(7));
    assert_eq!(late.timestamp, parent.plus_millis(7));
    assert_eq!(late.record_count, 1);
    let slow = tip.template(&spec, &records, Timestamp::default());
    assert_eq!(slow.timestamp, parent, "a clock behind the parent");
}

#[test]
fn the_history_root_covers_every_block_before() {
    let spec = spec();
    let states = states(&spec, 12);
    let leaves: Vec<_> = states.iter().map(|state| leaf_hash(state.hash().as_bytes())).collect();
    for (height, state) in states.iter().enumerate() {
        assert_eq!(state.height().get(), height as u64);
        assert_eq!(state.header().history_root, naive_root(&leaves[..height]));
        assert_eq!(state.history().root(), naive_root(&leaves[..=height]));
        let sum = states[..=height]
            .iter()
            .map(|state| Work::of(state.header().bits.target().unwrap()))
            .fold(Work::default(), Work::plus);
        assert_eq!(state.total_work(), sum);
    }
}

#[test]
fn the_difficulty_follows_parent_and_grandparent() {
    let spec = spec();
    let states = states(&spec, 4);
    for three in states.windows(3) {
        let (grandparent, parent, child) = (&three[0], &three[1], &three[2]);
        let [old, new] = [grandparent, parent].map(|state| state.header().timestamp);
        let bits = required_bits(&spec, child.height(), parent.header().bits, new, old);
        assert_eq!(Ok(child.header().bits), bits);
    }
    assert_eq!(states[1].header().bits, spec.pow_limit().to_bits());
    assert!(states[4].next_bits(&spec) < states[3].next_bits(&spec), "quick blocks");
}

#[test]
fn a_restored_state_is_the_one_that_was() {
    let spec = spec();
    let states = states(&spec, 12);
    let mut ancestors = Frontier::default();
    let mut parent_time = states[0].header().timestamp;
    for state in &states {
        let restored = TipState::restore(*state.last(), parent_time, ancestors.clone());
        assert_eq!(restored.as_ref(), Some(state));
        parent_time = state.header().timestamp;
        ancestors.append(leaf_hash(state.hash().as_bytes()));
    }
}

#[test]
fn a_state_is_not_restored_from_another_history() {
    let spec = spec();
    let states = states(&spec, 6);
    let state = &states[6];
    let time = states[5].header().timestamp;
    let restore = |ancestors: &Frontier| TipState::restore(*state.last(), time, ancestors.clone());
    assert_eq!(restore(states[5].history()).as_ref(), Some(state));
    assert_eq!(restore(states[4].history()), None, "a leaf too few");
    assert_eq!(restore(states[6].history()), None, "a leaf too many");
    let other = Frontier::from_subtrees(6, vec![Hash::ZERO; 2]).unwrap();
    assert_eq!(restore(&other), None, "other leaves");
    let header = Header { height: Height::new(7), ..*state.header() };
    let ancestors = states[5].history().clone();
    let last = ChainHeader { header, hash: header.hash(), ..*state.last() };
    assert_eq!(TipState::restore(last, time, ancestors), None, "another height");
    let header = Header { bits: Bits::new(0), ..*state.header() };
    let last = ChainHeader { header, hash: header.hash(), ..*state.last() };
    let ancestors = states[5].history().clone();
    assert_eq!(TipState::restore(last, time, ancestors), None, "bits that are no target");
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn a_block_found_on_another_tip_is_refused(previous in any_hash(), pause in 0..60_000_u64) {
        let spec = spec();
        let tip = tip(&spec);
        let now = tip.header().timestamp.plus_millis(pause);
        let mut header = tip.template(&spec, &[], now);
        header.previous_hash = previous;
        seal(&mut header, true);
        let expected = tip.hash();
        prop_assert_eq!(
            tip.check_header(&spec, &header, now),
            Err(RuleError::PreviousHash { expected, found: previous })
        );
    }

    #[test]
    fn whatever_is_mined_on_a_template_is_valid(
        pauses in proptest::collection::vec(0..300_000_u64, 1..12),
        length in 0..=8_usize,
    ) {
        let spec = spec();
        let mut state = TipState::genesis(&spec);
        let record = "x".repeat(length);
        for pause in pauses {
            let now = state.header().timestamp.plus_millis(pause);
            // `mine` checks the block.
            let block = mine(&spec, &state, vec![record.clone(), record.clone()], now);
            prop_assert!(block.header().bits.target().unwrap() <= spec.pow_limit());
            state.extend(&block);
            prop_assert_eq!(state.hash(), block.hash());
        }
    }
}
