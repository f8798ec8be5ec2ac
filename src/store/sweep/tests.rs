//! Bodies without a block.

use super::*;
use crate::chain::ValidBlock;
use crate::store::Writer;
use crate::store::test_util::{Home, apply, genesis, grow, mine};

fn large(state: &mut crate::chain::TipState, label: &str) -> ValidBlock {
    mine(state, &[label.repeat(40_000 / label.len())])
}

/// The body of a block without the block, or only its chunks from `first` on.
fn leave_body(writer: &Writer, block: &ValidBlock, first: u16) {
    let body = super::super::layout::encode_body(&block.block().records).unwrap();
    for (number, chunk) in (0..).zip(body.chunks(super::super::layout::CHUNK_BYTES)) {
        if number >= first {
            let key = chunk_key(block.id(), number);
            writer.database.bodies.insert(key, chunk).unwrap();
        }
    }
}

#[test]
fn a_start_removes_bodies_that_a_kill_left_and_no_other() {
    let (home, mut opened) = Home::opened();
    let mut main = genesis();
    apply(&mut opened, &grow(&mut main, 3, "small"));
    let mut side = main.clone();
    let kept = large(&mut main, "main");
    let stored = large(&mut side, "side");
    opened.writer.append(&kept).unwrap();
    opened.writer.store_branch_block(&stored).unwrap();
    opened.writer.commit().unwrap();
    let whole = opened.writer.database.bodies.len();
    // At a height of the chain, above its tip, and one that was half removed.
    let (mut below, mut above) = (genesis(), main.clone());
    leave_body(&opened.writer, &large(&mut below, "a"), 0);
    leave_body(&opened.writer, &large(&mut above, "b"), 0);
    leave_body(&opened.writer, &large(&mut above, "c"), 2);
    assert!(opened.writer.database.bodies.len() > whole);
    drop(opened);

    let mut opened = home.open();
    while opened.writer.prune().unwrap() {}
    opened.writer.commit().unwrap();
    assert_eq!(opened.writer.database.bodies.len(), whole);
    let view = opened.reader.view();
    let found = view.block(kept.header().height).unwrap().unwrap();
    assert_eq!(found.records, kept.block().records);
    let found = opened.reader.branch_block(stored.id()).unwrap().unwrap();
    assert_eq!(found.records, stored.block().records);
}

#[test]
fn a_step_looks_at_a_bounded_number_of_bodies_and_the_next_goes_on() {
    let (_home, mut opened) = Home::opened();
    let mut state = genesis();
    for _ in 0..=SWEEP_STEP {
        leave_body(&opened.writer, &mine(&mut state, &["x".repeat(5_000)]), 0);
    }
    assert!(opened.writer.sweep().unwrap());
    assert_eq!(opened.writer.database.bodies.len(), 1);
    assert!(!opened.writer.sweep().unwrap());
    assert!(opened.writer.database.bodies.is_empty());
    assert!(!opened.writer.sweep().unwrap());
}

#[test]
fn a_start_without_leavings_writes_nothing() {
    let (home, mut opened) = Home::opened();
    opened.writer.append(&large(&mut genesis(), "main")).unwrap();
    opened.writer.commit().unwrap();
    drop(opened);
    let mut opened = home.open();
    while opened.writer.sweep().unwrap() {}
    assert!(!opened.writer.unsealed);
}
