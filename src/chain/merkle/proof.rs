//! Inclusion and consistency proofs of RFC 6962 section 2.1, and their
//! verification by the algorithms of RFC 9162.

use std::convert::Infallible;
use std::ops::Range;

use super::subtree::{Subtree, node_root};
use crate::chain::{Hash, node_hash, root};

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The leaf or the older tree is not within the newer tree.
    #[error("the leaf is outside the tree")]
    OutOfRange,
    /// The path has another number of hashes than such a tree asks for.
    #[error("the path has the wrong length")]
    Length,
    /// The hashes lead to another root.
    #[error("the path leads to another root")]
    Root,
}

/// Audit path of leaf `index` in the tree over `leaves`, leaf to root (RFC 6962
/// section 2.1.1), `None` if there is no such leaf.
pub fn inclusion_path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    let Ok(path) = prove_inclusion(index as u64, leaves.len() as u64, nodes_of(leaves));
    path
}

/// Proof that the tree over the first `first` leaves is a prefix of the tree over
/// all of `leaves` (RFC 6962 section 2.1.2); empty when `first` is zero or all;
/// `None` if there are fewer leaves than `first`.
pub fn consistency_proof(leaves: &[Hash], first: usize) -> Option<Vec<Hash>> {
    let Ok(proof) = prove_consistency(first as u64, leaves.len() as u64, nodes_of(leaves));
    proof
}

/// Audit path of leaf `index` in a tree of `size` leaves, leaf to root, `None` if there is no such
/// leaf. Asks `node` for the roots of complete subtrees of the tree, at most two for each level.
///
/// # Errors
/// Those of `node`.
pub fn prove_inclusion<E>(
    index: u64,
    size: u64,
    node: impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if index >= size {
        return Ok(None);
    }
    let mut siblings = Vec::new();
    let mut rest = 0..size;
    while let Some((left, right)) = halves(&rest) {
        let (within, sibling) = if left.contains(&index) { (left, right) } else { (right, left) };
        siblings.push(sibling);
        rest = within;
    }
    roots(&siblings, node).map(Some)
}

/// Proof that the tree over the first `first` leaves of a tree of `second` leaves is a prefix of
/// it, empty when `first` is zero or `second`, `None` if `first` is above `second`. Asks `node`
/// for the roots of complete subtrees of the tree, at most two for each level.
///
/// # Errors
/// Those of `node`.
pub fn prove_consistency<E>(
    first: u64,
    second: u64,
    node: impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if first > second {
        return Ok(None);
    }
    let mut parts = Vec::new();
    let mut rest = 0..second;
    // Down to the node whose leaves end where the first tree does.
    while first > 0
        && rest.end != first
        && let Some((left, right)) = halves(&rest)
    {
        let (within, sibling) = if first <= left.end { (left, right) } else { (right, left) };
        parts.push(sibling);
        rest = within;
    }
    // A node above the first leaf is the whole first tree, whose root is known.
    if rest.start > 0 {
        parts.push(rest);
    }
    roots(&parts, node).map(Some)
}

/// The roots over these leaves, the last one first.
fn roots<E>(
    nodes: &[Range<u64>],
    mut node: impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    nodes.iter().rev().map(|leaves| node_root(leaves, &mut node)).collect()
}

/// The leaves below the two children of the node above these leaves, `None` if it is a leaf.
fn halves(leaves: &Range<u64>) -> Option<(Range<u64>, Range<u64>)> {
    let count = leaves.end.checked_sub(leaves.start).filter(|count| *count > 1)?;
    let middle = leaves.start.saturating_add(count.div_ceil(2).next_power_of_two());
    Some((leaves.start..middle, middle..leaves.end))
}

/// The roots of the complete subtrees of the tree over `leaves`.
#[expect(clippy::expect_used, reason = "only subtrees of the tree are asked for")]
fn nodes_of(leaves: &[Hash]) -> impl Fn(Subtree) -> Result<Hash, Infallible> {
    |subtree| {
        let Range { start, end } = subtree.leaves();
        let leaf = |number| usize::try_from(number).expect("a leaf of the slice");
        let below = leaves.get(leaf(start)..leaf(end)).expect("leaves of the slice");
        Ok(root(below.iter().copied()))
    }
}

/// Checks an audit path (RFC 9162 section 2.1.3.2).
///
/// # Errors
/// When the path does not lead from `leaf`, a leaf hash, at `index` to `root` in
/// a tree of `size` leaves.
/// # Examples
///
/// Shows that a block contains a record, without the block's other records:
///
/// ```
/// use jenny_chain::chain::{inclusion_path, leaf_hash, merkle_root, verify_inclusion};
///
/// // The prover has the records, the auditor only the root that the header carries.
/// let records = ["first", "second", "third"];
/// let root = merkle_root(&records);
/// let leaves = records.map(|record| leaf_hash(record.as_bytes()));
/// let path = inclusion_path(&leaves, 1).expect("there is a second record");
///
/// let leaf = leaf_hash(b"second");
/// assert_eq!(verify_inclusion(&leaf, 1, 3, &path, &root), Ok(()));
/// assert!(verify_inclusion(&leaf_hash(b"forged"), 1, 3, &path, &root).is_err());
/// ```
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    let last = size.checked_sub(1).filter(|last| index <= *last);
    let mut last = last.ok_or(ProofError::OutOfRange)?;
    let mut node = index;
    let mut hash = *leaf;
    for sibling in path {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    finish(last, hash == *root)
}

/// Checks a consistency proof (RFC 9162 section 2.1.4.2). Every tree continues
/// the empty one, and itself, with an empty proof.
///
/// # Errors
/// When the proof does not show that the tree of `first` leaves with `first_root`
/// is a prefix of the tree of `second` leaves with `second_root`.
/// # Examples
///
/// Shows that a longer chain continues the one that an auditor saw before, from the history
/// roots of both:
///
/// ```
/// use jenny_chain::chain::{consistency_proof, leaf_hash, root, verify_consistency};
///
/// let blocks: Vec<_> = (0_u8..7).map(|block| leaf_hash(&[block])).collect();
/// let (old, new) = (root(blocks[..4].to_vec()), root(blocks.clone()));
/// let proof = consistency_proof(&blocks, 4).expect("four is not more than seven");
/// assert_eq!(verify_consistency(4, 7, &old, &new, &proof), Ok(()));
///
/// let rewritten = root(blocks[1..].to_vec());
/// assert!(verify_consistency(4, 6, &old, &rewritten, &proof).is_err());
/// ```
pub fn verify_consistency(
    first: u64,
    second: u64,
    first_root: &Hash,
    second_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if first > second {
        return Err(ProofError::OutOfRange);
    }
    if first == 0 || first == second {
        let roots_fit = if first == 0 {
            *first_root == crate::chain::empty_root() && (second != 0 || second_root == first_root)
        } else {
            first_root == second_root
        };
        return if proof.is_empty() { finish(0, roots_fit) } else { Err(ProofError::Length) };
    }
    let mut path = proof.iter();
    // A first tree that is one complete subtree is its own starting point.
    let start = if first.is_power_of_two() { Some(first_root) } else { path.next() };
    let start = *start.ok_or(ProofError::Length)?;
    let bounds = first.checked_sub(1).zip(second.checked_sub(1));
    let (mut node, mut last) = bounds.ok_or(ProofError::OutOfRange)?;
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (start, start);
    for hash in path {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            old = node_hash(hash, &old);
            new = node_hash(hash, &new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    finish(last, old == *first_root && new == *second_root)
}

fn finish(levels_left: u64, roots_fit: bool) -> Result<(), ProofError> {
    match (levels_left, roots_fit) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

#[cfg(test)]
mod tests;
