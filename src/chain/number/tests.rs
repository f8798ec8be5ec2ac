//! Moving along the chain and through time, at the ends of the range too.

use super::*;

#[test]
fn the_largest_safe_integer_is_the_largest_that_a_double_counts_up_to() {
    assert_eq!(MAX_SAFE_INTEGER, 9_007_199_254_740_991);
    #[expect(clippy::cast_precision_loss, reason = "the loss is what is shown")]
    let as_double = |number: u64| number as f64;
    let next = MAX_SAFE_INTEGER + 1;
    assert!(as_double(MAX_SAFE_INTEGER) < as_double(next));
    assert!(as_double(next).total_cmp(&as_double(next + 1)).is_eq());
}

#[test]
fn a_child_stands_one_above_its_parent() {
    assert_eq!(Height::GENESIS.parent(), None);
    assert_eq!(Height::GENESIS.next().get(), 1);
    assert_eq!(Height::new(7).next().parent(), Some(Height::new(7)));
    assert_eq!(Height::new(u64::MAX).next(), Height::new(u64::MAX));
}

#[test]
fn steps_end_at_genesis_and_at_the_last_height() {
    assert_eq!(Height::new(7).back(3).get(), 4);
    assert_eq!(Height::new(7).back(8), Height::GENESIS);
    assert_eq!(Height::new(7).ahead(3).get(), 10);
    assert_eq!(Height::new(7).ahead(u64::MAX).get(), u64::MAX);
    assert_eq!(Height::new(7).above(Height::new(3)), 4);
    assert_eq!(Height::new(3).above(Height::new(7)), 0);
}

#[test]
fn time_neither_wraps_nor_runs_backwards() {
    let (early, late) = (Timestamp::from_millis(5), Timestamp::from_millis(9));
    assert_eq!(late.millis_since(early), 4);
    assert_eq!(early.millis_since(late), 0);
    assert_eq!(early.plus_millis(4), late);
    assert_eq!(late.plus_millis(u64::MAX).as_millis(), u64::MAX);
}
