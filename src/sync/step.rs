//! What every link needs to know while one input is handled.

use std::time::Duration;

use super::json::limits::{ANSWER_EVERY, ANSWER_EVERY_SMALL, SMALL_CHAIN};
use super::{BlockId, Output, Time};
use crate::chain::Height;

/// Our chain, as far as the dialect cares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ours {
    /// Its published tip.
    pub(super) tip: BlockId,
    /// About how long it is as JSON, in bytes.
    pub(super) json_bytes: u64,
    /// Above this many bytes it is never sent as one message.
    pub(super) max_bytes: u64,
}

/// One call of [`super::SyncMachine::handle`].
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) now: Time,
    pub(super) ours: Ours,
    pub(super) out: &'a mut Vec<Output>,
}

impl Step<'_> {
    /// The height of our tip.
    pub(super) const fn height(&self) -> Height {
        self.ours.tip.height
    }

    /// Whether something that may be done every so often, and was done then, may not yet be
    /// done again.
    pub(super) fn is_too_soon(&self, last: Option<Time>) -> bool {
        last.is_some_and(|last| self.now < last.plus(self.pause()))
    }

    const fn pause(&self) -> Duration {
        if self.ours.json_bytes < SMALL_CHAIN { ANSWER_EVERY_SMALL } else { ANSWER_EVERY }
    }
}
