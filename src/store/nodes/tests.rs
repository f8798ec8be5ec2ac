//! Nodes against the tree that they are of, and how many tiles are read for them.

use std::cell::Cell;

use super::*;
use crate::chain::{prove_consistency, prove_inclusion, verify_consistency, verify_inclusion};
use crate::store::layout::tile_key;
use crate::store::subtree_roots::SubtreeRoots;
use crate::store::test_util::{grown, leaf};

#[test]
fn every_subtree_is_read_from_one_tile_or_from_below_an_incomplete_one() {
    let leaves = 70_000;
    let (tiles, _) = grown(leaves);
    let all: Vec<_> = (0..leaves).map(leaf).collect();
    let slice = |range: Range<u64>| {
        &all[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
    };
    // With tiles of the first leaves alone, as below the fork of a reorg; at last with all roots.
    let roots = SubtreeRoots::default();
    for tiled in [0, 255, 256, 66_000, leaves, leaves] {
        let reads = Cell::new(0);
        let tile = |level, index| {
            reads.set(reads.get() + 1);
            let end = (index + 1) << (8 * (u32::from(level) + 1));
            assert!(end <= tiled, "tile {index} of level {level} is not below {tiled}");
            Ok(tiles[&tile_key(level, index)].clone())
        };
        let read_leaves = |range| Ok(slice(range).to_vec());
        let known = roots.begin();
        let mut nodes = Nodes::new(tiled, known, &tile, &read_leaves);
        for level in 0..17 {
            let last = (leaves >> level) - 1;
            for index in [0, 1, last / 2, last].into_iter().filter(|index| *index <= last) {
                let subtree = Subtree { level, index };
                reads.set(0);
                let expected = root(slice(subtree.leaves()).iter().copied());
                assert_eq!(nodes.root_of(subtree).unwrap(), expected, "{subtree:?} of {tiled}");
                assert!(reads.get() <= TILE, "{} tiles", reads.get());
                let is_tiled = subtree.leaves().end <= 65_536 && tiled >= 66_000;
                assert!(!is_tiled || reads.get() <= 1, "{subtree:?}: {} tiles", reads.get());
            }
        }
    }
}

#[test]
fn proofs_of_a_million_blocks_read_few_tiles_after_the_first() {
    const LEAVES: u64 = 1_000_000;
    // Equal leaves: the tiles of a level are equal, too, and need not be made one by one.
    let tiles: Vec<_> = std::iter::successors(Some(leaf(0)), |node| Some(root([*node; TILE])))
        .take(3)
        .map(|node| vec![node; TILE])
        .collect();
    let expected = root(std::iter::repeat_n(leaf(0), usize::try_from(LEAVES).unwrap()));
    let reads = Cell::new(0);
    let tile = |level: u8, index| {
        reads.set(reads.get() + 1);
        assert!(index < nodes_at(LEAVES, level + 1), "tile {index} of level {level} is incomplete");
        Ok(tiles[usize::from(level)].clone())
    };
    let leaves = |range: Range<u64>| Ok(range.map(|_| leaf(0)).collect());
    let roots = SubtreeRoots::default();
    let mut read = Vec::new();
    for index in [0, 1, 255, 65_535, 65_536, 500_000, 917_503, 999_935, 999_936, LEAVES - 1] {
        let mut nodes = Nodes::new(LEAVES, roots.begin(), &tile, &leaves);
        reads.set(0);
        let path = prove_inclusion(index, LEAVES, |subtree| nodes.root_of(subtree)).unwrap();
        assert_eq!(verify_inclusion(&leaf(0), index, LEAVES, &path.unwrap(), &expected), Ok(()));
        read.push(reads.get());
    }
    // 66 tiles are below the incomplete one of level 1. Of the 15 below that of level 2 the path
    // needs 14, and it has a tile of level 0 and one of level 1.
    assert_eq!(read[0], 66 + 14 + 2);
    // Then the right edge is known.
    assert!(read[1..].iter().all(|reads| *reads <= 3), "{read:?}");

    reads.set(0);
    let mut nodes = Nodes::new(LEAVES, roots.begin(), &tile, &leaves);
    let proof = prove_consistency(700_000, LEAVES, |subtree| nodes.root_of(subtree)).unwrap();
    let first = root(std::iter::repeat_n(leaf(0), 700_000));
    assert_eq!(verify_consistency(700_000, LEAVES, &first, &expected, &proof.unwrap()), Ok(()));
    assert!(reads.get() <= 3, "{} tiles", reads.get());
}
