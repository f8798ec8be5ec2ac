//! When an export replaces the manifest: so often that little is done again after a kill, and so
//! seldom that a dataset of many ranges is not written out for each of them.

use std::time::{Duration, Instant};

/// The share of the ranges that may be written before the manifest names them: with 64 ranges each
/// one is named at once, and with 6,400 a hundred of them. Thus a dataset writes about 64 bytes of
/// manifests for each byte of its last one, however many ranges it has.
const UNNAMED_SHARE: usize = 64;

/// Time after which ranges are named in any case.
const UNNAMED_TIME: Duration = Duration::from_secs(10);

/// The ranges that are written and that no manifest on the disk names.
#[derive(Debug)]
pub(super) struct Commits {
    unnamed: usize,
    since: Instant,
}

impl Commits {
    pub(super) const fn new(now: Instant) -> Self {
        Self { unnamed: 0, since: now }
    }

    /// A range was written, as the last of this number. Returns whether the manifest is due.
    pub(super) fn written(&mut self, ranges: usize, now: Instant) -> bool {
        self.unnamed = self.unnamed.saturating_add(1);
        self.unnamed.saturating_mul(UNNAMED_SHARE) >= ranges
            || now.saturating_duration_since(self.since) >= UNNAMED_TIME
    }

    /// The manifest was replaced.
    pub(super) const fn named(&mut self, now: Instant) {
        (self.unnamed, self.since) = (0, now);
    }

    /// Whether there is a range that no manifest names.
    pub(super) const fn is_behind(&self) -> bool {
        self.unnamed > 0
    }

    /// How many ranges may follow those that a manifest names, after a kill.
    pub(super) const fn most_unnamed(named: usize) -> usize {
        // The manifest is due when a 64th of all ranges is unnamed, which is a 63rd of the others.
        named / (UNNAMED_SHARE - 1) + 1
    }
}

#[cfg(test)]
mod tests;
