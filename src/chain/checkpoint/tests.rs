//! Pinned blocks.

use super::*;

fn pinned() -> Checkpoints {
    [(7, 0xaa), (3, 0xbb)]
        .into_iter()
        .map(|(height, byte)| (Height::new(height), Hash::new([byte; 32])))
        .collect()
}

#[test]
fn the_pinned_block_passes_and_another_is_refused() {
    let (height, expected, found) = (Height::new(7), Hash::new([0xaa; 32]), Hash::ZERO);
    assert_eq!(pinned().check(height, expected), Ok(()));
    let error = RuleError::Checkpoint { height, expected, found };
    assert_eq!(pinned().check(height, found), Err(error));
}

#[test]
fn heights_between_are_free() {
    assert_eq!(pinned().check(Height::new(4), Hash::ZERO), Ok(()));
    assert_eq!(Checkpoints::default().check(Height::new(7), Hash::ZERO), Ok(()));
}

#[test]
fn they_are_listed_lowest_first() {
    let heights: Vec<_> = pinned().iter().map(|(height, _)| height.get()).collect();
    assert_eq!(heights, [3, 7]);
}
