//! Which limit is asked for.

use super::*;

#[test]
fn a_limit_that_is_too_low_is_raised_as_far_as_the_system_lets_it() {
    for (current, maximum, to) in [
        (Some(1_024), Some(4_096), None),
        (Some(1_000), Some(1_000), None),
        (None, None, None),
        (Some(256), Some(4_096), Some(1_000)),
        (Some(256), None, Some(1_000)),
        (Some(256), Some(512), Some(512)),
        (Some(512), Some(512), Some(512)),
    ] {
        assert_eq!(raised(&Rlimit { current, maximum }, 1_000), to, "{current:?} {maximum:?}");
    }
}

#[test]
fn a_limit_that_stays_too_low_says_what_fits_and_what_to_do() {
    let said = too_few(512, 1_000);
    assert!(said.contains("about 448 connections"), "{said}");
    assert!(said.contains("LimitNOFILE=1000") && said.contains("p2p.max_accepted"), "{said}");
}
