//! When tips wait, and when they do not.

use super::*;

const MILLI: Duration = Duration::from_millis(1);

#[test]
fn tips_that_come_slowly_never_wait() {
    let start = Instant::now();
    let mut debounce = TipDebounce::new(start, Height::GENESIS);
    for number in 1..100 {
        let now = start + MILLI * number;
        debounce.told(now, Height::new(u64::from(number) * 3));
        assert!(debounce.next() <= now, "at {number}");
    }
}

#[test]
fn blocks_that_pour_in_are_gathered_until_they_do_not() {
    let start = Instant::now();
    let mut debounce = TipDebounce::new(start, Height::GENESIS);
    debounce.told(start + MILLI, Height::new(10));
    assert!(debounce.next() <= start + MILLI, "not known to be many yet");
    debounce.told(start + 20 * MILLI, Height::new(80));
    assert_eq!(debounce.next(), start + 40 * MILLI);
    debounce.told(start + 40 * MILLI, Height::new(160));
    assert_eq!(debounce.next(), start + 60 * MILLI);
    debounce.told(start + 75 * MILLI, Height::new(161));
    assert!(debounce.next() <= start + 75 * MILLI);
}

#[test]
fn a_burst_after_a_long_silence_does_not_wait() {
    let start = Instant::now();
    let mut debounce = TipDebounce::new(start, Height::GENESIS);
    let later = start + Duration::from_secs(60);
    debounce.told(later, Height::new(1_000));
    assert!(debounce.next() <= later);
}

#[test]
fn a_tip_that_is_lower_than_the_last_one_does_not_wait() {
    let start = Instant::now();
    let mut debounce = TipDebounce::new(start, Height::new(1_000));
    debounce.told(start + 20 * MILLI, Height::new(990));
    assert!(debounce.next() <= start + 20 * MILLI);
}
