//! The right edge of a hash tree: enough to append to it and to know its root.

use super::Hash;
use super::tree::{empty_root, node_hash};

/// Roots of the complete subtrees of an RFC 6962 tree, largest first: at most 64.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    leaves: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// Rebuilds the frontier of a tree of `leaves` leaves from the roots of its
    /// complete subtrees, largest first; none when their number does not fit.
    pub fn from_subtrees(leaves: u64, subtrees: Vec<Hash>) -> Option<Self> {
        let expected = usize::try_from(leaves.count_ones()).ok()?;
        (subtrees.len() == expected).then_some(Self { leaves, subtrees })
    }

    /// How many leaves the tree has.
    pub const fn leaves(&self) -> u64 {
        self.leaves
    }

    /// Roots of the complete subtrees, largest first.
    pub fn subtrees(&self) -> &[Hash] {
        &self.subtrees
    }

    /// Adds a leaf hash on the right.
    pub fn append(&mut self, leaf: Hash) {
        let mut node = leaf;
        for _ in 0..self.leaves.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.subtrees.push(node);
        self.leaves = self.leaves.saturating_add(1);
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.subtrees.iter().rev();
        let Some(&last) = subtrees.next() else { return empty_root() };
        subtrees.fold(last, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests;
