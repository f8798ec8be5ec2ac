//! What every link needs to know while one input is handled.

use super::{LinkId, Outgoing, Output, Time};
use crate::chain::{BlockId, Height, Timestamp};

/// Our chain, as far as the JSON dialect cares.
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
    /// What this node's wall clock shows: headers from the future are not taken yet.
    pub(super) clock: Timestamp,
    pub(super) ours: Ours,
    pub(super) out: &'a mut Vec<Output>,
}

impl Step<'_> {
    /// Has something sent on a link.
    pub(super) fn send(&mut self, link: LinkId, what: impl Into<Outgoing>) {
        self.out.push(Output::Send { link, what: what.into() });
    }

    /// The height of our tip.
    pub(super) const fn height(&self) -> Height {
        self.ours.tip.height
    }
}
