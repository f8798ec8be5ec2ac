//! Damage is found, and named by height and field.

use super::super::layout::{block_key, encode_block, encode_body, tile_key};
use super::super::{Opened, StoreError, open};
use crate::chain::{ChainHeader, Height, Work};
use crate::store::test_util::{Home, append, genesis, grow};

fn stored(blocks: u64) -> (Home, Opened) {
    let (home, mut opened) = Home::opened();
    append(&mut opened, &grow(&mut genesis(), blocks, "record"));
    (home, opened)
}

fn damage_found(opened: &Opened) -> String {
    match opened.reader.check_all(&mut |_| true) {
        Err(StoreError::Damaged { what }) => what,
        other => panic!("{other:?}"),
    }
}

/// Replaces the value of a block, with a sum of work of the caller's choice.
fn rewrite(opened: &Opened, height: u64, work: Option<Work>, records: Option<&[String]>) {
    let height = Height::new(height);
    let block = opened.reader.view().block(height).unwrap().unwrap();
    let body = encode_body(records.unwrap_or(&block.records)).unwrap();
    let total_work = work.unwrap_or(block.total_work);
    let value =
        encode_block(&ChainHeader { header: block.header, hash: block.hash, total_work }, &body);
    opened.writer.database.chain.insert(block_key(height), value).unwrap();
}

#[test]
fn a_whole_chain_passes_and_reports_each_height_reached() {
    let (_home, opened) = stored(600);
    let mut reached = Vec::new();
    opened
        .reader
        .check_all(&mut |height| {
            reached.push(height.get());
            true
        })
        .unwrap();
    assert!(reached.is_sorted());
    assert_eq!(reached.last(), Some(&600));
}

#[test]
fn a_check_ends_when_it_is_told_to() {
    let (_home, opened) = stored(600);
    let mut calls = 0;
    opened
        .reader
        .check_all(&mut |_| {
            calls += 1;
            false
        })
        .unwrap();
    assert_eq!(calls, 1);
}

#[test]
fn a_changed_record_is_named() {
    let (_home, opened) = stored(5);
    rewrite(&opened, 3, None, Some(&["another".to_owned()]));
    assert_eq!(damage_found(&opened), "block 3: merkle_root does not fit its records");
    assert!(opened.reader.view().block(Height::new(3)).is_err());
    assert!(opened.reader.view().block(Height::new(4)).is_ok());
}

#[test]
fn a_changed_sum_of_work_is_named_and_found_at_opening() {
    let (home, opened) = stored(5);
    rewrite(&opened, 3, Some(Work::default()), None);
    assert!(damage_found(&opened).starts_with("block 3: its stored work"));
    drop(opened);
    let reopened = open(home.directory.path(), &home.options, &mut |_| ());
    assert!(matches!(reopened, Err(StoreError::Damaged { .. })));
}

#[test]
fn a_missing_block_is_named() {
    let (_home, opened) = stored(600);
    opened.writer.database.chain.remove(block_key(Height::new(77))).unwrap();
    assert_eq!(damage_found(&opened), "block 77 is missing");
}

#[test]
fn a_block_in_the_place_of_another_is_named() {
    let (_home, opened) = stored(5);
    let chain = &opened.writer.database.chain;
    let value = chain.get(block_key(Height::new(2))).unwrap().unwrap();
    chain.insert(block_key(Height::new(4)), value).unwrap();
    assert_eq!(damage_found(&opened), "block 4: its header names another height");
}

#[test]
fn a_torn_tile_is_named() {
    let (home, opened) = stored(600);
    let chain = &opened.writer.database.chain;
    let mut tile = chain.get(tile_key(0, 0)).unwrap().unwrap().to_vec();
    tile[40] ^= 1;
    chain.insert(tile_key(0, 0), tile).unwrap();
    let expected = "block 255: the history tile that it completes is wrong";
    assert_eq!(damage_found(&opened), expected);
    drop(opened);
    let reopened = open(home.directory.path(), &home.options, &mut |_| ());
    assert!(matches!(reopened, Err(StoreError::Damaged { .. })));
}

#[test]
fn tiles_that_a_kill_left_out_are_written_at_opening() {
    let (home, opened) = stored(256 + 255);
    let chain = &opened.writer.database.chain;
    chain.remove(tile_key(0, 1)).unwrap();
    drop(opened);
    let opened = home.open();
    opened.reader.check_all(&mut |_| true).unwrap();
}
