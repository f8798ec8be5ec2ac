//! Counts requests by the pattern of their route: what became of them, and how long they took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use http::{Method, StatusCode};

use crate::node::{Histogram, HistogramSnapshot, Millionths};

/// Stands for all paths that no route has. No pattern is like it, since a path begins with `/`.
pub(in crate::api) const UNKNOWN_PATH: &str = "unknown";

/// What became of a request: the class of the status, or `none` for a client that left before.
const OUTCOMES: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", NO_STATUS];

/// Stands for all methods that a path does not take.
const OTHER_METHOD: &str = "other";

/// Bounds of the time until a response begins, in seconds: 1 ms to 60 s.
const REQUEST_BOUNDS: &[Millionths] = &[
    Millionths::of_thousandths(1),
    Millionths::of_thousandths(5),
    Millionths::of_thousandths(25),
    Millionths::of_thousandths(100),
    Millionths::of_thousandths(500),
    Millionths::of_thousandths(2_500),
    Millionths::of_ones(10),
    Millionths::of_ones(60),
];

const NO_STATUS: &str = "none";

/// The requests since the start. There are as many counters as the table of routes gives rise to,
/// whatever clients send.
#[derive(Debug)]
pub(in crate::api) struct RequestCounts {
    /// Each path once.
    paths: Vec<PathCounts>,
    unknown: PathCounts,
    /// Of requests that no route takes, by their path or their method.
    untaken: Histogram,
}

#[derive(Debug)]
struct PathCounts {
    path: &'static str,
    by_outcome: [AtomicU64; OUTCOMES.len()],
    by_method: Vec<(Method, Histogram)>,
}

/// A request that is counted when this is dropped.
#[derive(Debug)]
pub(in crate::api) struct Counting {
    counts: Arc<RequestCounts>,
    path: Option<&'static str>,
    method: Method,
    status: Option<StatusCode>,
    begun: Instant,
}

impl RequestCounts {
    /// Returns counters for these routes: the pattern, which several may share, and the method.
    pub(in crate::api) fn new(routes: impl IntoIterator<Item = (&'static str, Method)>) -> Self {
        let mut paths: Vec<PathCounts> = Vec::new();
        for (path, method) in routes {
            let duration = (method, Histogram::new(REQUEST_BOUNDS));
            match paths.iter_mut().find(|counts| counts.path == path) {
                Some(counts) => counts.by_method.push(duration),
                None => paths.push(PathCounts::new(path, vec![duration])),
            }
        }
        let unknown = PathCounts::new(UNKNOWN_PATH, Vec::new());
        Self { paths, unknown, untaken: Histogram::new(REQUEST_BOUNDS) }
    }

    /// Begins to count a request to a path of this pattern; `None` for one that no route has.
    pub(in crate::api) fn begin(
        self: &Arc<Self>,
        path: Option<&'static str>,
        method: Method,
    ) -> Counting {
        Counting { counts: Arc::clone(self), path, method, status: None, begun: Instant::now() }
    }

    /// Returns how long the requests of each route took that had any: its pattern, its method,
    /// and the seconds.
    pub(in crate::api) fn durations(
        &self,
    ) -> impl Iterator<Item = (&'static str, &str, HistogramSnapshot)> + '_ {
        let taken = self.paths.iter().flat_map(|counts| {
            let by_method = counts.by_method.iter();
            by_method.map(|(method, seconds)| (counts.path, method.as_str(), seconds))
        });
        let all = taken.chain([(UNKNOWN_PATH, OTHER_METHOD, &self.untaken)]);
        let read = all.map(|(path, method, seconds)| (path, method, seconds.snapshot()));
        read.filter(|(_, _, seconds)| seconds.count > 0)
    }

    /// Returns every counter: the path's pattern, the outcome, and how many requests.
    pub(in crate::api) fn all(
        &self,
    ) -> impl Iterator<Item = (&'static str, &'static str, u64)> + '_ {
        self.paths.iter().chain([&self.unknown]).flat_map(|counts| {
            let outcomes = OUTCOMES.iter().zip(&counts.by_outcome);
            outcomes.map(|(outcome, count)| (counts.path, *outcome, count.load(Ordering::Relaxed)))
        })
    }

    fn add(&self, counting: &Counting, outcome: &str) {
        let known = self.paths.iter().find(|counts| Some(counts.path) == counting.path);
        let counts = known.unwrap_or(&self.unknown);
        let taken = counts.by_method.iter().find(|(method, _)| *method == counting.method);
        taken.map_or(&self.untaken, |(_, seconds)| seconds).observe(counting.begun.elapsed());
        for (known, count) in OUTCOMES.iter().zip(&counts.by_outcome) {
            if *known == outcome {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl PathCounts {
    fn new(path: &'static str, by_method: Vec<(Method, Histogram)>) -> Self {
        Self { path, by_outcome: Default::default(), by_method }
    }
}

impl Counting {
    /// The request got this status.
    pub(in crate::api) fn end(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        let outcome = match self.status.map(|status| status.as_u16()) {
            // A handler that panics gets its 500 further out.
            None if thread::panicking() => "5xx",
            None => NO_STATUS,
            Some(..=299) => "2xx",
            Some(300..=399) => "3xx",
            Some(400..=499) => "4xx",
            Some(_) => "5xx",
        };
        self.counts.add(self, outcome);
    }
}

#[cfg(test)]
mod tests;
