//! Whose records a reorg takes off the main chain.

use super::*;
use crate::chain::{Timestamp, TipState, ValidBlock};
use crate::store::layout::BEFORE_OWN;
use crate::store::test_util::{Home, genesis, mine};
use crate::store::{Opened, PendingRecord};

fn id(text: &str) -> Hash {
    leaf_hash(text.as_bytes())
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn append(opened: &mut Opened, state: &mut TipState, records: &[&str]) -> ValidBlock {
    let block = mine(state, &texts(records));
    opened.writer.append(&block).unwrap();
    opened.writer.commit().unwrap();
    block
}

/// Stores a branch of blocks with these records, and examines its reorg.
fn branch(opened: &mut Opened, state: &mut TipState, blocks: &[&[&str]]) -> ReorgPlan {
    for records in blocks {
        let block = mine(state, &texts(records));
        opened.writer.store_branch_block(&block).unwrap();
    }
    opened.writer.plan_reorg(state.id()).unwrap()
}

fn missing(found: &OwnDisconnected) -> Vec<&str> {
    found.missing.iter().map(|(_, text)| text.as_str()).collect()
}

#[test]
fn the_bytes_of_marks() {
    let (_home, mut opened) = Home::opened();
    let hash = id("a");
    opened.writer.mark_own(&[hash], 0x0102).unwrap();
    opened.writer.mark_own_block(BlockId { height: Height::new(3), hash }).unwrap();
    let own = &opened.writer.database.own;
    let entries: Vec<_> = own.iter().map(Result::unwrap).collect();
    let [block, record] = entries.try_into().unwrap();
    assert_eq!(record.0.as_ref(), [b"r", &hash.as_bytes()[..]].concat());
    assert_eq!(record.1.as_ref(), [0, 0, 0, 0, 0, 0, 1, 2]);
    assert_eq!(block.0.as_ref(), [b"b", &3_u64.to_be_bytes()[..], hash.as_bytes()].concat());
    assert_eq!(block.1.as_ref(), b"");
}

#[test]
fn marked_records_and_those_of_marked_blocks_are_own() {
    let (_home, mut opened) = Home::opened();
    let (mut one, mut two) = (genesis(), genesis());
    append(&mut opened, &mut one, &["foreign", "sent"]);
    let mined = append(&mut opened, &mut one, &["m1", "m2", "m1"]);
    append(&mut opened, &mut one, &["also foreign"]);
    opened.writer.mark_own(&[id("sent")], 1).unwrap();
    opened.writer.mark_own_block(mined.id()).unwrap();
    let plan = branch(&mut opened, &mut two, &[&["x"], &["m2"], &[], &[]]);
    let found = opened.writer.own_disconnected(&plan).unwrap();
    assert_eq!(found.ids, [id("sent"), id("m1"), id("m2")]);
    assert_eq!(missing(&found), ["sent", "m1"]);
    assert_eq!(found.blocks, [mined.id()]);
    opened.writer.keep_own(&found, plan.fork(), 7).unwrap();
    let again = opened.writer.own_disconnected(&plan).unwrap();
    assert_eq!((again.ids, again.blocks), (found.ids, Vec::new()), "each by its own mark");
}

#[test]
fn only_blocks_above_the_fork_are_examined() {
    let (_home, mut opened) = Home::opened();
    let mut one = genesis();
    let shared = append(&mut opened, &mut one, &["shared"]);
    let mut two = one.clone();
    let above = append(&mut opened, &mut one, &["above"]);
    opened.writer.mark_own_block(shared.id()).unwrap();
    opened.writer.mark_own_block(above.id()).unwrap();
    let plan = branch(&mut opened, &mut two, &[&["y"], &["z"]]);
    assert_eq!(plan.fork(), Height::new(1));
    assert_eq!(missing(&opened.writer.own_disconnected(&plan).unwrap()), ["above"]);
}

#[test]
fn blocks_from_before_the_marks_are_own_until_a_reorg_forks_below_them() {
    let (_home, mut opened) = Home::opened();
    let (mut one, mut two) = (genesis(), genesis());
    for records in [["a"], ["b"], ["c"]] {
        append(&mut opened, &mut one, &records);
    }
    let own = &opened.writer.database.own;
    own.insert(BEFORE_OWN, &2_u64.to_be_bytes()).unwrap();
    let plan = branch(&mut opened, &mut two, &[&["x"], &["b"], &[], &[]]);
    let found = opened.writer.own_disconnected(&plan).unwrap();
    assert_eq!((found.ids.len(), missing(&found)), (2, vec!["a"]));
    opened.writer.keep_own(&found, plan.fork(), 9).unwrap();
    opened.writer.perform_reorg(&plan, Timestamp::from_millis(0)).unwrap();

    // Of the branch, `b` alone is own, by the mark that it got.
    let mut three = genesis();
    let plan = branch(&mut opened, &mut three, &[&[], &[], &[], &[], &[]]);
    assert_eq!(missing(&opened.writer.own_disconnected(&plan).unwrap()), ["b"]);
}

#[test]
fn a_cancelled_record_is_own_no_longer_and_its_batch_has_the_rest() {
    let (home, mut opened) = Home::opened();
    let record = |text: &str| PendingRecord { is_own: true, text: text.into() };
    let both = PendingBatch { sequence: 4, records: vec![record("a"), record("b")] };
    opened.writer.mark_own(&[id("a"), id("b")], 4).unwrap();
    opened.writer.append_pending(&both).unwrap();
    let rest = PendingBatch { sequence: 4, records: vec![record("b")] };
    opened.writer.cancel_pending(&id("a"), &rest).unwrap();
    assert!(!opened.writer.is_own(&id("a")).unwrap() && opened.writer.is_own(&id("b")).unwrap());
    opened.writer.commit().unwrap();
    drop(opened);
    let mut opened = home.open();
    assert_eq!(opened.pending, [rest]);
    let nothing = PendingBatch { sequence: 4, records: Vec::new() };
    opened.writer.cancel_pending(&id("b"), &nothing).unwrap();
    drop(opened);
    assert_eq!(home.open().pending, []);
}

#[test]
fn a_torn_height_is_named() {
    let (_home, mut opened) = Home::opened();
    let (mut one, mut two) = (genesis(), genesis());
    append(&mut opened, &mut one, &["a"]);
    opened.writer.database.own.insert(BEFORE_OWN, b"torn").unwrap();
    let plan = branch(&mut opened, &mut two, &[&[], &[]]);
    let error = opened.writer.own_disconnected(&plan).unwrap_err();
    assert!(error.to_string().contains("tree `own`"), "{error}");
}
