//! Whether the threads of a node get on with their work, by their heartbeats.

use std::fmt;
use std::time::{Duration, Instant};

use crate::cli::format::duration;

/// What is known of each thread.
#[derive(Debug)]
pub(super) struct Liveness {
    stuck_after: Duration,
    seen: Vec<Seen>,
}

#[derive(Debug)]
struct Seen {
    thread: &'static str,
    beats: u64,
    /// When this number was first seen.
    since: Instant,
}

/// A thread that does nothing though there is work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stall {
    pub(super) thread: &'static str,
    pub(super) lasts: Duration,
}

impl Liveness {
    pub(super) const fn new(stuck_after: Duration) -> Self {
        Self { stuck_after, seen: Vec::new() }
    }

    /// Takes down each thread's number of steps, `None` for one that waits for work. Returns the
    /// thread that has done no step for longest, if that is too long.
    pub(super) fn look(
        &mut self,
        beats: &[(&'static str, Option<u64>)],
        now: Instant,
    ) -> Option<Stall> {
        for &(thread, beats) in beats {
            let place = self.seen.iter().position(|seen| seen.thread == thread);
            match (beats, place.and_then(|place| self.seen.get_mut(place))) {
                (Some(beats), Some(seen)) if seen.beats == beats => {}
                (Some(beats), Some(seen)) => (seen.beats, seen.since) = (beats, now),
                (Some(beats), None) => self.seen.push(Seen { thread, beats, since: now }),
                (None, _) => self.seen.retain(|seen| seen.thread != thread),
            }
        }
        let stalls = self.seen.iter().map(|seen| Stall {
            thread: seen.thread,
            lasts: now.saturating_duration_since(seen.since),
        });
        stalls.filter(|stall| stall.lasts >= self.stuck_after).max_by_key(|stall| stall.lasts)
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { thread, lasts } = self;
        write!(f, "the {thread} thread has made no progress for {}", duration(lasts.as_secs()))
    }
}

#[cfg(test)]
mod tests;
