//! What a client has received of the chain.

use std::fmt;

use crate::chain::{BlockId, ChainHeader, Height, plain_number};

/// A block, and how many of its events were sent: those below it all were. Written as
/// `height-hash-n`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) struct Position {
    pub(super) block: BlockId,
    /// The first event of a block says that it was connected, the others name its records.
    pub(super) sent: u64,
}

impl Position {
    /// Reads what [`fmt::Display`] writes; `None` if the text is something else.
    pub(in crate::api) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let height = Height::new(plain_number(parts.next()?)?);
        let hash = parts.next()?.parse().ok()?;
        let sent = plain_number(parts.next()?)?;
        let position = Self { block: BlockId { height, hash }, sent };
        parts.next().is_none().then_some(position)
    }

    /// Returns the position after all events of a block.
    pub(super) fn after(block: &ChainHeader) -> Self {
        Self { block: block.id(), sent: event_count(block) }
    }
}

/// Returns how many events a block has.
pub(super) fn event_count(block: &ChainHeader) -> u64 {
    u64::from(block.header.record_count).saturating_add(1)
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.block.height, self.block.hash, self.sent)
    }
}

#[cfg(test)]
mod tests;
