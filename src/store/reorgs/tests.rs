//! Which reorgs are on record after a restart.

use super::*;
use crate::chain::ValidBlock;
use crate::store::Opened;
use crate::store::test_util::{Home, genesis, grow};

fn reorg_to(opened: &mut Opened, blocks: &[ValidBlock], time: u64) -> Reorg {
    for block in blocks {
        opened.writer.store_branch_block(block).unwrap();
    }
    let plan = opened.writer.plan_reorg(blocks.last().unwrap().id()).unwrap();
    opened.writer.perform_reorg(&plan, Timestamp::from_millis(time)).unwrap()
}

#[test]
fn reorgs_are_on_record_after_a_restart_with_the_blocks_that_they_disconnected() {
    let home = Home::new();
    let mut opened = home.open();
    let (mut one, mut two) = (genesis(), genesis());
    for block in grow(&mut one, 2, "one") {
        opened.writer.append(&block).unwrap();
    }
    let first = reorg_to(&mut opened, &grow(&mut two, 3, "two"), 7);
    let second = reorg_to(&mut opened, &grow(&mut one, 2, "one again"), 8);
    assert_eq!(opened.reorgs, []);
    drop(opened);
    let opened = home.open();
    let recorded = |number, time, reorg: &Reorg| RecordedReorg {
        number,
        time: Timestamp::from_millis(time),
        fork: reorg.fork,
        depth: reorg.disconnected.len() as u64,
        disconnected: reorg.disconnected.clone(),
        new_tip: reorg.new_tip.id(),
    };
    // The blocks of the first one are on the main chain again.
    assert_eq!(opened.reorgs, [recorded(2, 8, &second), recorded(1, 7, &first)]);
    assert_eq!((first.disconnected.len(), second.disconnected.len()), (2, 3));
}

#[test]
fn blocks_that_are_not_held_any_more_are_not_named() {
    let home = Home::new();
    let mut opened = home.open();
    let (mut one, mut two) = (genesis(), genesis());
    for block in grow(&mut one, 2, "one") {
        opened.writer.append(&block).unwrap();
    }
    reorg_to(&mut opened, &grow(&mut two, 3, "two"), 7);
    opened.writer.database.branches.clear().unwrap();
    let reorgs = load(&opened.writer.database).unwrap();
    assert_eq!((reorgs[0].depth, reorgs[0].disconnected.len()), (2, 0));
}

#[test]
fn the_oldest_reorgs_are_forgotten() {
    let home = Home::new();
    let opened = home.open();
    let database = &opened.writer.database;
    let tip = opened.reader.tip();
    let reorg =
        Reorg { fork: Height::GENESIS, disconnected: Vec::new(), old_tip: tip, new_tip: tip };
    for time in 1..=MAX_RECORDED_REORGS + 2 {
        append(database, &reorg, Timestamp::from_millis(time)).unwrap();
    }
    let reorgs = load(database).unwrap();
    assert_eq!(reorgs.len() as u64, MAX_RECORDED_REORGS);
    let ends = [reorgs.first(), reorgs.last()].map(|reorg| reorg.unwrap().number);
    assert_eq!(ends, [MAX_RECORDED_REORGS + 2, 3]);
    assert_eq!(reorgs.last().unwrap().time, Timestamp::from_millis(3));
}

#[test]
fn a_reorg_that_does_not_decode_is_damage() {
    let home = Home::new();
    let opened = home.open();
    opened.writer.database.reorgs.insert(1_u64.to_be_bytes(), b"x").unwrap();
    let error = load(&opened.writer.database).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}
