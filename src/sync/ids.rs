//! Names: of a link, of where it leads, and of a block.

use crate::chain::{Hash, Height};

/// A socket to a peer, for as long as it lasts. Never used twice.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct LinkId(pub u64);

/// Where a branch leaves our chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ForkPoint {
    /// The last block that both share.
    pub below: Height,
    /// Hash of the branch's first block above it. It names the branch, whatever grows on top.
    pub first: Hash,
}

/// The address that a link leads to, in the driver's numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Origin(pub u128);

/// Names a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BlockId {
    /// Its tip, or the claim of one.
    pub height: Height,
    /// What it is.
    pub hash: Hash,
}
