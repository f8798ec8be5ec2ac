//! How often values were how large, in a fixed number of buckets.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Values are kept in millionths, so that seconds and counts need no floating point.
const PARTS_OF_ONE: u64 = 1_000_000;

/// A value in millionths: of a second, or of one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Millionths(u64);

/// Counts values by their size. Any thread may add to it while others read.
#[derive(Debug)]
pub struct Histogram {
    /// In ascending order.
    bounds: &'static [Millionths],
    /// Values up to each bound and above the one before, and those above all bounds.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// What a histogram held when it was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HistogramSnapshot {
    /// Each bound, with the number of values up to it.
    pub buckets: Vec<(Millionths, u64)>,
    /// The number of all values.
    pub count: u64,
    /// The sum of all values.
    pub sum: Millionths,
}

impl Millionths {
    /// Returns this many thousandths.
    pub const fn of_thousandths(count: u64) -> Self {
        Self(count.saturating_mul(PARTS_OF_ONE / 1_000))
    }

    /// Returns a whole number.
    pub const fn of_ones(count: u64) -> Self {
        Self(count.saturating_mul(PARTS_OF_ONE))
    }
}

impl From<Duration> for Millionths {
    /// In seconds.
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Millionths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Duration::from_micros(self.0).as_secs_f64().fmt(f)
    }
}

impl Histogram {
    /// Returns an empty one. `bounds` are in ascending order.
    pub fn new(bounds: &'static [Millionths]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    /// Counts a value.
    pub fn observe(&self, value: impl Into<Millionths>) {
        let value = value.into();
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value.0, Ordering::Relaxed);
    }

    /// Returns what it holds. The number of all values is that of its buckets, also while others
    /// add to it.
    pub fn snapshot(&self) -> HistogramSnapshot {
        let mut count = 0_u64;
        let mut up_to = self.counts.iter().map(|bucket| {
            count = count.saturating_add(bucket.load(Ordering::Relaxed));
            count
        });
        let buckets = self.bounds.iter().copied().zip(up_to.by_ref()).collect();
        let all = up_to.last();
        let sum = Millionths(self.sum.load(Ordering::Relaxed));
        HistogramSnapshot { buckets, count: all.unwrap_or(count), sum }
    }
}

#[cfg(test)]
mod tests;
