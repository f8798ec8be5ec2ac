//! Tests.

use super::*;

const BOUNDS: &[Millionths] =
    &[Millionths::of_thousandths(1), Millionths::of_thousandths(250), Millionths::of_ones(2)];

/// The cumulative counts of the buckets, the count and the sum.
fn read(histogram: &Histogram) -> (Vec<u64>, u64, String) {
    let HistogramSnapshot { buckets, count, sum } = histogram.snapshot();
    (buckets.into_iter().map(|(_, count)| count).collect(), count, sum.to_string())
}

#[test]
fn a_value_counts_for_every_bucket_that_it_fits_into() {
    let histogram = Histogram::new(BOUNDS);
    assert_eq!(read(&histogram), (vec![0, 0, 0], 0, "0".to_owned()));
    // A bound belongs to its bucket.
    for micros in [0, 1_000, 1_001, 250_000, 2_000_000, 2_000_001] {
        histogram.observe(Duration::from_micros(micros));
    }
    assert_eq!(read(&histogram), (vec![2, 4, 5], 6, "4.252002".to_owned()));
}

#[test]
fn whole_numbers_are_written_as_such() {
    let histogram = Histogram::new(BOUNDS);
    histogram.observe(Millionths::of_ones(2));
    histogram.observe(Millionths::of_ones(40));
    assert_eq!(read(&histogram), (vec![0, 0, 1], 2, "42".to_owned()));
    let bounds: Vec<_> = BOUNDS.iter().map(ToString::to_string).collect();
    assert_eq!(bounds, ["0.001", "0.25", "2"]);
}
