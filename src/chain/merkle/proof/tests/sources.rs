//! Proofs from the roots of complete subtrees: against those from all leaves, and against
//! `tlog_tiles`, another implementation.

use std::cell::Cell;
use std::convert::Infallible;

use tlog_tiles::{Error, HashReader, stored_hashes_for_record_hash};

use super::*;

/// Sizes of which everything is tried.
const SMALL: usize = 80;
/// The largest size of which something is tried.
const LARGE: usize = 300;

/// The roots of all complete subtrees, by level, and how often one was asked for.
struct Nodes {
    levels: Vec<Vec<Hash>>,
    asked: Cell<u32>,
}

impl Nodes {
    fn of(leaves: &[Hash]) -> Self {
        let mut levels = vec![leaves.to_vec()];
        while let Some(last) = levels.last().filter(|last| last.len() > 1) {
            let pairs = last.as_chunks().0.iter();
            levels.push(pairs.map(|[left, right]| node_hash(left, right)).collect());
        }
        Self { levels, asked: Cell::new(0) }
    }

    fn get(&self, size: usize) -> impl Fn(Subtree) -> Result<Hash, Infallible> {
        self.asked.set(0);
        move |subtree| {
            assert!(subtree.leaves().end <= size as u64, "{subtree:?} is not complete at {size}");
            self.asked.set(self.asked.get() + 1);
            let index = usize::try_from(subtree.index).unwrap();
            Ok(self.levels[subtree.level as usize][index])
        }
    }

    fn path(&self, index: usize, size: usize) -> Vec<Hash> {
        let Ok(path) = prove_inclusion(index as u64, size as u64, self.get(size));
        self.check_asked(size);
        path.unwrap()
    }

    fn proof(&self, first: usize, second: usize) -> Vec<Hash> {
        let Ok(proof) = prove_consistency(first as u64, second as u64, self.get(second));
        self.check_asked(second);
        proof.unwrap()
    }

    fn check_asked(&self, size: usize) {
        let levels = usize::BITS - size.leading_zeros();
        assert!(self.asked.get() <= 2 * levels, "{} nodes of {size}", self.asked.get());
    }
}

#[test]
fn proofs_from_subtrees_are_those_from_all_leaves() {
    let leaves = leaves(LARGE);
    let nodes = Nodes::of(&leaves);
    for size in (0..=SMALL).chain([127, 128, 129, 255, 256, 257, LARGE]) {
        let tree = &leaves[..size];
        let step = if size > SMALL { 7 } else { 1 };
        for first in (0..size).step_by(step) {
            assert_eq!(nodes.path(first, size), naive_path(first, tree), "leaf {first} of {size}");
            let expected = if first == 0 { Vec::new() } else { naive_subproof(first, tree, true) };
            assert_eq!(nodes.proof(first, size), expected, "{first} in {size}");
        }
        assert_eq!(nodes.proof(size, size), []);
        let node = |_| -> Result<Hash, Infallible> { panic!("a proof that is not there") };
        assert_eq!(prove_inclusion(size as u64, size as u64, node), Ok(None));
        assert_eq!(prove_consistency(size as u64 + 1, size as u64, node), Ok(None));
    }
}

#[test]
fn a_source_that_fails_ends_the_proof() {
    let node = |subtree: Subtree| Err(subtree);
    assert_eq!(prove_inclusion(5, 7, node), Err(Subtree { level: 0, index: 4 }));
    assert_eq!(prove_consistency(4, 7, node), Err(Subtree { level: 0, index: 6 }));
}

/// The tree as `tlog_tiles` stores it.
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, Error> {
        Ok(indexes.iter().map(|&index| self.0[usize::try_from(index).unwrap()]).collect())
    }
}

fn theirs(hash: &Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(*hash.as_bytes())
}

fn ours(hashes: Vec<tlog_tiles::Hash>) -> Vec<Hash> {
    hashes.into_iter().map(|hash| Hash::new(hash.0)).collect()
}

#[test]
fn proofs_and_roots_are_those_of_tlog_tiles() {
    let leaves = leaves(LARGE);
    let (nodes, mut stored) = (Nodes::of(&leaves), Stored(Vec::new()));
    let mut roots = vec![naive_root(&[])];
    for (size, leaf) in (1..).zip(&leaves) {
        let new = stored_hashes_for_record_hash(size - 1, theirs(leaf), &stored).unwrap();
        stored.0.extend(new);
        let root = Hash::new(tlog_tiles::tree_hash(size, &stored).unwrap().0);
        roots.push(root);
        let tree = usize::try_from(size).unwrap();
        assert_eq!(Ok(root), node_root(&(0..size), nodes.get(tree)));
        for index in 0..size {
            let at = usize::try_from(index).unwrap();
            let path = ours(tlog_tiles::prove_record(size, index, &stored).unwrap());
            assert_eq!(nodes.path(at, tree), path, "leaf {index} of {size}");
            assert_eq!(verify_inclusion(&leaves[at], index, size, &path, &root), Ok(()));
        }
        let step = if tree > SMALL { 7 } else { 1 };
        for first in (1..=tree).step_by(step) {
            let proof = ours(tlog_tiles::prove_tree(size, first as u64, &stored).unwrap());
            assert_eq!(nodes.proof(first, tree), proof, "{first} in {size}");
            let verified = verify_consistency(first as u64, size, &roots[first], &root, &proof);
            assert_eq!(verified, Ok(()));
        }
    }
}

#[test]
fn their_verification_takes_our_proofs() {
    let leaves = leaves(LARGE);
    let nodes = Nodes::of(&leaves);
    let root = |size: usize| {
        let Ok(root) = node_root(&(0..size as u64), nodes.get(size));
        theirs(&root)
    };
    for size in [1, 2, 3, 255, 256, 257, LARGE] {
        let (tree, new) = (size as u64, root(size));
        for first in (1..=size).step_by(11) {
            let leaf = theirs(&leaves[first - 1]);
            let path = nodes.path(first - 1, size).iter().map(theirs).collect();
            tlog_tiles::check_record(&path, tree, new, first as u64 - 1, leaf).unwrap();
            let proof = nodes.proof(first, size).iter().map(theirs).collect();
            tlog_tiles::check_tree(&proof, tree, new, first as u64, root(first)).unwrap();
        }
    }
}
