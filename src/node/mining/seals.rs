//! Blocks without records, mined on top of one with records where confirmations must grow on a
//! quiet chain.

use crate::chain::Height;

/// How many of those blocks are wanted, and above which block.
#[derive(Debug)]
pub(in crate::node) struct Seals {
    count: u64,
    /// Height of the last block with records that was mined here.
    sealed: Option<Height>,
}

impl Seals {
    /// Each block with records gets `count` blocks above it.
    pub(in crate::node) const fn new(count: u64) -> Self {
        Self { count, sealed: None }
    }

    /// A block with records was mined here, at this height.
    pub(in crate::node) const fn note(&mut self, height: Height) {
        self.sealed = Some(height);
    }

    /// Whether one more is wanted on top of a block at this height, mined here or elsewhere.
    pub(in crate::node) fn are_wanted(&self, tip: Height) -> bool {
        // A chain that became shorter does not hold that block.
        self.sealed.is_some_and(|sealed| {
            tip.get().checked_sub(sealed.get()).is_some_and(|above| above < self.count)
        })
    }
}

#[cfg(test)]
mod tests;
