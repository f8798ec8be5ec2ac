//! Places of streams.

use super::*;

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

#[test]
fn a_user_has_four_streams_from_one_address() {
    let slots = EventSlots::new(LongRequests::default());
    let mut held: Vec<_> = (0..4).map(|_| slots.take("ann", address(1)).unwrap()).collect();
    assert!(slots.take("ann", address(1)).is_none());
    assert!(slots.take("ann", address(2)).is_some());
    assert!(slots.take("ben", address(1)).is_some());
    held.pop();
    assert!(slots.take("ann", address(1)).is_some());
    drop(held);
    assert!(slots.streams.lock().unwrap().is_empty());
}

#[test]
fn there_are_64_streams_in_all() {
    let slots = EventSlots::new(LongRequests::default());
    let take = |last: u8| slots.take(if last < 32 { "ann" } else { "ben" }, address(last));
    let mut held: Vec<_> = (0..64).map(|last| take(last).unwrap()).collect();
    assert!(take(64).is_none());
    held.pop();
    assert!(take(64).is_some());
}

#[test]
fn a_stream_takes_a_place_among_the_requests_that_last() {
    let long_requests = LongRequests::default();
    let slots = EventSlots::new(long_requests.clone());
    let stream = slots.take("ann", address(1)).unwrap();
    assert_eq!(long_requests.count(), 1);
    let mut held: Vec<_> = (1..64).map(|_| long_requests.take("ann").unwrap()).collect();
    assert!(slots.take("ann", address(2)).is_none());
    held.pop();
    assert!(slots.take("ann", address(2)).is_some());
    drop((stream, held));
    assert_eq!(long_requests.count(), 0);
}
