//! How high the chain is to grow.

use super::*;

fn wanted(seals: &Seals) -> Vec<u64> {
    (0..20).filter(|&tip| seals.are_wanted(Height::new(tip))).collect()
}

#[test]
fn as_many_as_were_set_follow_the_last_block_with_records() {
    let mut seals = Seals::new(3);
    assert!(wanted(&seals).is_empty());
    seals.note(Height::new(2));
    assert_eq!(wanted(&seals), [2, 3, 4]);
    seals.note(Height::new(4));
    assert_eq!(wanted(&seals), [4, 5, 6]);
}

#[test]
fn none_is_wanted_unless_it_was_set() {
    let mut seals = Seals::new(0);
    seals.note(Height::new(2));
    assert!(wanted(&seals).is_empty());
}
