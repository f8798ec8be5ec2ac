//! The right edge against the whole tree.

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::{any_hash, cases, leaves, naive_root};

fn frontier_of(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.append(*leaf);
    }
    frontier
}

/// Roots of the complete subtrees, cut off by the binary digits of the size.
fn naive_subtrees(mut leaves: &[Hash]) -> Vec<Hash> {
    let mut subtrees = Vec::new();
    for power in (0..usize::BITS).rev() {
        if leaves.len() & 1 << power != 0 {
            let (subtree, rest) = leaves.split_at(1 << power);
            subtrees.push(naive_root(subtree));
            leaves = rest;
        }
    }
    subtrees
}

#[test]
fn every_size_up_to_300_has_the_right_edge_and_root() {
    let leaves = leaves(300);
    let mut frontier = Frontier::default();
    for (count, leaf) in leaves.iter().enumerate() {
        assert_eq!(frontier.leaves(), count as u64);
        assert_eq!(frontier.subtrees(), naive_subtrees(&leaves[..count]));
        assert_eq!(frontier.root(), naive_root(&leaves[..count]));
        frontier.append(*leaf);
    }
}

#[test]
fn a_wrong_number_of_subtrees_is_refused() {
    let hash = Hash::ZERO;
    assert!(Frontier::from_subtrees(0, vec![hash]).is_none());
    assert!(Frontier::from_subtrees(5, vec![hash]).is_none());
    assert!(Frontier::from_subtrees(5, vec![hash; 3]).is_none());
    assert!(Frontier::from_subtrees(5, vec![hash; 2]).is_some());
}

#[test]
fn the_largest_tree_there_is_takes_64_subtrees() {
    let full = Frontier::from_subtrees(u64::MAX, vec![Hash::ZERO; 64]).unwrap();
    assert!(Frontier::from_subtrees(u64::MAX, vec![Hash::ZERO; 63]).is_none());
    assert_eq!(full.subtrees().len(), 64);
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn a_rebuilt_edge_goes_on_as_the_old_one(
        leaves in proptest::collection::vec(any_hash(), 0..70),
        cut in 0..70_usize,
    ) {
        let cut = cut.min(leaves.len());
        let mut frontier = Frontier::from_subtrees(
            cut as u64,
            naive_subtrees(&leaves[..cut]),
        ).unwrap();
        prop_assert_eq!(&frontier, &frontier_of(&leaves[..cut]));
        for leaf in &leaves[cut..] {
            frontier.append(*leaf);
        }
        prop_assert_eq!(&frontier, &frontier_of(&leaves));
        prop_assert_eq!(frontier.root(), naive_root(&leaves));
    }
}
