//! Proofs against RFC 6962's recursive definitions: for every pair of small sizes, and for some of
//! each size up to 300.

mod sources;

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::{cases, leaves, naive_root, naive_split};

/// Up to this size every pair is tried.
const MAX: usize = 40;

/// Up to this one, those at the ends and around the splits.
const MAX_SPARSE: usize = 300;

/// Which of the numbers below `size` are tried.
fn tried(size: usize) -> Vec<usize> {
    if size <= MAX {
        return (0..size).collect();
    }
    let split = naive_split(size);
    vec![0, 1, split / 2, split - 1, split, split + (size - split) / 2, size - 1]
}

/// PATH(m, D[n]) as the RFC writes it.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(naive_split(leaves.len()));
    let (mut path, sibling) = if index < left.len() {
        (naive_path(index, left), right)
    } else {
        (naive_path(index - left.len(), right), left)
    };
    path.push(naive_root(sibling));
    path
}

/// SUBPROOF(m, D[n], b) as the RFC writes it.
fn naive_subproof(first: usize, leaves: &[Hash], is_known: bool) -> Vec<Hash> {
    if first == leaves.len() {
        return if is_known { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let (left, right) = leaves.split_at(naive_split(leaves.len()));
    let (mut proof, sibling) = if first <= left.len() {
        (naive_subproof(first, left, is_known), right)
    } else {
        (naive_subproof(first - left.len(), right, false), left)
    };
    proof.push(naive_root(sibling));
    proof
}

#[test]
fn leaves_of_every_size_up_to_300_are_proven() {
    let leaves = leaves(MAX_SPARSE);
    for size in 1..=MAX_SPARSE {
        let tree = &leaves[..size];
        let root = naive_root(tree);
        for index in tried(size) {
            let path = inclusion_path(tree, index).unwrap();
            assert_eq!(path, naive_path(index, tree), "leaf {index} of {size}");
            let leaf = &tree[index];
            assert_eq!(verify_inclusion(leaf, index as u64, size as u64, &path, &root), Ok(()));
        }
    }
}

#[test]
fn every_size_up_to_300_continues_smaller_ones() {
    let leaves = leaves(MAX_SPARSE);
    for second in 0..=MAX_SPARSE {
        let tree = &leaves[..second];
        let new = naive_root(tree);
        for first in tried(second).into_iter().chain([second]) {
            let old = naive_root(&tree[..first]);
            let proof = consistency_proof(tree, first).unwrap();
            let naive = if first == 0 { Vec::new() } else { naive_subproof(first, tree, true) };
            assert_eq!(proof, naive, "{first} in {second}");
            assert_eq!(verify_consistency(first as u64, second as u64, &old, &new, &proof), Ok(()));
        }
    }
}

#[test]
fn what_is_not_there_has_no_proof() {
    let leaves = leaves(5);
    assert_eq!(inclusion_path(&leaves, 5), None);
    assert_eq!(inclusion_path(&[], 0), None);
    assert_eq!(consistency_proof(&leaves, 6), None);
    let root = naive_root(&leaves);
    assert_eq!(verify_inclusion(&leaves[0], 5, 5, &[], &root), Err(ProofError::OutOfRange));
    assert_eq!(verify_inclusion(&leaves[0], 0, 0, &[], &root), Err(ProofError::OutOfRange));
    assert_eq!(verify_consistency(6, 5, &root, &root, &[]), Err(ProofError::OutOfRange));
}

#[test]
fn an_empty_tree_is_continued_by_all_and_only_under_its_own_root() {
    let leaves = leaves(3);
    let (empty, other) = (naive_root(&[]), naive_root(&leaves));
    assert_eq!(verify_consistency(0, 3, &empty, &other, &[]), Ok(()));
    assert_eq!(verify_consistency(0, 3, &other, &other, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, 0, &empty, &other, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(3, 3, &empty, &other, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, 3, &empty, &other, &leaves), Err(ProofError::Length));
    assert_eq!(verify_consistency(3, 3, &other, &other, &leaves), Err(ProofError::Length));
}

#[test]
fn sizes_near_the_end_of_u64_are_handled() {
    let hash = Hash::ZERO;
    let path = vec![hash; 63];
    assert_eq!(verify_inclusion(&hash, 0, u64::MAX, &path, &hash), Err(ProofError::Length));
    let path = vec![hash; 64];
    assert_eq!(verify_inclusion(&hash, 0, u64::MAX, &path, &hash), Err(ProofError::Root));
    assert_eq!(
        verify_consistency(1, u64::MAX, &hash, &hash, &path),
        Err(ProofError::Root),
        "64 levels are walked"
    );
    let path = vec![hash; 65];
    assert_eq!(verify_inclusion(&hash, 0, u64::MAX, &path, &hash), Err(ProofError::Length));
}

/// One way to spoil a list of hashes, `None` if it would change nothing.
fn spoiled(path: &[Hash], way: u8, at: usize, bit: usize) -> Option<Vec<Hash>> {
    let mut path = path.to_vec();
    let at = at.checked_rem(path.len());
    match (way, at) {
        (0, _) => path.push(flipped(&Hash::ZERO, bit)),
        (1, _) => path.insert(0, flipped(&Hash::ZERO, bit)),
        (2, Some(at)) => drop(path.remove(at)),
        (3, Some(at)) if at > 0 && path[at] != path[0] => path.swap(0, at),
        (4, Some(at)) => path[at] = flipped(&path[at], bit),
        _ => return None,
    }
    Some(path)
}

fn flipped(hash: &Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8] ^= 1 << (bit % 8);
    Hash::new(bytes)
}

proptest! {
    #![proptest_config(cases(1024))]

    #[test]
    fn a_spoiled_inclusion_proof_is_refused(
        size in 1..=MAX, index: usize, other: usize, way in 0_u8..8, at: usize, bit in 0..256_usize,
    ) {
        let leaves = leaves(size);
        let (index, other) = (index % size, other % size);
        let path = naive_path(index, &leaves);
        let (leaf, root) = (leaves[index], naive_root(&leaves));
        let verify = |leaf, index: usize, path: &[Hash], root| {
            verify_inclusion(leaf, index as u64, size as u64, path, root)
        };
        match way {
            5 => prop_assert!(verify(&flipped(&leaf, bit), index, &path, &root).is_err()),
            6 => prop_assert!(verify(&leaf, index, &path, &flipped(&root, bit)).is_err()),
            7 => prop_assert_eq!(verify(&leaf, other, &path, &root).is_ok(), other == index),
            _ => if let Some(path) = spoiled(&path, way, at, bit) {
                prop_assert!(verify(&leaf, index, &path, &root).is_err());
            },
        }
    }

    #[test]
    fn a_spoiled_consistency_proof_is_refused(
        second in 1..=MAX, first: usize, way in 0_u8..7, at: usize, bit in 0..256_usize,
    ) {
        let leaves = leaves(second);
        let first = first % second + 1;
        let proof = consistency_proof(&leaves, first).unwrap();
        let (old, new) = (naive_root(&leaves[..first]), naive_root(&leaves));
        let verify = |old, new, proof: &[Hash]| {
            verify_consistency(first as u64, second as u64, old, new, proof)
        };
        match way {
            5 => prop_assert!(verify(&flipped(&old, bit), &new, &proof).is_err()),
            6 => prop_assert!(verify(&old, &flipped(&new, bit), &proof).is_err()),
            _ => if let Some(proof) = spoiled(&proof, way, at, bit) {
                prop_assert!(verify(&old, &new, &proof).is_err());
            },
        }
    }
}
