//! Merkle trees as RFC 6962 defines them: roots, the right edge of a growing tree, and proofs.

pub(super) mod frontier;
pub(super) mod proof;
pub(super) mod subtree;
pub(super) mod tree;
