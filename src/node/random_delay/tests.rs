//! Both ends of a delay.

use super::*;

#[test]
fn a_delay_is_between_both_ends() {
    let drawn = |random| RandomDelay::spread(Duration::from_secs(1), 2_000, random).draw();
    assert_eq!(drawn(|| 0), Duration::from_secs(1));
    assert_eq!(drawn(|| 2_000), Duration::from_secs(3));
    assert_eq!(drawn(|| 2_001), Duration::from_secs(1));
    assert_eq!(drawn(|| u64::MAX).as_millis(), 1_000 + u128::from(u64::MAX % 2_001));
}
