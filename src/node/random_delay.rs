//! Delays that are drawn at random, so that nodes do not act at the same moment.

use std::time::Duration;

/// A delay of random length.
#[derive(Clone, Copy, Debug)]
pub(super) struct RandomDelay {
    min: Duration,
    /// How much longer than `min` it is at most, in milliseconds.
    spread_ms: u64,
    /// Where randomness comes from.
    random: fn() -> u64,
}

impl RandomDelay {
    /// No delay.
    pub(super) const NONE: Self = Self::exactly(Duration::ZERO);

    /// Always the same one.
    pub(super) const fn exactly(delay: Duration) -> Self {
        Self { min: delay, spread_ms: 0, random: || 0 }
    }

    /// One of at least `min`, and of at most `spread_ms` milliseconds more.
    pub(super) const fn spread(min: Duration, spread_ms: u64, random: fn() -> u64) -> Self {
        Self { min, spread_ms, random }
    }

    /// Draws one.
    pub(super) fn draw(&self) -> Duration {
        self.min + Duration::from_millis((self.random)() % (self.spread_ms + 1))
    }
}

#[cfg(test)]
mod tests;
