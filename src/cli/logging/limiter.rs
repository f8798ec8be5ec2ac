//! How many lines of one kind, and of one source, the log takes: whatever an outsider provokes.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// Most sources that are told apart at a time, of all kinds together. Further ones share a rate.
pub(super) const MAX_LOG_SOURCES: usize = 4_096;

/// Time between two looks for sources that can be forgotten.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Longest part of a line, in characters, that is kept of lines left out.
const MAX_SAMPLE: usize = 120;

/// A number of lines at once, and one more in each interval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rate {
    pub(super) burst: u32,
    pub(super) every: Duration,
}

/// What a line counts against.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Rates {
    /// Lines of one source and kind; `None` where sources are not told apart.
    pub(super) source: Option<Rate>,
    /// Lines of one kind.
    pub(super) kind: Rate,
}

/// A line that may be left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Where it comes from, hashed.
    pub(super) source: u64,
    /// The same, for people; empty when there is none to name.
    pub(super) source_name: &'a str,
    /// What it says.
    pub(super) message: &'a str,
}

/// Lines of one kind that were left out.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct LeftOut<K> {
    pub(super) kind: K,
    pub(super) count: u64,
    /// The first of them.
    pub(super) message: String,
    pub(super) source_name: String,
}

/// Admits lines at a bounded rate. `K` tells kinds apart: places in the program, which nothing
/// from outside adds to.
#[derive(Debug)]
pub(super) struct LogLimiter<K> {
    kinds: HashMap<K, Kind>,
    sources: HashMap<(K, u64), Bucket>,
    swept: Option<Instant>,
}

#[derive(Debug, Default)]
struct Kind {
    all: Bucket,
    /// Sources for which there is no room.
    others: Bucket,
    left_out: u64,
    message: String,
    source_name: String,
}

/// When the lines so far have been paid for. In the past: the whole burst is free.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket(Option<Instant>);

impl<K: Clone + Eq + Hash> LogLimiter<K> {
    pub(super) fn new() -> Self {
        Self { kinds: HashMap::new(), sources: HashMap::new(), swept: None }
    }

    /// Returns whether a line may be written. One that may not is counted.
    pub(super) fn admit(&mut self, kind: K, rates: &Rates, line: &Line<'_>, now: Instant) -> bool {
        self.sweep(now);
        let Self { kinds, sources, .. } = self;
        let seen = kinds.entry(kind.clone()).or_default();
        let source = rates.source.map(|rate| {
            let key = (kind, line.source);
            let has_room = sources.len() < MAX_LOG_SOURCES || sources.contains_key(&key);
            let bucket = if has_room { sources.entry(key).or_default() } else { &mut seen.others };
            (bucket, rate)
        });
        let is_free = seen.all.has_room(rates.kind, now)
            && source.as_ref().is_none_or(|(bucket, rate)| bucket.has_room(*rate, now));
        if is_free {
            seen.all.take(rates.kind, now);
            if let Some((bucket, rate)) = source {
                bucket.take(rate, now);
            }
            return true;
        }
        if seen.left_out == 0 {
            seen.message = line.message.chars().take(MAX_SAMPLE).collect();
            seen.source_name = line.source_name.chars().take(MAX_SAMPLE).collect();
        }
        seen.left_out = seen.left_out.saturating_add(1);
        false
    }

    /// Returns what was left out since the last call, one entry for each kind.
    pub(super) fn left_out(&mut self) -> Vec<LeftOut<K>> {
        let kinds = self.kinds.iter_mut().filter(|(_, seen)| seen.left_out > 0);
        let left_out = kinds.map(|(kind, seen)| LeftOut {
            kind: kind.clone(),
            count: std::mem::take(&mut seen.left_out),
            message: std::mem::take(&mut seen.message),
            source_name: std::mem::take(&mut seen.source_name),
        });
        left_out.collect()
    }

    /// Forgets the sources that have their whole burst again, when there is no room for more.
    fn sweep(&mut self, now: Instant) {
        let is_due = self.swept.is_none_or(|last| now.duration_since(last) >= SWEEP_EVERY);
        if self.sources.len() >= MAX_LOG_SOURCES && is_due {
            self.swept = Some(now);
            self.sources.retain(|_, bucket| bucket.0.is_some_and(|paid| paid > now));
        }
    }
}

impl Bucket {
    fn has_room(self, rate: Rate, now: Instant) -> bool {
        let ahead = self.0.map_or(Duration::ZERO, |paid| paid.saturating_duration_since(now));
        ahead <= rate.every.saturating_mul(rate.burst.saturating_sub(1))
    }

    fn take(&mut self, rate: Rate, now: Instant) {
        let paid = self.0.map_or(now, |paid| paid.max(now));
        self.0 = Some(paid.checked_add(rate.every).unwrap_or(paid));
    }
}

#[cfg(test)]
mod tests;
