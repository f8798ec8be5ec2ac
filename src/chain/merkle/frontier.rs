//! The right edge of a hash tree: enough to append to it and to know its root.

use super::tree::{empty_root, node_hash};
use crate::chain::Hash;

/// Roots of the complete subtrees of an RFC 6962 tree, largest first: at most 64.
/// # Examples
///
/// The root over many hashes, of which only the right edge of the tree is kept:
///
/// ```
/// use jenny_chain::chain::{Frontier, leaf_hash, root};
///
/// let leaves: Vec<_> = (0_u32..1_000).map(|number| leaf_hash(&number.to_be_bytes())).collect();
/// let mut frontier = Frontier::default();
/// for leaf in &leaves {
///     frontier.append(*leaf);
/// }
/// assert_eq!(frontier.root(), root(leaves));
/// // 1,000 is 0b11_1110_1000: six complete subtrees.
/// assert_eq!(frontier.subtrees().len(), 6);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    leaves: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// Rebuilds the frontier of a tree of `leaves` leaves from the roots of its
    /// complete subtrees, largest first, `None` if their number does not fit.
    pub fn from_subtrees(leaves: u64, subtrees: Vec<Hash>) -> Option<Self> {
        (subtrees.len() == leaves.count_ones() as usize).then_some(Self { leaves, subtrees })
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
    ///
    /// # Panics
    /// If the tree has 2^64 - 1 leaves. A valid height is below 2^53.
    #[expect(clippy::expect_used, reason = "a tree has a subtree for each binary one of its size")]
    pub fn append(&mut self, leaf: Hash) {
        debug_assert_eq!(self.subtrees.len(), self.leaves.count_ones() as usize);
        let mut node = leaf;
        for _ in 0..self.leaves.trailing_ones() {
            let left = self.subtrees.pop().expect("a subtree for each binary one");
            node = node_hash(&left, &node);
        }
        self.subtrees.push(node);
        self.leaves = self.leaves.checked_add(1).expect("fewer than 2^64 leaves");
    }

    /// The tree's root.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.subtrees.iter().rev();
        let Some(&last) = subtrees.next() else { return empty_root() };
        subtrees.fold(last, |right, left| node_hash(left, &right))
    }
}

/// Root of the tree over these leaf hashes, in one pass and O(log n) memory.
/// # Examples
///
/// ```
/// use jenny_chain::chain::{leaf_hash, node_hash, root};
///
/// let [a, b, c] = [b"a", b"b", b"c"].map(|record| leaf_hash(record));
/// assert_eq!(root([a, b, c]), node_hash(&node_hash(&a, &b), &c));
/// ```
pub fn root(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.append(leaf);
    }
    frontier.root()
}

#[cfg(test)]
mod tests;
