//! How fast a download advances: by the blocks received in order, whatever their size.

use super::limits::{EXAMINE_OTHERS_AFTER, PACE_BLOCKS, PACE_EVERY};
use crate::chain::Height;
use crate::sync::Time;

/// What the front of a download did since it began. The *front* is the lowest block that is not
/// here: bodies above it, and headers without bodies, bring nobody nearer to the chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct BranchPace {
    /// When the download began.
    pub(super) began: Time,
    /// When the front moved last.
    pub(super) moved: Time,
    front: Height,
    /// When it was measured last, and where the front was then.
    measured: (Time, Height),
    is_slow: bool,
}

impl BranchPace {
    pub(super) const fn new(now: Time, front: Height) -> Self {
        Self { began: now, moved: now, front, measured: (now, front), is_slow: false }
    }

    /// The front is at this height. `is_awaited` says that a peer is waited for, and not this node.
    pub(super) fn measure(&mut self, now: Time, front: Height, is_awaited: bool) {
        if front > self.front {
            (self.front, self.moved) = (front, now);
        }
        let (since, then) = self.measured;
        if since.plus(PACE_EVERY) <= now {
            self.is_slow = is_awaited && front.above(then) < PACE_BLOCKS;
            self.measured = (now, front);
        }
    }

    /// Whether other branches are examined meanwhile: the front is slow, or it takes long.
    pub(super) fn looks_around(&self, now: Time) -> bool {
        self.is_slow || self.began.plus(EXAMINE_OTHERS_AFTER) <= now
    }

    /// When it is measured next.
    pub(super) fn due(&self) -> Time {
        self.measured.0.plus(PACE_EVERY)
    }
}
