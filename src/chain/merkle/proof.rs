//! Inclusion and consistency proofs of RFC 6962 section 2.1, and their
//! verification by the algorithms of RFC 9162.

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
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    let (mut rest, mut index) = (leaves, index);
    while rest.len() > 1 {
        let (left, right) = rest.split_at(split(rest.len()));
        let sibling = if index < left.len() {
            rest = left;
            right
        } else {
            index = index.saturating_sub(left.len());
            rest = right;
            left
        };
        path.push(root(sibling.iter().copied()));
    }
    path.reverse();
    Some(path)
}

/// Proof that the tree over the first `first` leaves is a prefix of the tree over
/// all of `leaves` (RFC 6962 section 2.1.2); empty when `first` is zero or all;
/// none when there are fewer leaves than `first`.
pub fn consistency_proof(leaves: &[Hash], first: usize) -> Option<Vec<Hash>> {
    if first > leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    if first == 0 {
        return Some(proof);
    }
    let (mut rest, mut first, mut is_whole) = (leaves, first, true);
    while first < rest.len() {
        let (left, right) = rest.split_at(split(rest.len()));
        if first <= left.len() {
            proof.push(root(right.iter().copied()));
            rest = left;
        } else {
            proof.push(root(left.iter().copied()));
            first = first.saturating_sub(left.len());
            rest = right;
            is_whole = false;
        }
    }
    if !is_whole {
        proof.push(root(rest.iter().copied()));
    }
    proof.reverse();
    Some(proof)
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
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let mut node = index;
    let mut last = size.saturating_sub(1);
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
    let mut node = first.saturating_sub(1);
    let mut last = second.saturating_sub(1);
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

/// Largest power of two smaller than `size`, which is above one.
fn split(size: usize) -> usize {
    size.div_ceil(2).next_power_of_two()
}

#[cfg(test)]
mod tests;
