//! Work against a division in twice the width.

use proptest::prelude::*;
use ruint::aliases::U512;

use super::*;
use crate::chain::test_util::{any_target, cases};

fn work_of(target: U256) -> Work {
    Work::of(Target::new(target).unwrap())
}

fn number(work: Work) -> U256 {
    U256::from_be_bytes(work.to_bytes())
}

#[test]
fn the_ends_of_the_range_are_exact() {
    assert_eq!(work_of(U256::MAX).to_string(), "1");
    assert_eq!(work_of(U256::MAX - U256::from(1)).to_string(), "1");
    assert_eq!(number(work_of(U256::from(1))), U256::from(1) << 255);
    assert_eq!(number(work_of(U256::MAX >> 1)), U256::from(2));
}

#[test]
fn a_sum_stops_at_the_largest_number() {
    let half = work_of(U256::from(1));
    assert_eq!(number(half.plus(half)), U256::MAX);
    assert_eq!(number(half.minus(half.plus(half))), U256::ZERO);
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn work_is_the_quotient_in_twice_the_width(target in any_target()) {
        let quotient = (U512::from(1) << 256) / (U512::from(target.get()) + U512::from(1));
        prop_assert_eq!(U512::from(number(Work::of(target))), quotient);
    }

    #[test]
    fn a_harder_target_is_never_less_work(a in any_target(), b in any_target()) {
        prop_assert!(Work::of(a.min(b)) >= Work::of(a.max(b)));
    }

    #[test]
    fn byte_order_is_numeric_order(a: [u8; 32], b: [u8; 32]) {
        prop_assert_eq!(Work::from_bytes(a).to_bytes(), a);
        prop_assert_eq!(Work::from_bytes(a).cmp(&Work::from_bytes(b)), a.cmp(&b));
    }

    #[test]
    fn what_is_added_is_taken_away_again(a in any_target(), b in any_target()) {
        let (a, b) = (Work::of(a), Work::of(b));
        prop_assume!(number(a).checked_add(number(b)).is_some());
        prop_assert_eq!(a.plus(b).minus(b), a);
    }

    #[test]
    fn it_is_shown_in_decimal(number: u128) {
        prop_assert_eq!(Work(U256::from(number)).to_string(), number.to_string());
    }
}
