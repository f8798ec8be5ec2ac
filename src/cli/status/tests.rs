//! Tests of the glance.

use super::*;

#[test]
fn durations_and_rates_are_readable() {
    for (seconds, text) in
        [(0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3_600, "1 h 0 min"), (90_000, "1 d 1 h")]
    {
        assert_eq!(duration(seconds), text);
    }
    for (rate, text) in [(0.4, "0 H/s"), (999.0, "999 H/s"), (1_500.0, "1.50 kH/s")] {
        assert_eq!(hash_rate(rate), text);
    }
    assert_eq!(hash_rate(12_340_000.0), "12.34 MH/s");
}
