//! Peers that stay on another tip: two chains between which work does not decide.

use std::time::Duration;

use super::{LinkId, Time};
use crate::chain::{BlockId, Hash, Work};

/// A peer and this node stay on different tips.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Split {
    /// The peer.
    pub link: LinkId,
    /// Our tip.
    pub ours: BlockId,
    /// The peer's, which was checked: by its headers, or as a block with proof of work.
    pub theirs: BlockId,
    /// How long that has been so, at least two block times.
    pub lasts: Duration,
}

/// What the checked tip of a peer weighs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ShownWork {
    /// Work of its whole chain.
    Known(Work),
    /// Exactly as much as our chain had when this was our tip.
    As(Hash),
    /// No more than our chain has, as far as can be seen.
    NoMore,
}

/// The last tip that a peer showed, and since when it has been at odds with ours.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rival {
    shown: Option<(BlockId, ShownWork)>,
    since: Option<Time>,
}

impl Rival {
    pub(super) const NONE: Self = Self { shown: None, since: None };

    /// The peer showed a tip that was checked.
    pub(super) const fn shows(&mut self, id: BlockId, shown_work: ShownWork) {
        self.shown = Some((id, shown_work));
    }

    /// The peer is on our chain, or its tip is not known.
    pub(super) const fn leaves(&mut self) {
        self.shown = None;
    }

    /// Looks at it anew, after whatever happened.
    pub(super) fn look(&mut self, now: Time, ours: BlockId, work: Work) {
        let is_split = self.shown.is_some_and(|shown| is_split(shown, ours, work));
        self.since = if is_split { self.since.or(Some(now)) } else { None };
    }

    /// Whether the peer's tip is another one of exactly as much work as ours.
    pub(super) fn is_tied(&self, ours: BlockId, work: Work) -> bool {
        self.shown.is_some_and(|(id, shown_work)| {
            let is_as_much = match shown_work {
                ShownWork::Known(theirs) => theirs == work,
                ShownWork::As(tip) => tip == ours.hash,
                ShownWork::NoMore => false,
            };
            is_as_much && id.hash != ours.hash
        })
    }

    /// The peer's tip, once it has been at odds with ours for this long, and the exact time.
    pub(super) fn lasting(&self, now: Time, after: Duration) -> Option<(Duration, BlockId)> {
        let (id, _) = self.shown?;
        let lasts = now.0.saturating_sub(self.since?.0);
        (lasts >= after).then_some((lasts, id))
    }
}

/// Whether a peer that stands there has another block at our height, or another tip of the same
/// work. What has more work is fetched, and what stands lower with less follows us.
fn is_split((id, shown_work): (BlockId, ShownWork), ours: BlockId, work: Work) -> bool {
    let is_level = id.height >= ours.height;
    id.hash != ours.hash
        && match shown_work {
            ShownWork::Known(theirs) => theirs == work || theirs < work && is_level,
            ShownWork::As(tip) => tip == ours.hash || is_level,
            ShownWork::NoMore => is_level,
        }
}

#[cfg(test)]
mod tests;
