//! How waits grow.

use super::*;

#[test]
fn waits_double_from_a_second_to_ten_minutes_and_begin_anew_when_reset() {
    let mut backoff = Backoff::default();
    let waits: Vec<u64> =
        (0..12).map(|_| backoff.next(0).as_millis().try_into().unwrap()).collect();
    let halves: Vec<u64> = (0..12).map(|step| (500 << step).min(300_000)).collect();
    assert_eq!(waits, halves, "half of the length, and a random part of the other half");
    backoff.reset();
    assert_eq!(backoff.next(0), Duration::from_millis(500));
    assert_eq!(backoff.longest(0), LONGEST / 2);
    assert_eq!(backoff.next(0), LONGEST / 2);
}

#[test]
fn a_wait_is_between_half_and_all_of_its_length() {
    for random in [0, 1, 499, 500, 501, u64::MAX] {
        let wait = Backoff::default().next(random);
        assert!(wait >= SHORTEST / 2 && wait <= SHORTEST, "{random}: {wait:?}");
    }
    assert_ne!(Backoff::default().next(3), Backoff::default().next(4));
}
