//! What a block is mined of, and where its records are meanwhile.

use super::*;
use crate::chain::test_util::spec_with;
use crate::chain::{Height, leaf_hash};
use crate::node::random_delay::RandomDelay;
use crate::node::records::pool::NewRecord;

const START: Duration = Duration::from_secs(5);

fn pool(texts: &[&str]) -> Pool {
    let mut pool = Pool::default();
    pool.restore(7, texts.iter().map(|text| record(text)).collect(), START);
    pool
}

fn record(text: &str) -> NewRecord {
    NewRecord { id: id(text), text: text.into(), is_own: true, is_checked: true }
}

fn id(text: &str) -> Hash {
    leaf_hash(text.as_bytes())
}

fn picked(pool: &Pool) -> Vec<String> {
    let picked = pool.pick(&Spec::dev());
    assert_eq!(picked.ids, picked.texts.iter().map(|text| id(text)).collect::<Vec<_>>());
    picked.texts.iter().map(ToString::to_string).collect()
}

#[test]
fn a_block_takes_the_oldest_durable_records_that_are_checked() {
    let mut pool = pool(&["b"]);
    let low = pool.low_sequences(1);
    pool.restore(low, vec![record("a"), NewRecord { is_checked: false, ..record("?") }], START);
    pool.admit(9, vec![record("c")], START);
    assert_eq!(picked(&pool), ["a", "b"]);
    pool.check(&id("?"));
    let unsettled = pool.take_unsettled();
    pool.settle(unsettled);
    assert_eq!(picked(&pool), ["a", "?", "b", "c"]);
    assert_eq!(pool.ready(&Spec::dev(), START * 2).unwrap().wait, START);
}

#[test]
fn a_block_takes_what_the_chain_allows() {
    let spec = spec_with(&[
        ("name", "\"small\""),
        ("max_record_bytes", "8"),
        ("max_block_bytes", "8"),
        ("max_block_records", "3"),
    ]);
    let mut by_bytes = pool(&["123456", "ab", "c"]);
    assert_eq!(by_bytes.pick(&spec).ids, [id("123456"), id("ab")]);
    assert!(by_bytes.ready(&spec, START).unwrap().fills_block);
    let mut by_count = pool(&["a", "b", "c", "d"]);
    assert_eq!(by_count.pick(&spec).ids.len(), 3);
    assert!(by_count.ready(&spec, START).unwrap().fills_block);
    let mut few = pool(&["a", "b"]);
    assert!(!few.ready(&spec, START).unwrap().fills_block);
    assert!(pool(&[]).ready(&spec, START).is_none());
}

#[test]
fn records_of_a_found_block_are_not_taken_twice_and_wait_again_when_it_is_given_back() {
    let mut pool = pool(&["a", "b", "c"]);
    let block = [id("a"), id("b")];
    assert!(pool.hand_over(&block));
    assert_eq!(picked(&pool), ["c"]);
    assert!(!pool.hand_over(&[id("b"), id("c")]), "one of them is in a block");
    assert_eq!(picked(&pool), ["c"]);
    pool.give_back(&block);
    assert_eq!(picked(&pool), ["a", "b", "c"]);
}

#[test]
fn what_is_cancelled_or_in_another_block_does_not_wait_again() {
    let mut pool = pool(&["a", "b", "c"]);
    let block = [id("a"), id("b"), id("c")];
    assert!(pool.hand_over(&block) && pool.are_mined(&block));
    assert!(pool.cancel(&id("a")).is_some());
    assert!(!pool.are_mined(&block));
    pool.include(&[id("b")], Height::new(1));
    pool.give_back(&block);
    assert_eq!(picked(&pool), ["c"]);
    let unsettled = pool.take_unsettled();
    pool.settle(unsettled);
    assert_eq!(picked(&pool), ["c"]);
}

fn relayed(text: &str) -> NewRecord {
    NewRecord { is_own: false, ..record(text) }
}

/// A pool in which relayed records wait as long as the clock shows at the start.
fn delaying() -> Pool {
    Pool::default().with_relayed_delay(RandomDelay::exactly(START))
}

#[test]
fn relayed_records_are_left_to_others_until_they_are_due() {
    let mut pool = delaying();
    pool.restore(7, vec![relayed("a"), record("own")], START);
    pool.restore(8, vec![relayed("b")], START + START / 2);
    let due = START * 2;
    assert_eq!(pool.next_due(), Some(due));
    let early = pool.ready(&Spec::dev(), START * 3 / 2).unwrap();
    assert_eq!(early.wait, START / 2, "that of the own one");
    assert_eq!(picked(&pool), ["own"]);
    assert_eq!(pool.ready(&Spec::dev(), due).unwrap().wait, Duration::ZERO, "since it was due");
    assert_eq!(picked(&pool), ["a", "own"]);
    assert_eq!(pool.next_due(), Some(due + START / 2));
}

#[test]
fn a_relayed_record_that_a_client_sends_too_is_due_at_once() {
    let mut pool = delaying();
    pool.restore(7, vec![relayed("a"), relayed("b")], START);
    let own = pool.relayed_as_own(&id("a")).unwrap();
    pool.release_relayed(&id("a"));
    pool.restore(8, vec![own], START);
    assert_eq!(pool.ready(&Spec::dev(), START * 3 / 2).unwrap().wait, START / 2);
    assert_eq!(picked(&pool), ["a"]);
    assert_eq!(pool.next_due(), Some(START * 2), "the other one is not");
}

#[test]
fn a_relayed_record_that_leaves_the_pool_is_not_waited_for() {
    let mut pool = delaying();
    pool.restore(7, vec![relayed("a"), relayed("b"), relayed("c")], START);
    pool.include(&[id("a")], Height::new(1));
    pool.found(&id("b"));
    assert!(pool.ready(&Spec::dev(), START * 2).is_some());
    assert_eq!(picked(&pool), ["c"]);
    let block = [id("c")];
    assert!(pool.hand_over(&block));
    assert_eq!((pool.ready(&Spec::dev(), START * 2), pool.next_due()), (None, None));
    pool.give_back(&block);
    assert!(pool.ready(&Spec::dev(), START * 2).is_some());
    assert_eq!(picked(&pool), ["c"]);
}
