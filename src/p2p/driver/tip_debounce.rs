//! Debounces tip notifications: at once while blocks come slowly, now and then
//! while they pour in.

use std::time::Duration;

use tokio::time::Instant;

use crate::chain::Height;

/// How long blocks that pour in are gathered.
const GATHER: Duration = Duration::from_millis(20);

/// Blocks in [`GATHER`] that count as pouring in: 4,000 a second. A peer that takes them a few at
/// a time spends most of its time on the disk's synchronisations and on task switches.
const MANY_BLOCKS: f64 = 80.0;

/// Measures how fast blocks come, and says when the next tip is to be told.
#[derive(Debug)]
pub(super) struct TipDebounce {
    /// When the measured stretch began, and with which tip.
    since: Instant,
    height: Height,
    next: Instant,
}

impl TipDebounce {
    pub(super) const fn new(now: Instant, height: Height) -> Self {
        Self { since: now, height, next: now }
    }

    /// When the next tip may be told.
    pub(super) const fn next(&self) -> Instant {
        self.next
    }

    /// A tip of this height was told.
    pub(super) fn told(&mut self, now: Instant, height: Height) {
        self.next = now;
        let elapsed = now.saturating_duration_since(self.since);
        if elapsed < GATHER {
            return;
        }
        let blocks = u32::try_from(height.above(self.height)).unwrap_or(u32::MAX);
        let stretches = elapsed.as_secs_f64() / GATHER.as_secs_f64();
        if f64::from(blocks) >= MANY_BLOCKS * stretches {
            self.next = now + GATHER;
        }
        (self.since, self.height) = (now, height);
    }
}

#[cfg(test)]
mod tests;
