//! Branches: where they leave the main chain, and those that do so too far below its tip.

use super::{BlockId, Hash, Height, Work};

/// Where a branch leaves the main chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ForkPoint {
    /// The last block that both share.
    pub below: Height,
    /// Hash of the branch's first block above it. It names the branch, whatever grows on top.
    pub first: Hash,
}

/// A branch with more work than the main chain that was refused for its depth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeepFork {
    /// Where it leaves the main chain; its first block's hash names it.
    pub fork: ForkPoint,
    /// How many blocks it would disconnect.
    pub depth: u64,
    /// Its last block, as far as it was checked.
    pub last: BlockId,
    /// Work of the whole chain up to that block.
    pub work: Work,
}
