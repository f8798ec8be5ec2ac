//! Tests of the words.

use super::*;

#[test]
fn durations_are_readable() {
    for (seconds, text) in
        [(0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3_600, "1 h 0 min"), (90_000, "1 d 1 h")]
    {
        assert_eq!(duration(seconds), text);
    }
}

#[test]
fn a_pace_names_both_rates_the_time_left_and_the_peers() {
    let pace = Pace {
        blocks_per_second: 53_999.7,
        bytes_per_second: 16_200_000.0,
        eta: Some(2),
        peers: 3,
    };
    assert_eq!(pace.text(), "54,000 blocks/s, 16.2 MB/s, ETA 2 s, 3 peers");
    let stalled = Pace { peers: 1, ..Pace::default() };
    assert_eq!(stalled.text(), "0 blocks/s, 0.0 MB/s, 1 peer");
}
