//! The search against a plain one.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::chain::test_util::{hopeless, seal};
use crate::chain::{Spec, TipState};

fn template(spec: &Spec, record: &str) -> Header {
    let now = Timestamp::from_millis(1_700_000_000_000);
    TipState::genesis(spec).template(spec, &[record.to_owned()], now)
}

fn search(threads: usize, stop: &(dyn Fn() -> bool + Sync)) -> Search<'_> {
    Search {
        threads,
        priority: Priority::Normal,
        clock: || Timestamp::from_millis(1_700_000_000_000),
        stop,
    }
}

#[test]
fn one_thread_finds_the_lowest_nonce_and_counts_every_attempt() {
    for record in 0..50 {
        let template = template(&Spec::dev(), &record.to_string());
        let outcome = search(1, &|| false).run(template);
        let mut expected = template;
        seal(&mut expected, true);
        assert_eq!(outcome.found, Some(expected));
        assert_eq!(outcome.hashes, expected.nonce + 1);
    }
}

#[test]
fn several_threads_find_a_nonce_within_the_target() {
    for record in 0..4 {
        let template = template(&Spec::jenny(), &record.to_string());
        let outcome = search(3, &|| false).run(template);
        let found = outcome.found.unwrap();
        assert!(found.bits.target().unwrap().is_met_by(&found.hash()));
        assert_eq!(Header { nonce: 0, ..found }, template);
        assert!(outcome.hashes >= 1);
    }
}

#[test]
fn a_search_stops_soon_after_it_is_told() {
    let asked = AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) >= 10;
    let outcome = search(2, &stop).run(template(&hopeless(), "a"));
    assert!(outcome.found.is_none());
    assert!(outcome.hashes <= 14 * u64::from(SEARCH_CHUNK), "{} hashes", outcome.hashes);
}

#[test]
fn no_two_lanes_share_a_nonce_and_all_are_safe_integers() {
    let round = Round::new(template(&Spec::dev(), "a"));
    let highs: Vec<_> = (0..8).map(|_| round.lane().unwrap().high).collect();
    assert_eq!(highs, (0..8).collect::<Vec<_>>());

    round.high.store(MAX_HIGH, Ordering::Relaxed);
    assert_eq!(round.lane().unwrap().high << 32 | u64::from(u32::MAX), MAX_SAFE_INTEGER);
    assert!(round.lane().is_none());
}

#[test]
fn a_lane_ends_after_its_last_nonce() {
    let round = Round::new(template(&hopeless(), "a"));
    let mut lane = round.lane().unwrap();
    lane.low = Some(u32::MAX - (SEARCH_CHUNK - 1));
    assert!(!round.step(&mut lane));
    assert_eq!(lane.low, None);
    assert_eq!(round.hashes.load(Ordering::Relaxed), u64::from(SEARCH_CHUNK));
    assert!(!round.step(&mut lane));
    assert_eq!(round.hashes.load(Ordering::Relaxed), u64::from(SEARCH_CHUNK));
}

#[test]
fn a_nonce_above_32_bits_is_found_as_the_header_hashes() {
    let round = Round::new(template(&Spec::dev(), "a"));
    round.high.store(5, Ordering::Relaxed);
    let mut lane = round.lane().unwrap();
    assert!(round.step(&mut lane));
    let nonce = round.found.load(Ordering::Relaxed);
    assert_eq!(nonce >> 32, 5);
    let header = Header { nonce, ..round.header };
    assert!(header.bits.target().unwrap().is_met_by(&header.hash()));
}

#[test]
fn nonces_are_tried_again_only_under_another_timestamp() {
    let header = template(&Spec::dev(), "a");
    let round = Round::new(header);
    round.lane().unwrap();
    let same = round.next(header.timestamp);
    assert_eq!(same.lane().unwrap().high, 1);
    let later = header.timestamp.plus_millis(1);
    let other = same.next(later);
    assert_eq!(other.lane().unwrap().high, 0);
    assert_eq!(other.header, Header { timestamp: later, ..header });
}

#[test]
fn a_hash_is_compared_with_the_target_as_a_number() {
    let round = Round::new(template(&hopeless(), "a"));
    let number = |last: u8| {
        let mut bytes = [0; 32];
        bytes[31] = last;
        bytes
    };
    assert_eq!(round.target, number(1));
    assert!(round.is_met_by(&number(0)) && round.is_met_by(&number(1)));
    assert!(!round.is_met_by(&number(2)));

    let round = Round::new(template(&Spec::jenny(), "a"));
    for hash in [round.target, [0; 32]] {
        assert!(round.is_met_by(&hash));
    }
    let mut above = round.target;
    above[31] += 1;
    assert!(!round.is_met_by(&above));
    assert!(!round.is_met_by(&[0xff; 32]));
}
