//! The pool against a list.

use proptest::prelude::*;

use super::*;
use crate::chain::leaf_hash;

fn record(text: &str, is_own: bool) -> NewRecord {
    NewRecord { id: leaf_hash(text.as_bytes()), text: text.into(), is_own, is_checked: true }
}

fn own(texts: &[&str]) -> Vec<NewRecord> {
    texts.iter().map(|text| record(text, true)).collect()
}

fn ids(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| leaf_hash(text.as_bytes())).collect()
}

fn texts(pool: &Pool) -> Vec<String> {
    pool.after(None).map(|(_, entry)| entry.record.text.to_string()).collect()
}

/// All that was written is durable.
fn settle(pool: &mut Pool) {
    let unsettled = pool.take_unsettled();
    pool.settle(unsettled);
}

const START: Duration = Duration::ZERO;

#[test]
fn a_record_waits_once_it_is_durable_and_goes_once_its_block_is() {
    let mut pool = Pool::default();
    let batch = pool.next_sequence();
    assert!(pool.admit(batch, own(&["a", "b"]), START).is_empty());
    let stage = |pool: &Pool, text: &str| pool.get(&ids(&[text])[0]).map(|entry| entry.stage);
    assert_eq!(stage(&pool, "a"), Some(Stage::Arriving));
    settle(&mut pool);
    assert_eq!(stage(&pool, "a"), Some(Stage::Waiting));
    assert!(pool.include(&ids(&["a", "x"]), Height::new(7)).is_empty());
    assert_eq!(stage(&pool, "a"), Some(Stage::InBlock(Height::new(7))));
    assert_eq!(pool.include(&ids(&["a", "b"]), Height::new(8)), [batch]);
    settle(&mut pool);
    assert!(pool.is_empty() && pool.take_unsettled().is_empty());
}

#[test]
fn a_record_of_the_same_group_as_its_block_never_waits() {
    let mut pool = Pool::default();
    let batch = pool.next_sequence();
    pool.admit(batch, own(&["a"]), START);
    assert_eq!(pool.include(&ids(&["a"]), Height::new(1)), [batch]);
    settle(&mut pool);
    assert!(pool.is_empty());
}

#[test]
fn a_record_stays_until_the_flush_of_its_block_however_many_are_under_way() {
    let mut pool = Pool::default();
    let batch = pool.next_sequence();
    pool.admit(batch, own(&["a"]), START);
    let arrival = pool.take_unsettled();
    pool.include(&ids(&["a"]), Height::new(1));
    let block = pool.take_unsettled();
    pool.settle(arrival);
    let stage = pool.get(&ids(&["a"])[0]).map(|entry| entry.stage);
    assert_eq!(stage, Some(Stage::InBlock(Height::new(1))));
    pool.settle(block);
    assert!(pool.is_empty());
}

#[test]
fn restored_batches_come_before_all_others_in_their_order() {
    let mut pool = Pool::default();
    let newer = pool.next_sequence();
    pool.admit(newer, own(&["newer"]), START);
    let low = pool.low_sequences(2);
    pool.restore(low, own(&["a", "b"]), START);
    pool.restore(low + 1, own(&["c"]), START);
    let lower = pool.low_sequences(1);
    pool.restore(lower, own(&["oldest"]), START);
    assert_eq!(texts(&pool), ["oldest", "a", "b", "c", "newer"]);
    assert!(pool.next_sequence() > newer);
}

#[test]
fn sequences_go_on_from_what_was_loaded() {
    let mut pool = Pool::default();
    pool.restore(FIRST_SEQUENCE - 9, own(&["low"]), START);
    pool.restore(FIRST_SEQUENCE + 4, own(&["high"]), START);
    assert_eq!(pool.next_sequence(), FIRST_SEQUENCE + 5);
    assert_eq!(pool.low_sequences(1), FIRST_SEQUENCE - 10);
}

#[test]
fn what_is_put_back_may_exceed_the_bound_and_nothing_enters_until_it_falls() {
    let mut pool = Pool::with_bounds(2, 1 << 20);
    pool.restore(5, own(&["a", "b", "c"]), START);
    assert_eq!(pool.check_room(&own(&["d"])), Err(PoolFull));
    assert_eq!(pool.check_room(&[]), Ok(()), "a request that has nothing new");
    pool.include(&ids(&["a", "b"]), Height::new(1));
    settle(&mut pool);
    assert_eq!(pool.check_room(&own(&["d"])), Ok(()));
    assert_eq!(pool.check_room(&own(&["d", "e"])), Err(PoolFull));
}

#[test]
fn short_records_are_charged_64_bytes_and_long_ones_their_length_and_32() {
    let mut pool = Pool::with_bounds(10, 64 + 132);
    let long = "x".repeat(100);
    assert_eq!(pool.check_room(&own(&["", &long])), Ok(()));
    pool.admit(1, own(&["", &long]), START);
    assert_eq!(pool.usage(START).bytes, 64 + 132);
    assert_eq!(pool.check_room(&own(&["y"])), Err(PoolFull));
}

#[test]
fn cancelling_tells_what_remains_of_the_batch() {
    let mut pool = Pool::default();
    let batch = pool.next_sequence();
    pool.admit(batch, own(&["a", "b", "c"]), START);
    let [a, b, c] = ids(&["a", "b", "c"]).try_into().unwrap();
    assert!(pool.cancel(&a).is_none(), "it is not durable yet");
    settle(&mut pool);
    let rest = pool.cancel(&b).unwrap();
    assert_eq!(rest.batch, batch);
    assert_eq!(rest.records.iter().map(|record| record.id).collect::<Vec<_>>(), [a, c]);
    assert!(pool.cancel(&b).is_none());
    pool.include([&a], Height::new(1));
    assert!(pool.cancel(&a).is_none(), "it is in a block");
    assert!(pool.cancel(&c).unwrap().records.is_empty(), "nothing of the batch waits");
    settle(&mut pool);
    assert!(pool.is_empty());
}

#[test]
fn what_is_not_checked_is_listed_until_it_is() {
    let mut pool = Pool::default();
    let unchecked = |text| NewRecord { is_checked: false, ..record(text, true) };
    pool.restore(1, vec![unchecked("a"), unchecked("b"), record("c", true)], START);
    assert_eq!(pool.unchecked(9), ids(&["a", "b"]));
    assert_eq!(pool.unchecked(1), ids(&["a"]));
    pool.check(&ids(&["a"])[0]);
    assert_eq!(pool.unchecked(9), ids(&["b"]));
    assert_eq!(pool.found(&ids(&["b"])[0]), None, "others of its batch wait");
    assert!(pool.unchecked(9).is_empty());
    assert_eq!(texts(&pool), ["a", "c"]);
    pool.include(&ids(&["a"]), Height::new(1));
    assert_eq!(pool.found(&ids(&["a"])[0]), None, "its block is not durable yet");
    assert_eq!(pool.found(&ids(&["c"])[0]), Some(1));
}

#[test]
fn the_oldest_wait_is_of_the_record_that_entered_first() {
    let mut pool = Pool::default();
    assert_eq!(pool.usage(START).oldest_wait, None);
    pool.restore(9, own(&["a"]), Duration::from_secs(1));
    let low = pool.low_sequences(1);
    pool.restore(low, own(&["b"]), Duration::from_secs(5));
    let usage = pool.usage(Duration::from_secs(7));
    assert_eq!((usage.records, usage.oldest_wait), (2, Some(Duration::from_secs(6))));
}

/// One thing that may happen to a pool.
#[derive(Clone, Debug)]
enum Event {
    /// A batch of records of these numbers, own or relayed.
    Admit(Vec<u8>, bool),
    Restore(Vec<u8>),
    Include(Vec<u8>),
    Settle,
    Cancel(u8),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let numbers = || proptest::collection::vec(0_u8..24, 1..5);
    let event = prop_oneof![
        4 => (numbers(), any::<bool>()).prop_map(|(numbers, own)| Event::Admit(numbers, own)),
        1 => numbers().prop_map(Event::Restore),
        3 => numbers().prop_map(Event::Include),
        3 => Just(Event::Settle),
        1 => (0_u8..24).prop_map(Event::Cancel),
    ];
    proptest::collection::vec(event, 1..60)
}

/// A record of the reference: its number, batch, whether it is own, and its stage.
#[derive(Clone, Debug, PartialEq)]
struct Listed {
    number: u8,
    batch: u64,
    is_own: bool,
    stage: Stage,
}

fn numbered(number: u8, is_own: bool) -> NewRecord {
    record(&number.to_string(), is_own)
}

const MAX: usize = 8;

proptest! {
    #[test]
    fn the_pool_does_what_a_list_does(events in events()) {
        let mut pool = Pool::with_bounds(MAX, 1 << 20);
        let mut list: Vec<Listed> = Vec::new();
        let mut finished: Vec<u64> = Vec::new();
        let fresh = |list: &[Listed], mut numbers: Vec<u8>| {
            numbers.sort_unstable();
            numbers.dedup();
            numbers.retain(|number| !list.iter().any(|listed| listed.number == *number));
            numbers
        };
        for event in events {
            let mut told = Vec::new();
            match event {
                Event::Admit(numbers, is_own) => {
                    let numbers = fresh(&list, numbers);
                    let records: Vec<_> = numbers.iter().map(|&n| numbered(n, is_own)).collect();
                    if records.is_empty() {
                        continue;
                    }
                    let own = list.iter().filter(|listed| listed.is_own).count();
                    if !is_own {
                        let room = (MAX / 2).saturating_sub(list.len() - own);
                        let room = room.min(MAX.saturating_sub(list.len())).min(numbers.len());
                        let batch = pool.next_sequence;
                        prop_assert_eq!(pool.admit_relayed(records, START), room);
                        let stage = Stage::Waiting;
                        let taken = numbers.iter().take(room);
                        list.extend(taken.map(|&number| Listed { number, batch, is_own, stage }));
                        continue;
                    }
                    let fits = own + records.len() <= MAX;
                    prop_assert_eq!(pool.check_room(&records).is_ok(), fits);
                    if fits {
                        let batch = pool.next_sequence();
                        let stage = Stage::Arriving;
                        list.extend(numbers.iter().map(|&number| Listed { number, batch, is_own, stage }));
                        told = pool.admit(batch, records, START);
                        while list.len() > MAX {
                            let out = |listed: &Listed| {
                                !listed.is_own && !matches!(listed.stage, Stage::InBlock(_))
                            };
                            let Some(last) = list.iter().rposition(out) else { break };
                            list.remove(last);
                        }
                    }
                }
                Event::Restore(numbers) => {
                    let numbers = fresh(&list, numbers);
                    if numbers.is_empty() {
                        continue;
                    }
                    let batch = pool.low_sequences(1);
                    pool.restore(batch, numbers.iter().map(|&n| numbered(n, true)).collect(), START);
                    let (is_own, stage) = (true, Stage::Waiting);
                    let restored = numbers.iter().map(|&number| Listed { number, batch, is_own, stage });
                    list.splice(0..0, restored);
                }
                Event::Include(numbers) => {
                    let height = Height::new(3);
                    let included: Vec<_> = numbers.iter().map(|&n| numbered(n, true).id).collect();
                    told = pool.include(&included, height);
                    for listed in list.iter_mut().filter(|listed| numbers.contains(&listed.number)) {
                        listed.stage = Stage::InBlock(height);
                    }
                }
                Event::Settle => {
                    settle(&mut pool);
                    list.retain(|listed| !matches!(listed.stage, Stage::InBlock(_)));
                    for listed in &mut list {
                        listed.stage = Stage::Waiting;
                    }
                }
                Event::Cancel(number) => {
                    let waits = list.iter().position(|listed| {
                        let waits = listed.is_own && listed.stage == Stage::Waiting;
                        waits && listed.number == number
                    });
                    let rest = pool.cancel(&numbered(number, true).id);
                    prop_assert_eq!(rest.is_some(), waits.is_some());
                    if let (Some(rest), Some(waits)) = (rest, waits) {
                        list.remove(waits);
                        if rest.records.is_empty() {
                            told.push(rest.batch);
                        }
                    }
                }
            }
            finished.extend(told);
            let seen: Vec<_> = pool.after(None).map(|(place, entry)| Listed {
                number: entry.record.text.parse().unwrap(),
                batch: place.batch,
                is_own: entry.record.is_own,
                stage: entry.stage,
            }).collect();
            prop_assert_eq!(&seen, &list);
            prop_assert_eq!(pool.usage(START).bytes, list.len() as u64 * pending_charge(""));
            // A batch is told once, when all of its records are gone or in blocks. One that was
            // relayed is not on the disk.
            for listed in list.iter().filter(|listed| listed.is_own) {
                let open = list.iter().any(|other| {
                    other.batch == listed.batch && !matches!(other.stage, Stage::InBlock(_))
                });
                prop_assert_eq!(finished.iter().filter(|&&batch| batch == listed.batch).count(), usize::from(!open));
            }
        }
    }
}
