//! Which roots are kept.

use super::*;

fn hash(number: u64) -> Hash {
    crate::chain::leaf_hash(&number.to_be_bytes())
}

#[test]
fn a_reorg_removes_the_roots_over_its_blocks_alone() {
    let roots = SubtreeRoots::default();
    let known = roots.begin();
    for (level, node) in [(1, 0), (1, 1), (1, 255), (1, 256), (2, 0)] {
        known.insert(level, node, hash(node));
    }
    roots.remove_above(65_536);
    let known = roots.begin();
    assert_eq!(known.get(1, 255), Some(hash(255)));
    assert_eq!(known.get(2, 0), Some(hash(0)));
    assert_eq!(known.get(1, 256), None);
    roots.remove_above(511);
    let known = roots.begin();
    assert_eq!(known.get(1, 0), Some(hash(0)));
    assert_eq!((known.get(1, 1), known.get(1, 255), known.get(2, 0)), (None, None, None));
}

#[test]
fn a_computation_that_a_reorg_overtook_keeps_nothing() {
    let roots = SubtreeRoots::default();
    let late = roots.begin();
    roots.remove_above(1 << 20);
    late.insert(1, 0, hash(0));
    assert_eq!(roots.begin().get(1, 0), None);
    roots.begin().insert(1, 0, hash(1));
    assert_eq!(late.get(1, 0), Some(hash(1)));
}

#[test]
fn the_roots_at_the_right_edge_are_kept() {
    let roots = SubtreeRoots::default();
    let known = roots.begin();
    let all = MAX_SUBTREE_ROOTS as u64 + 2;
    (0..all).for_each(|node| known.insert(1, node, hash(node)));
    known.insert(2, 0, hash(0));
    assert_eq!(roots.lock().roots.len(), MAX_SUBTREE_ROOTS);
    assert_eq!((known.get(1, 0), known.get(1, 2)), (None, None));
    assert_eq!(known.get(1, 3), Some(hash(3)));
    assert_eq!(known.get(1, all - 1), Some(hash(all - 1)));
    assert_eq!(known.get(2, 0), Some(hash(0)));
}
