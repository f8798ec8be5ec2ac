//! A syncer beside its writer.

use std::thread;

use super::*;
use crate::chain::{TipState, ValidBlock};
use crate::store::Opened;
use crate::store::test_util::{Home, genesis, grow, mine, store};

/// A database with the first of these blocks applied and sealed, and the state after the last.
fn sealed(blocks: u64) -> (Home, Opened, TipState, Vec<ValidBlock>, Sealed) {
    let (home, mut opened) = Home::opened();
    let mut state = genesis();
    let blocks = grow(&mut state, blocks, "a");
    opened.writer.append(&blocks[0]).unwrap();
    let sealed = opened.writer.seal();
    (home, opened, state, blocks, sealed)
}

#[test]
fn a_sync_publishes_what_was_sealed_and_not_what_was_applied_since() {
    let (_home, mut opened) = Home::opened();
    let mut state = genesis();
    let blocks = grow(&mut state, 3, "a");
    opened.writer.append(&blocks[0]).unwrap();
    opened.writer.append(&blocks[1]).unwrap();
    let sealed = opened.writer.seal();
    opened.writer.append(&blocks[2]).unwrap();
    assert_eq!(opened.reader.tip().hash, genesis().hash());

    assert!(opened.syncer.sync(&sealed).unwrap());
    assert_eq!(opened.reader.tip().hash, blocks[1].hash());
    assert_eq!(opened.writer.applied(), &state);
}

#[test]
fn the_tip_is_captured_before_the_flush() {
    let (_home, mut opened, _, blocks, sealed) = sealed(2);
    let gate = opened.writer.commit_gate();
    thread::scope(|scope| {
        let closed = gate.lock().unwrap();
        let syncing = scope.spawn(|| opened.syncer.sync(&sealed).unwrap());
        opened.writer.append(&blocks[1]).unwrap();
        assert_eq!(opened.reader.tip().hash, genesis().hash());
        drop(closed);
        assert!(syncing.join().unwrap());
    });
    assert_eq!(opened.reader.tip().hash, blocks[0].hash());
}

#[test]
fn a_commit_includes_what_was_sealed_and_a_later_sync_of_it_does_nothing() {
    let (_home, mut opened, state, blocks, first) = sealed(2);
    opened.writer.append(&blocks[1]).unwrap();
    let second = opened.writer.seal();
    opened.writer.commit().unwrap();
    assert_eq!(opened.reader.tip().hash, state.hash());
    for sealed in [first, second] {
        assert!(opened.syncer.sync(&sealed).unwrap());
        assert_eq!(opened.reader.tip().hash, state.hash());
    }
}

#[test]
fn a_reorg_makes_durable_what_was_sealed_and_a_later_sync_of_it_does_nothing() {
    let (_home, mut opened) = Home::opened();
    let (mut ours, mut theirs) = (genesis(), genesis());
    opened.writer.append(&mine(&mut ours, &["ours".to_owned()])).unwrap();
    let sealed = opened.writer.seal();
    store(&mut opened, &grow(&mut theirs, 2, "theirs"));
    let reorg = opened.writer.reorg(theirs.id()).unwrap();
    assert_eq!(reorg.disconnected, [ours.hash()]);
    assert!(opened.syncer.sync(&sealed).unwrap());
    assert_eq!(opened.reader.tip().hash, theirs.hash());
}

#[test]
fn a_failed_sync_is_the_last_write_of_either() {
    let (_home, mut opened, _, blocks, sealed) = sealed(2);
    let begun = opened.writer.begun_writes();
    opened.writer.fail_commits();
    let error = opened.syncer.sync(&sealed).unwrap_err();
    assert!(matches!(error, StoreError::WriteFailed(_)), "{error}");

    opened.writer.append(&blocks[1]).unwrap_err();
    // What is refused was not begun.
    assert_eq!(opened.writer.begun_writes(), begun);
    opened.writer.commit().unwrap_err();
    assert!(!opened.reader.holds(blocks[1].id()).unwrap());
    assert_eq!(opened.reader.tip().hash, genesis().hash());
    // Reported once, to the caller that met it.
    assert!(!opened.syncer.sync(&sealed).unwrap());
}

#[test]
fn a_failed_write_is_the_last_one_of_either() {
    let (_home, mut opened, _, _, sealed) = sealed(1);
    opened.writer.fail_commits();
    opened.writer.commit().unwrap_err();
    assert!(!opened.syncer.sync(&sealed).unwrap());
    assert_eq!(opened.reader.tip().hash, genesis().hash());
}

#[test]
fn room_is_checked_before_the_first_block_after_a_seal() {
    let mut home = Home::new();
    home.options.min_free_bytes = u64::MAX;
    let mut opened = home.open();
    let mut state = genesis();
    let blocks = grow(&mut state, 2, "a");
    // As if there had been room for the block before.
    opened.writer.unsealed = true;
    opened.writer.append(&blocks[0]).unwrap();
    let sealed = opened.writer.seal();
    let error = opened.writer.append(&blocks[1]).unwrap_err();
    assert!(matches!(error, StoreError::DiskLow { .. }), "{error}");
    assert!(opened.syncer.sync(&sealed).unwrap());
    assert_eq!(opened.reader.tip().hash, blocks[0].hash());
}
