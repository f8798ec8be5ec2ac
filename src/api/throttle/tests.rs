//! Tests.

use super::*;

fn source(address: &str) -> Source {
    address.parse::<IpAddr>().unwrap().into()
}

#[test]
fn the_twentieth_within_a_minute_is_refused() {
    let (throttle, start) = (Throttle::default(), Instant::now());
    let someone = source("192.0.2.1");
    for second in 0..19 {
        let now = start + Duration::from_secs(second);
        assert_eq!(throttle.count(someone, now), None);
        assert_eq!(throttle.refused(someone, now), None);
    }
    let now = start + Duration::from_secs(19);
    assert_eq!(throttle.count(someone, now), Some(Duration::from_secs(41)));
    assert_eq!(throttle.refused(someone, now), Some(Duration::from_secs(41)));
    assert_eq!(throttle.refused(source("192.0.2.2"), now), None);
    // The first one no longer counts.
    assert_eq!(throttle.refused(someone, start + WINDOW), None);
    assert_eq!(throttle.count(someone, start + WINDOW), Some(Duration::from_secs(1)));
}

#[test]
fn nineteen_a_minute_are_never_refused() {
    let (throttle, start) = (Throttle::default(), Instant::now());
    let someone = source("192.0.2.1");
    for number in 0..200 {
        let now = start + Duration::from_millis(number * 60_000 / 19 + number);
        assert_eq!(throttle.count(someone, now), None, "{number}");
    }
}

#[test]
fn an_ipv6_network_is_one_and_mapped_addresses_are_ipv4() {
    assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9"));
    assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
    assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
    assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
}

#[test]
fn what_is_remembered_is_bounded_and_the_latest_stay() {
    let (throttle, start) = (Throttle::default(), Instant::now());
    let address = |number: u32| Source::from(IpAddr::from(number.to_be_bytes()));
    for number in 0..5_000_u32 {
        throttle.count(address(number), start + Duration::from_millis(number.into()));
    }
    let wrong = throttle.wrong.lock().unwrap();
    assert_eq!(wrong.len(), MAX_ADDRESSES);
    assert!(wrong.contains_key(&address(4_999)));
    assert!(!wrong.contains_key(&address(0)));
}

#[test]
fn one_address_is_remembered_in_bounded_space() {
    let (throttle, now) = (Throttle::default(), Instant::now());
    for _ in 0..1_000 {
        throttle.count(source("192.0.2.1"), now);
    }
    assert_eq!(throttle.wrong.lock().unwrap()[&source("192.0.2.1")].len(), MOST_WRONG);
}
