//! What a value weighs.

use super::super::layout::{encode_block, encode_body};
use super::*;
use crate::chain::{ChainHeader, Work};
use crate::store::test_util::{Home, genesis, mine};

#[test]
fn a_small_block_weighs_its_value_whatever_its_work() {
    let mut state = genesis();
    for records in [vec![], vec![String::new()], vec!["a".to_owned()]] {
        let block = mine(&mut state, &records);
        let body = encode_body(&records).unwrap();
        for byte in 0..32 {
            let mut work = [7; 32];
            work[byte] = 1;
            let total_work = Work::from_bytes(work);
            let value = encode_block(&ChainHeader { total_work, ..block.chain_header() }, &body);
            assert_eq!(weight(&value), value.len() as u64, "{records:?}, byte {byte}");
        }
    }
}

#[test]
fn a_large_block_weighs_its_body_too() {
    let records = vec!["x".repeat(30_000)];
    let block = mine(&mut genesis(), &records);
    let body = encode_body(&records).unwrap();
    let value = encode_block(&block.chain_header(), &body);
    assert_eq!(weight(&value), (value.len() + body.len()) as u64);
}

#[test]
fn a_block_that_stands_under_the_hash_of_another_is_damage() {
    let (_home, mut opened) = Home::opened();
    let (one, two) = (mine(&mut genesis(), &[]), mine(&mut genesis(), &["two".to_owned()]));
    opened.writer.store_branch_block(&one).unwrap();
    opened.writer.store_branch_block(&two).unwrap();
    let database = &opened.writer.database;
    let value = database.branches.get(branch_key(two.id())).unwrap().unwrap();
    database.branches.insert(branch_key(one.id()), value).unwrap();
    let read = opened.reader.branch_block(one.id());
    assert!(matches!(read, Err(StoreError::Damaged { .. })), "{read:?}");
    let state = opened.reader.state_of(one.id());
    assert!(matches!(state, Err(StoreError::Damaged { .. })), "{state:?}");
}
