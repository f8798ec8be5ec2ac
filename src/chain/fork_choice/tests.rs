//! Fork choice over random trees of real blocks, against a search through all of them.

use proptest::prelude::*;
use ruint::aliases::{U256, U512};

use super::*;
use crate::chain::test_util::{cases, extend, spec_with};
use crate::chain::{Hash, Spec, TipState};

/// One block of a random tree: which block it stands on (modulo those there are)
/// and how long after it.
type Growth = (prop::sample::Index, u64);

/// A chain whose difficulty moves by up to a tenth a block, so that the longest
/// branch is often not the one with the most work.
fn lively() -> Spec {
    spec_with(&[("retarget_window", "10"), ("max_future_ms", "0")])
}

/// Every block of the tree in the order of its arrival, genesis first, as the
/// state after it.
fn grown(spec: &Spec, growths: &[Growth]) -> Vec<TipState> {
    let mut states = vec![TipState::genesis(spec)];
    for (number, (parent, pause)) in growths.iter().enumerate() {
        let mut state = states[parent.index(states.len())].clone();
        extend(spec, &mut state, vec![number.to_string()], *pause);
        states.push(state);
    }
    states
}

/// The tip of a node after it saw these, one after the other.
fn followed(states: &[TipState]) -> Hash {
    let mut current = &states[0];
    for state in states {
        if replaces(state.total_work(), current.total_work()) {
            current = state;
        }
    }
    current.hash()
}

/// Sums every chain of the tree from its headers alone; the first of the largest.
fn naive(states: &[TipState]) -> Hash {
    let work_to = |tip: &TipState| {
        let mut sum = U512::ZERO;
        let mut next = Some(tip);
        while let Some(state) = next {
            let target = U512::from(state.header().bits.target().unwrap().get());
            sum += (U512::from(1) << 256) / (target + U512::from(1));
            let parent = state.header().previous_hash;
            next = states.iter().find(|state| state.hash() == parent);
        }
        sum
    };
    let max = states.iter().map(work_to).max().unwrap();
    states.iter().find(|state| work_to(state) == max).unwrap().hash()
}

fn work(number: u64) -> Work {
    Work::from_bytes(U256::from(number).to_be_bytes())
}

#[test]
fn equal_work_moves_nothing() {
    assert!(!replaces(work(5), work(5)));
    assert!(!replaces(work(4), work(5)));
    assert!(replaces(work(6), work(5)));
}

#[test]
fn a_shorter_chain_with_more_work_wins() {
    let spec = lively();
    let quick = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let slow = [60_000; 11];
    let grow = |pauses: &[u64]| {
        let mut state = TipState::genesis(&spec);
        for pause in pauses {
            extend(&spec, &mut state, vec![pause.to_string()], *pause);
        }
        state
    };
    let (shorter, longer) = (grow(&quick), grow(&slow));
    assert!(shorter.height() < longer.height());
    assert!(replaces(shorter.total_work(), longer.total_work()));
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_node_stands_on_the_first_seen_chain_with_the_most_work(
        growths in proptest::collection::vec(
            (any::<prop::sample::Index>(), prop_oneof![Just(0), Just(10_000), 0..60_000_u64]),
            0..30,
        ),
    ) {
        let states = grown(&lively(), &growths);
        for seen in 1..=states.len() {
            prop_assert_eq!(followed(&states[..seen]), naive(&states[..seen]), "{} seen", seen);
        }
    }

    #[test]
    fn the_order_of_arrival_never_changes_the_work_that_is_stood_on(
        growths in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0..60_000_u64),
            0..20,
        ),
        shuffle in proptest::collection::vec(any::<prop::sample::Index>(), 20),
    ) {
        let states = grown(&lively(), &growths);
        let mut waiting: Vec<_> = states[1..].to_vec();
        let mut arrived = vec![states[0].clone()];
        for pick in shuffle.iter().cycle() {
            if waiting.is_empty() {
                break;
            }
            // A child waits until its parent has arrived.
            let here = |state: &TipState| {
                arrived.iter().any(|parent| parent.hash() == state.header().previous_hash)
            };
            let ready: Vec<_> = (0..waiting.len()).filter(|&at| here(&waiting[at])).collect();
            arrived.push(waiting.remove(ready[pick.index(ready.len())]));
        }
        let work_of = |hash: Hash| {
            states.iter().find(|state| state.hash() == hash).unwrap().total_work()
        };
        prop_assert_eq!(work_of(followed(&arrived)), work_of(followed(&states)));
    }
}
