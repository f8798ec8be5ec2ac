//! Counts requests, by the pattern of their route and by what became of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use http::StatusCode;

/// Stands for all paths that no route has. No pattern is like it, since a path begins with `/`.
pub(in crate::api) const UNKNOWN_PATH: &str = "unknown";

/// What became of a request: the class of the status, or `none` for a client that left before.
const OUTCOMES: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", NO_STATUS];

const NO_STATUS: &str = "none";

/// The requests since the start. There are as many counters as the table of routes gives rise to,
/// whatever clients send.
#[derive(Debug)]
pub(in crate::api) struct RequestCounts {
    /// Each path once.
    paths: Vec<PathCounts>,
    unknown: PathCounts,
}

#[derive(Debug)]
struct PathCounts {
    path: &'static str,
    by_outcome: [AtomicU64; OUTCOMES.len()],
}

/// A request that is counted when this is dropped.
#[derive(Debug)]
pub(in crate::api) struct Counting {
    counts: Arc<RequestCounts>,
    path: Option<&'static str>,
    status: Option<StatusCode>,
}

impl RequestCounts {
    /// Returns counters for these patterns, of which some may be equal.
    pub(in crate::api) fn new(patterns: impl IntoIterator<Item = &'static str>) -> Self {
        let mut paths: Vec<PathCounts> = Vec::new();
        for path in patterns {
            if !paths.iter().any(|counts| counts.path == path) {
                paths.push(PathCounts::new(path));
            }
        }
        Self { paths, unknown: PathCounts::new(UNKNOWN_PATH) }
    }

    /// Begins to count a request to a path of this pattern; `None` for one that no route has.
    pub(in crate::api) fn begin(self: &Arc<Self>, path: Option<&'static str>) -> Counting {
        Counting { counts: Arc::clone(self), path, status: None }
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

    fn add(&self, path: Option<&'static str>, outcome: &str) {
        let known = self.paths.iter().find(|counts| Some(counts.path) == path);
        let counts = known.unwrap_or(&self.unknown);
        for (known, count) in OUTCOMES.iter().zip(&counts.by_outcome) {
            if *known == outcome {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl PathCounts {
    fn new(path: &'static str) -> Self {
        Self { path, by_outcome: Default::default() }
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
        self.counts.add(self.path, outcome);
    }
}

#[cfg(test)]
mod tests;
