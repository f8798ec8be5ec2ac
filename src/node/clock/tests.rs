//! Which clocks date blocks.

use super::*;

const MAX_FUTURE: u64 = 120_000;
const HOUR: u64 = 3_600_000;
const START: u64 = 1_700_000_000_000;

/// Both clocks, in milliseconds since the start.
fn reading(wall: i64, steady: u64) -> Reading {
    let wall = Timestamp::from_millis(START.checked_add_signed(wall).unwrap());
    Reading { wall, steady: Duration::from_millis(steady) }
}

fn tip(after_start: i64) -> Timestamp {
    reading(after_start, 0).wall
}

fn hours(count: i64) -> i64 {
    count * i64::try_from(HOUR).unwrap()
}

fn watch(start: Reading) -> ClockWatch {
    ClockWatch::new(start, MAX_FUTURE)
}

#[test]
fn a_clock_that_runs_dates_blocks_whatever_the_tip_is_within_what_the_chain_allows() {
    let mut watch = watch(reading(0, 0));
    for (wall, steady) in [(0, 0), (5_000, 5_000), (hours(900), 900 * HOUR)] {
        for ahead in [-1_000, 0, 120_000] {
            assert_eq!(watch.judge(reading(wall, steady), tip(wall + ahead)), Ok(()));
        }
    }
}

#[test]
fn a_tip_that_is_too_far_ahead_is_named_with_how_far_and_how_long_to_wait() {
    let mut watch = watch(reading(0, 0));
    let fault = watch.judge(reading(0, 0), tip(hours(8))).unwrap_err();
    let (ahead, wait) = (Duration::from_secs(8 * 3_600), Duration::from_secs(8 * 3_600 - 120));
    assert_eq!(fault, ClockFault::TipAhead { ahead, wait });
    let text = fault.to_string();
    assert!(text.contains("8 h 0 min ahead") && text.ends_with("in 7 h 58 min"), "{text}");
    let one_too_much = watch.judge(reading(0, 0), tip(120_001)).unwrap_err();
    assert!(matches!(one_too_much, ClockFault::TipAhead { .. }));
    let later = reading(hours(8), 8 * HOUR);
    assert_eq!(watch.judge(later, tip(hours(8))), Ok(()), "its time has come");
}

#[test]
fn a_clock_that_jumps_either_way_dates_no_block_until_it_is_back() {
    let mut watch = watch(reading(0, 0));
    for (wall, forwards) in [(hours(8), true), (hours(-8), false)] {
        let fault = watch.judge(reading(wall + 1_000, 1_000), tip(hours(-9))).unwrap_err();
        assert_eq!(fault, ClockFault::Jumped { by: Duration::from_secs(8 * 3_600), forwards });
        assert_eq!(watch.judge(reading(2_000, 2_000), tip(hours(-9))), Ok(()));
    }
}

#[test]
fn a_step_within_what_the_chain_allows_is_no_jump() {
    let mut watch = watch(reading(0, 0));
    for step in [-120_000, -1, 1, 120_000] {
        assert_eq!(watch.judge(reading(step, 0), tip(-200_000)), Ok(()), "{step}");
    }
    assert!(watch.judge(reading(120_001, 0), tip(0)).is_err());
}

#[test]
fn a_chain_that_allows_no_future_has_its_clock_corrected_by_seconds_all_the_same() {
    let mut watch = ClockWatch::new(reading(0, 0), 0);
    assert_eq!(watch.judge(reading(-10_000, 0), tip(-20_000)), Ok(()));
    assert!(watch.judge(reading(-10_001, 0), tip(-20_000)).is_err());
}

#[test]
fn a_clock_that_was_behind_the_chain_at_the_start_may_be_put_right() {
    // As on a board without a battery, which starts in 1970 and is told the time later.
    let start = Reading { wall: Timestamp::from_millis(0), steady: Duration::ZERO };
    let mut watch = watch(start);
    assert!(matches!(watch.judge(start, tip(0)), Err(ClockFault::TipAhead { .. })));
    assert_eq!(watch.judge(reading(hours(1), 30_000), tip(0)), Ok(()));
    assert_eq!(watch.judge(reading(hours(2), HOUR + 30_000), tip(0)), Ok(()));
    let again = watch.judge(reading(hours(9), HOUR + 30_000), tip(0));
    assert!(matches!(again, Err(ClockFault::Jumped { .. })), "{again:?}");
}

#[test]
fn a_clock_that_was_slow_is_trusted_once_the_chain_shows_that_it_was() {
    let mut watch = watch(reading(hours(-1), 0));
    // Put right: without a block to tell, this may as well be a wrong step forwards.
    assert!(watch.judge(reading(1_000, 1_000), tip(hours(-2))).is_err());
    assert_eq!(watch.judge(reading(2_000, 2_000), tip(0)), Ok(()), "a peer's block came");
    assert_eq!(watch.judge(reading(3_000, 3_000), tip(hours(-2))), Ok(()), "it stays so");
}

#[test]
fn a_clock_that_falls_behind_the_chain_later_is_not_taken_for_a_new_start() {
    let mut watch = watch(reading(0, 0));
    assert_eq!(watch.judge(reading(0, 0), tip(0)), Ok(()));
    assert!(watch.judge(reading(hours(-8), 1_000), tip(0)).is_err());
    assert_eq!(watch.judge(reading(2_000, 2_000), tip(0)), Ok(()));
    assert!(watch.judge(reading(hours(8), 3_000), tip(0)).is_err());
}
