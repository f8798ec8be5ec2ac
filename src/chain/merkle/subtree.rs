//! Complete subtrees: the nodes from which every root and every proof is made.

use std::ops::Range;

use super::tree::{empty_root, node_hash};
use crate::chain::Hash;

/// A complete subtree of a growing tree: once its leaves are there, its root never changes.
/// # Examples
///
/// ```
/// use jenny_chain::chain::Subtree;
///
/// // Levels count from the leaves, and nodes of a level from the left.
/// let subtree = Subtree { level: 3, index: 2 };
/// assert_eq!(subtree.leaves(), 16..24);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Subtree {
    /// The subtree has two to the power of `level` leaves.
    pub level: u32,
    /// How many subtrees of this level are to the left of it.
    pub index: u64,
}

impl Subtree {
    /// The leaves below it. The subtree must lie within a tree of `u64` leaves.
    pub fn leaves(self) -> Range<u64> {
        let start = self.index.unbounded_shl(self.level);
        start..start.saturating_add(1_u64.unbounded_shl(self.level))
    }
}

/// Root over the consecutive leaves below one node of a tree, from the roots of the complete
/// subtrees below it: one for each 1 in the binary form of their number.
pub(super) fn node_root<E>(
    leaves: &Range<u64>,
    mut node: impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let mut end = leaves.end;
    let mut root = None;
    while let Some(count) = end.checked_sub(leaves.start).filter(|count| *count > 0) {
        // The smallest subtree is the rightmost one.
        let level = count.trailing_zeros();
        end = end.saturating_sub(1_u64.unbounded_shl(level));
        let subtree = Subtree { level, index: end.unbounded_shr(level) };
        debug_assert_eq!(subtree.leaves().start, end, "the leaves are those of a node");
        let left = node(subtree)?;
        root = Some(root.map_or(left, |right| node_hash(&left, &right)));
    }
    Ok(root.unwrap_or_else(empty_root))
}
