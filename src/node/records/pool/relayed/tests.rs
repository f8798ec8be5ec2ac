//! What of relayed records the pool takes, and who takes their places.

use super::*;
use crate::chain::{Height, leaf_hash};
use crate::node::records::pool::PoolFull;

const START: Duration = Duration::from_secs(5);

fn record(text: &str, is_own: bool) -> NewRecord {
    NewRecord { id: id(text), text: text.into(), is_own, is_checked: true }
}

fn all(texts: &[&str], is_own: bool) -> Vec<NewRecord> {
    texts.iter().map(|text| record(text, is_own)).collect()
}

fn id(text: &str) -> Hash {
    leaf_hash(text.as_bytes())
}

fn texts(pool: &Pool) -> Vec<(&str, bool)> {
    pool.after(None).map(|(_, entry)| (&*entry.record.text, entry.record.is_own)).collect()
}

/// A pool of four records with these.
fn pool(own: &[&str], relayed: &[&str]) -> Pool {
    let mut pool = Pool::with_bounds(4, 1 << 20);
    pool.restore(1, all(own, true), START);
    pool.admit_relayed(all(relayed, false), START);
    pool
}

#[test]
fn they_take_at_most_half_of_the_records_and_no_place_of_another_one() {
    let mut few = pool(&[], &["r1", "r2", "r3"]);
    assert_eq!(texts(&few), [("r1", false), ("r2", false)]);
    assert_eq!(few.admit_relayed(all(&["r4"], false), START), 0);
    let many = pool(&["a", "b", "c"], &["r1", "r2"]);
    assert_eq!(texts(&many), [("a", true), ("b", true), ("c", true), ("r1", false)]);
    let mut above = pool(&["a", "b", "c", "d", "e"], &[]);
    assert_eq!(above.admit_relayed(all(&["r1"], false), START), 0, "a reorg put more back");
}

#[test]
fn they_take_at_most_half_of_the_bytes_and_a_long_one_is_passed_over() {
    let mut pool = Pool::with_bounds(100, 400);
    let (long, longer) = ("x".repeat(100), "y".repeat(101));
    let taken = pool.admit_relayed(all(&[&long, &longer, "z"], false), START);
    assert_eq!((taken, pool.room_for_relayed()), (2, (48, 4)));
    assert_eq!(texts(&pool), [(long.as_str(), false), ("z", false)]);
}

#[test]
fn they_wait_at_once_and_one_that_is_in_the_pool_is_not_taken_again() {
    let mut pool = pool(&["a"], &["r"]);
    assert_eq!(pool.admit_relayed(all(&["a", "r", "s", "s"], false), START), 1);
    assert!(pool.take_unsettled().is_empty(), "nothing of them has to become durable");
    let entry = pool.get(&id("s")).unwrap();
    assert_eq!((entry.stage, entry.since), (Stage::Waiting, START));
}

#[test]
fn own_ones_take_the_places_of_the_newest() {
    let mut pool = pool(&["a"], &["r1", "r2"]);
    let fresh = all(&["b", "c"], true);
    assert_eq!(pool.check_room(&fresh), Ok(()));
    let batch = pool.next_sequence();
    assert!(pool.admit(batch, fresh, START).is_empty(), "no batch of the disk is finished");
    assert_eq!(texts(&pool), [("a", true), ("r1", false), ("b", true), ("c", true)]);
    assert_eq!(pool.check_room(&all(&["d", "e"], true)), Err(PoolFull));
}

#[test]
fn one_that_a_client_sends_becomes_an_own_one_of_its_batch() {
    let mut pool = pool(&["a", "b", "c"], &["r"]);
    let own = pool.relayed_as_own(&id("r")).unwrap();
    assert!(own.is_own && pool.relayed_as_own(&id("a")).is_none());
    assert_eq!(pool.check_room(std::slice::from_ref(&own)), Ok(()));
    pool.release_relayed(&id("r"));
    pool.release_relayed(&id("a"));
    let batch = pool.next_sequence();
    pool.admit(batch, vec![own], START);
    assert_eq!(texts(&pool).len(), 4);
    assert_eq!(pool.get(&id("r")).unwrap().stage, Stage::Arriving);
    assert_eq!(pool.include(&[id("r")], Height::new(1)), [batch]);
}

#[test]
fn one_in_a_block_leaves_with_it_and_no_batch_of_the_disk_is_finished() {
    let mut pool = pool(&[], &["r"]);
    assert!(pool.include(&[id("r")], Height::new(1)).is_empty());
    assert!(pool.relayed_as_own(&id("r")).is_none(), "its block makes it durable");
    pool.make_own(&id("r"));
    assert_eq!(pool.room_for_relayed(), (2, 1 << 19));
    let unsettled = pool.take_unsettled();
    pool.settle(unsettled);
    assert!(pool.is_empty());
}

#[test]
fn one_cannot_be_cancelled() {
    assert!(pool(&[], &["r"]).cancel(&id("r")).is_none());
}
