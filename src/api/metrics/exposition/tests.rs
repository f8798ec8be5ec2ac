//! Tests.

use std::time::Duration;

use super::*;
use crate::node::{Histogram, Millionths};

#[test]
fn a_metric_is_its_help_its_type_and_its_samples() {
    let mut text = Exposition::default();
    text.gauge("a_bytes", "Bytes.", 7);
    text.counter("b_total", "Events.", u64::MAX);
    text.gauge_if_known("c", "Known or not.", None::<f64>);
    let mut metric = text.metric(Kind::Gauge, "d", "With labels.");
    metric.sample(&[("one", "x")], 0.5);
    metric.flag(&[("one", "y"), ("two", "z")], true);
    let expected = "# HELP a_bytes Bytes.\n# TYPE a_bytes gauge\na_bytes 7\n\
        # HELP b_total Events.\n# TYPE b_total counter\nb_total 18446744073709551615\n\
        # HELP c Known or not.\n# TYPE c gauge\n\
        # HELP d With labels.\n# TYPE d gauge\nd{one=\"x\"} 0.5\nd{one=\"y\",two=\"z\"} 1\n";
    assert_eq!(text.into_text(), expected);
}

#[test]
fn a_histogram_is_its_buckets_its_sum_and_its_count() {
    const BOUNDS: &[Millionths] = &[Millionths::of_thousandths(5), Millionths::of_ones(1)];
    let histogram = Histogram::new(BOUNDS);
    histogram.observe(Duration::from_millis(5));
    histogram.observe(Duration::from_millis(1_500));
    let mut text = Exposition::default();
    let mut metric = text.metric(Kind::Histogram, "a_seconds", "Seconds.");
    metric.histogram(&[("one", "x")], &histogram.snapshot());
    let expected = "# HELP a_seconds Seconds.\n# TYPE a_seconds histogram\n\
        a_seconds_bucket{one=\"x\",le=\"0.005\"} 1\na_seconds_bucket{one=\"x\",le=\"1\"} 1\n\
        a_seconds_bucket{one=\"x\",le=\"+Inf\"} 2\n\
        a_seconds_sum{one=\"x\"} 1.505\na_seconds_count{one=\"x\"} 2\n";
    assert_eq!(text.into_text(), expected);
}

#[test]
fn a_text_stays_within_its_line_and_its_quotes() {
    let mut text = Exposition::default();
    text.metric(Kind::Gauge, "a", "A \\ and\na \".").sample(&[("b", "\"} 1\n\\")], 0);
    let expected = "# HELP a A \\\\ and\\na \".\n# TYPE a gauge\na{b=\"\\\"} 1\\n\\\\\"} 0\n";
    assert_eq!(text.into_text(), expected);
}
