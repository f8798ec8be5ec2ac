//! How long to wait before a peer is dialled again.

use std::time::Duration;

/// The first wait.
const SHORTEST: Duration = Duration::from_secs(1);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(600);

/// After a link this long the waits begin anew.
pub(in crate::p2p) const STABLE: Duration = Duration::from_secs(120);

/// Doubles from [`SHORTEST`] to [`LONGEST`].
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::p2p) struct Backoff {
    /// None before the first failure.
    last: Option<Duration>,
}

impl Backoff {
    /// The next wait: between a half and the whole of the current length, so that nodes
    /// that lost each other at once do not dial at once.
    pub(in crate::p2p) fn next(&mut self, random: u64) -> Duration {
        let length = self.last.map_or(SHORTEST, |last| (last * 2).min(LONGEST));
        self.last = Some(length);
        spread(length, random)
    }

    /// The longest wait, now and until it is reset.
    pub(super) fn longest(&mut self, random: u64) -> Duration {
        self.last = Some(LONGEST);
        spread(LONGEST, random)
    }

    /// Whether the last wait was of the longest length.
    pub(super) const fn is_longest(&self) -> bool {
        matches!(self.last, Some(last) if last.as_secs() >= LONGEST.as_secs())
    }

    pub(in crate::p2p) const fn reset(&mut self) {
        self.last = None;
    }
}

fn spread(length: Duration, random: u64) -> Duration {
    let half = length / 2;
    let millis = u64::try_from(half.as_millis()).unwrap_or(u64::MAX).max(1);
    half + Duration::from_millis(random % (millis + 1))
}

#[cfg(test)]
mod tests;
