//! How long the index may keep the writer.

use super::*;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn what_one_step_takes_too_long_is_paid_for_by_later_grants() {
    let mut allowance = Allowance::default();
    assert!(allowance.is_spent());
    allowance.grant(millis(2));
    allowance.spend(millis(1));
    assert!(!allowance.is_spent());
    allowance.spend(millis(6));
    for _ in 0..2 {
        allowance.grant(millis(2));
        assert!(allowance.is_spent());
    }
    allowance.grant(millis(2));
    assert_eq!((allowance.left, allowance.debt), (millis(1), Duration::ZERO));
}

#[test]
fn time_that_was_not_used_is_not_saved() {
    let mut allowance = Allowance::default();
    allowance.grant(millis(9));
    allowance.grant(millis(1));
    allowance.spend(millis(1));
    assert!(allowance.is_spent());
}
