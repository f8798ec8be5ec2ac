//! Tests.

use std::net::IpAddr;

use super::*;

fn source(address: &str) -> Source {
    address.parse::<IpAddr>().unwrap().into()
}

fn claim(address: &str, user: &str) -> Claim {
    Claim { source: source(address), user: Some(user.into()) }
}

/// A source that is throttled by guesses at names that nobody has.
fn throttled(now: Instant) -> Arc<Throttle> {
    let throttle = Arc::new(Throttle::default());
    let nobody = Claim { source: source("192.0.2.1"), user: None };
    for _ in 0..MAX_WRONG {
        throttle.count(&nobody, now);
    }
    throttle
}

#[test]
fn the_twentieth_within_a_minute_is_refused() {
    let (throttle, start) = (Throttle::default(), Instant::now());
    let someone = claim("192.0.2.1", "ann");
    for second in 0..19 {
        let now = start + Duration::from_secs(second);
        assert_eq!(throttle.count(&someone, now), None);
        assert_eq!(throttle.throttled(someone.source, now), None);
    }
    let now = start + Duration::from_secs(19);
    // Names of one source count together.
    assert_eq!(throttle.count(&claim("192.0.2.1", "bob"), now), Some(Duration::from_secs(41)));
    assert_eq!(throttle.throttled(someone.source, now), Some(Duration::from_secs(41)));
    assert_eq!(throttle.throttled(source("192.0.2.2"), now), None);
    // The first one no longer counts.
    assert_eq!(throttle.throttled(someone.source, start + WRONG_WINDOW), None);
    assert_eq!(throttle.count(&someone, start + WRONG_WINDOW), Some(Duration::from_secs(1)));
}

#[test]
fn nineteen_a_minute_are_never_refused() {
    let (throttle, start) = (Throttle::default(), Instant::now());
    let someone = claim("192.0.2.1", "ann");
    for number in 0..200 {
        let now = start + Duration::from_millis(number * 60_000 / 19 + number);
        assert_eq!(throttle.count(&someone, now), None, "{number}");
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
    let claim = |number: u32| {
        let source = Source::from(IpAddr::from(number.to_be_bytes()));
        Claim { source, user: Some("ann".into()) }
    };
    for number in 0..5_000_u32 {
        throttle.count(&claim(number), start + Duration::from_millis(number.into()));
    }
    let state = throttle.lock();
    assert_eq!((state.sources.len(), state.names.len()), (MAX_THROTTLED, MAX_NAMES));
    assert!(state.sources.contains_key(&claim(4_999).source));
    assert!(state.names.contains_key(&claim(4_999)));
    assert!(!state.sources.contains_key(&claim(0).source));
}

#[test]
fn one_address_is_remembered_in_bounded_space() {
    let (throttle, now) = (Throttle::default(), Instant::now());
    let someone = claim("192.0.2.1", "ann");
    for _ in 0..1_000 {
        throttle.count(&someone, now);
    }
    assert_eq!(throttle.lock().sources[&someone.source].wrong.len(), MAX_WRONG);
}

#[test]
fn a_throttled_source_has_a_turn_a_second_and_another_one_its_own() {
    let start = Instant::now();
    let throttle = throttled(start);
    let ann = throttle.queue(claim("192.0.2.1", "ann")).unwrap();
    assert_eq!(ann.turn(start), Ok(()));
    assert_eq!(ann.turn(start), Err(TURN));
    assert_eq!(ann.turn(start + Duration::from_millis(400)), Err(Duration::from_millis(600)));
    assert_eq!(ann.turn(start + TURN), Ok(()));
    let other = throttle.queue(claim("192.0.2.2", "ann")).unwrap();
    assert_eq!(other.turn(start + TURN), Ok(()));
}

#[test]
fn turns_go_round_the_names_that_wait() {
    let start = Instant::now();
    let throttle = throttled(start);
    // A guesser asks all the time, about names that are nobody's and one that is bob's.
    let nobody = Claim { source: source("192.0.2.1"), user: None };
    let guesses: Vec<_> = [nobody, claim("192.0.2.1", "bob")]
        .into_iter()
        .map(|claim| throttle.queue(claim).unwrap())
        .collect();
    let second = |number: u64| start + TURN * u32::try_from(number).unwrap();
    for number in 0..10 {
        let taken = guesses.iter().filter(|guess| guess.turn(second(number)).is_ok());
        assert_eq!(taken.count(), 1, "{number}");
    }
    let ann = throttle.queue(claim("192.0.2.1", "ann")).unwrap();
    assert!(guesses.iter().all(|guess| guess.turn(second(10)).is_err()), "ann comes first");
    assert_eq!(ann.turn(second(10)), Ok(()));
    drop(ann);
    assert!(guesses.iter().any(|guess| guess.turn(second(11)).is_ok()));
}

#[test]
fn guesses_at_one_name_get_no_more_turns_than_before() {
    let start = Instant::now();
    let throttle = Arc::new(Throttle::default());
    let ann = claim("192.0.2.1", "ann");
    for _ in 0..MAX_WRONG {
        throttle.count(&ann, start);
    }
    let guess = throttle.queue(ann.clone()).unwrap();
    let mut turns = 0;
    for tenth in 0..600 {
        let now = start + Duration::from_millis(tenth * 100);
        if guess.turn(now).is_ok() {
            turns += 1;
            throttle.count(&ann, now);
        }
    }
    assert_eq!(turns, MAX_WRONG);
    // Its rest keeps nobody else from a turn.
    let now = start + WRONG_WINDOW;
    assert!(guess.turn(now).is_ok());
    let bob = throttle.queue(claim("192.0.2.1", "bob")).unwrap();
    assert_eq!(bob.turn(now + TURN), Ok(()));
}

#[test]
fn few_wait_with_one_claim_and_leave_nothing_behind() {
    let throttle = throttled(Instant::now());
    let queue = || throttle.queue(claim("192.0.2.1", "ann"));
    let waiting: Vec<_> = (0..MAX_TURNS_WAITING).map(|_| queue().unwrap()).collect();
    assert!(queue().is_none());
    assert!(throttle.queue(claim("192.0.2.1", "bob")).is_some());
    drop(waiting);
    assert!(throttle.lock().waiting.is_empty());
    assert!(queue().is_some());
}
