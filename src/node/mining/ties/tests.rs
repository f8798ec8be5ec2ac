//! How long a tie is left to others.

use super::*;

const fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn tip(name: u8) -> Hash {
    Hash::new([name; 32])
}

/// Ties that are ended after 1 to 3 s: 1.5 s with this randomness.
fn ties() -> Ties {
    Ties::new(RandomDelay::spread(at(1_000), 2_000, || 500))
}

#[test]
fn a_tie_is_ended_once_its_random_time_is_over() {
    let mut ties = ties();
    let mut left = |now| ties.time_left(at(now), Some(tip(1)), tip(1));
    assert_eq!(left(10_000), Some(at(1_500)));
    assert_eq!(left(11_000), Some(at(500)));
    assert_eq!(left(11_500), Some(at(0)));
    assert_eq!(left(12_000), Some(at(0)), "until a block is mined");
}

#[test]
fn without_a_tie_nothing_is_to_be_ended() {
    assert_eq!(ties().time_left(at(0), None, tip(1)), None);
}

#[test]
fn a_tie_of_an_earlier_tip_is_over() {
    let mut ties = ties();
    assert!(ties.time_left(at(0), Some(tip(1)), tip(1)).is_some());
    assert_eq!(ties.time_left(at(5_000), Some(tip(1)), tip(2)), None);
}

#[test]
fn the_next_tie_gets_its_whole_time() {
    let mut ties = ties();
    for (now, name) in [(0, 1), (1_000, 2), (1_200, 1)] {
        assert_eq!(ties.time_left(at(now), Some(tip(name)), tip(name)), Some(at(1_500)));
    }
    assert_eq!(ties.time_left(at(2_000), None, tip(1)), None);
    assert_eq!(ties.time_left(at(2_100), Some(tip(1)), tip(1)), Some(at(1_500)));
}
