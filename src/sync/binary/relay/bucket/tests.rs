//! What a bucket allows, and when.

use super::*;

const fn at(millis: u64) -> Time {
    Time(Duration::from_millis(1_000_000 + millis))
}

/// A unit each 10 ms, and a burst of five.
const fn bucket() -> Bucket {
    Bucket::new(Duration::from_millis(10), 5)
}

#[test]
fn a_burst_is_allowed_and_then_the_rate() {
    let mut bucket = bucket();
    assert_eq!(bucket.available(at(0)), 5);
    bucket.spend(at(0), 5);
    assert_eq!((bucket.available(at(9)), bucket.available(at(10))), (0, 1));
    assert_eq!(bucket.available(at(35)), 3);
    assert_eq!(bucket.available(at(10_000)), 5, "no more than the burst is saved up");
}

#[test]
fn what_was_spent_above_it_is_paid_for_first() {
    let mut bucket = bucket();
    bucket.spend(at(0), 8);
    assert_eq!((bucket.available(at(39)), bucket.available(at(40))), (0, 1));
    assert_eq!(bucket.ready_at(1), at(40));
}

#[test]
fn it_tells_when_units_are_available() {
    let mut bucket = bucket();
    assert!(bucket.ready_at(5) <= at(0));
    bucket.spend(at(0), 3);
    assert!(bucket.ready_at(2) <= at(0));
    assert_eq!((bucket.ready_at(3), bucket.ready_at(5)), (at(10), at(30)));
    assert_eq!(bucket.available(bucket.ready_at(4)), 4);
}
