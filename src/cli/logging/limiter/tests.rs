//! Tests of the limiter, with time as an argument.

use super::*;

const RATES: Rates = Rates {
    source: Some(Rate { burst: 3, every: Duration::from_secs(10) }),
    kind: Rate { burst: 8, every: Duration::from_secs(1) },
};

fn line(source: u64) -> Line<'static> {
    Line { source, source_name: "192.0.2.1", message: "refused" }
}

fn admitted(
    limiter: &mut LogLimiter<u8>,
    kind: u8,
    sources: impl Iterator<Item = u64>,
    now: Instant,
) -> usize {
    sources.filter(|&source| limiter.admit(kind, &RATES, &line(source), now)).count()
}

#[test]
fn one_source_gets_its_burst_and_then_its_rate() {
    let (mut limiter, now) = (LogLimiter::new(), Instant::now());
    assert_eq!(admitted(&mut limiter, 1, std::iter::repeat_n(7, 1_000), now), 3);
    let later = now + Duration::from_secs(10);
    assert_eq!(admitted(&mut limiter, 1, std::iter::repeat_n(7, 1_000), later), 1);
    let much_later = now + Duration::from_secs(3_600);
    assert_eq!(admitted(&mut limiter, 1, std::iter::repeat_n(7, 1_000), much_later), 3);
}

#[test]
fn a_loud_source_silences_no_other_and_no_other_kind() {
    let (mut limiter, now) = (LogLimiter::new(), Instant::now());
    assert_eq!(admitted(&mut limiter, 1, std::iter::repeat_n(7, 1_000), now), 3);
    assert_eq!(admitted(&mut limiter, 1, std::iter::repeat_n(8, 1_000), now), 3);
    assert_eq!(admitted(&mut limiter, 2, std::iter::repeat_n(7, 1_000), now), 3);
}

#[test]
fn many_sources_share_the_rate_of_their_kind() {
    let (mut limiter, now) = (LogLimiter::new(), Instant::now());
    assert_eq!(admitted(&mut limiter, 1, 0..1_000, now), 8);
    let later = now + Duration::from_secs(5);
    assert_eq!(admitted(&mut limiter, 1, 1_000..2_000, later), 5);
}

#[test]
fn a_line_that_its_kind_has_no_room_for_costs_its_source_nothing() {
    let (mut limiter, now) = (LogLimiter::new(), Instant::now());
    assert_eq!(admitted(&mut limiter, 1, 0..8, now), 8);
    assert_eq!(admitted(&mut limiter, 1, std::iter::repeat_n(9, 50), now), 0);
    let later = now + Duration::from_secs(8);
    assert_eq!(admitted(&mut limiter, 1, std::iter::repeat_n(9, 50), later), 3);
}

#[test]
fn what_is_left_out_is_counted_and_told_once() {
    let (mut limiter, now) = (LogLimiter::new(), Instant::now());
    admitted(&mut limiter, 1, std::iter::repeat_n(7, 1_000), now);
    admitted(&mut limiter, 2, std::iter::repeat_n(7, 2), now);
    let left_out = limiter.left_out();
    let expected = LeftOut {
        kind: 1,
        count: 997,
        message: "refused".to_owned(),
        source_name: "192.0.2.1".to_owned(),
    };
    assert_eq!(left_out, [expected]);
    assert_eq!(limiter.left_out(), []);
}

#[test]
fn a_kept_sample_is_short() {
    let (mut limiter, now) = (LogLimiter::new(), Instant::now());
    let long = "x".repeat(100_000);
    let line = Line { source: 7, source_name: &long, message: &long };
    for _ in 0..10 {
        limiter.admit(1, &RATES, &line, now);
    }
    let left_out = limiter.left_out();
    assert_eq!(left_out[0].message.len(), MAX_SAMPLE);
    assert_eq!(left_out[0].source_name.len(), MAX_SAMPLE);
}

#[test]
fn any_number_of_sources_takes_bounded_memory() {
    const WIDE: Rates = Rates {
        source: RATES.source,
        kind: Rate { burst: u32::MAX, every: Duration::from_nanos(1) },
    };
    let (mut limiter, now) = (LogLimiter::new(), Instant::now());
    let mut admit = |source, now| limiter.admit(1, &WIDE, &line(source), now);
    let max = u64::try_from(MAX_LOG_SOURCES).unwrap();
    let first = (0..max).filter(|&source| admit(source, now)).count();
    assert_eq!(first, MAX_LOG_SOURCES);
    // Those for which there is no room share one burst.
    let further = (max..max * 4).filter(|&source| admit(source, now)).count();
    assert_eq!(further, 3);
    // Later the idle ones make room.
    let later = now + Duration::from_secs(3_600);
    assert!((max..max * 2).all(|source| admit(source, later)));
    assert!(limiter.sources.len() <= MAX_LOG_SOURCES);
}

#[test]
fn without_a_rate_of_sources_only_the_kind_counts() {
    let rates = Rates { source: None, ..RATES };
    let (mut limiter, now) = (LogLimiter::new(), Instant::now());
    let admitted = (0..100).filter(|_| limiter.admit(1, &rates, &line(7), now)).count();
    assert_eq!(admitted, 8);
    assert_eq!(limiter.sources.len(), 0);
}
