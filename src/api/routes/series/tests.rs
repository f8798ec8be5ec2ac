//! Tests.

use super::*;
use crate::chain::Bits;

fn facts(seconds: &[u64]) -> Vec<Fact> {
    let bits = Spec::dev().pow_limit().to_bits();
    let fact =
        |&second| Fact { timestamp: Timestamp::from_millis(second * 1_000), bits, records: 2 };
    seconds.iter().map(fact).collect()
}

fn gathered(from: u64, to: u64, points: u64, seconds: &[u64]) -> Vec<(u64, u64, Option<f64>, u64)> {
    let range = Range { from: Height::new(from), to: Height::new(to), points };
    let series = range.gather(&facts(seconds), &Spec::dev());
    let point =
        |point: &Point| (point.height.get(), point.blocks, point.seconds_per_block, point.records);
    series.points.iter().map(point).collect()
}

#[test]
fn each_block_is_a_point_while_there_is_room() {
    let seconds = [0, 10, 12, 19];
    let expected =
        [(0, 1, None, 2), (1, 1, Some(10.0), 2), (2, 1, Some(2.0), 2), (3, 1, Some(7.0), 2)];
    assert_eq!(gathered(0, 3, 4, &seconds), expected);
    assert_eq!(gathered(1, 3, 100, &seconds), expected[1..]);
}

#[test]
fn blocks_are_gathered_into_points_of_equal_length() {
    // The first one is the parent of block 5.
    let seconds = [0, 10, 12, 19, 20, 21];
    assert_eq!(gathered(5, 9, 2, &seconds), [(7, 3, Some(19.0 / 3.0), 6), (9, 2, Some(1.0), 4)]);
    assert_eq!(gathered(5, 9, 1, &seconds), [(9, 5, Some(21.0 / 5.0), 10)]);
    assert_eq!(gathered(0, 5, 1, &seconds), [(5, 6, Some(21.0 / 5.0), 12)]);
}

#[test]
fn the_range_ends_at_the_tip_and_is_bounded() {
    let parse = |query: &str| Range::parse(&Query::parse(query), Height::new(20_000));
    let range = |from, to, points| Range { from: Height::new(from), to: Height::new(to), points };
    assert_eq!(parse("").unwrap(), range(19_641, 20_000, 360));
    assert_eq!(parse("to=99999&points=7").unwrap(), range(19_641, 20_000, 7));
    assert_eq!(parse("to=5").unwrap(), range(0, 5, 360));
    assert_eq!(parse("from=10001").unwrap(), range(10_001, 20_000, 360));
    for query in ["from=10000", "from=6&to=5", "from=20001", "points=0", "points=1001", "to=x"] {
        assert!(parse(query).is_err(), "{query}");
    }
}

#[test]
fn a_harder_target_has_a_higher_difficulty() {
    let spec = Spec::jenny();
    let mut facts = facts(&[0, 1]);
    facts[0].bits = spec.pow_limit().to_bits();
    facts[1].bits = Bits::new(0x1e7f_ff80);
    let range = Range { from: Height::new(0), to: Height::new(1), points: 2 };
    let points = range.gather(&facts, &spec).points;
    assert!((points[0].difficulty - 1.0).abs() < f64::EPSILON);
    assert!((points[1].difficulty - 2.0).abs() < 0.001, "{}", points[1].difficulty);
    assert_eq!(points[1].bits, "1e7fff80");
}
