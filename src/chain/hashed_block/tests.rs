//! What a block costs in hashes on its way.

use super::*;
use crate::chain::test_util::{Branch, counted};
use crate::chain::{Spec, TipState, parse_block, write_block_json};

fn block() -> Block {
    let mut branch = Branch::dev().grown(1, "a record");
    branch.blocks.remove(0)
}

fn json(block: &Block) -> Vec<u8> {
    let mut json = Vec::new();
    let (header, hash) = (&block.header, block.header.hash());
    write_block_json(&mut json, &Spec::dev(), header, &hash, &block.records);
    json
}

#[test]
fn a_json_block_costs_one_header_hash_and_one_merkle_root() {
    let (spec, block) = (Spec::dev(), block());
    let (json, genesis) = (json(&block), TipState::genesis(&spec));
    let (valid, hashes) = counted(|| {
        let hashed = parse_block(&json).unwrap();
        hashed.check_merkle_root().unwrap();
        genesis.check_block(&spec, hashed, block.header.timestamp).unwrap()
    });
    assert_eq!((hashes.headers, hashes.merkle_roots), (1, 1));
    assert_eq!((valid.hash(), valid.block()), (block.header.hash(), &block));
}

#[test]
fn a_clone_shares_the_records_and_what_was_computed() {
    let first = HashedBlock::new(block());
    let second = first.clone();
    let ((), hashes) = counted(|| {
        first.check_merkle_root().unwrap();
        second.check_merkle_root().unwrap();
    });
    assert_eq!((hashes.headers, hashes.merkle_roots), (0, 1));
    assert_eq!(first.records().as_ptr(), second.records().as_ptr());
    assert_eq!(second.into_block(), first.into_block());
}

#[test]
fn other_records_are_told_by_their_root() {
    let mut forged = block();
    forged.records.push("one more".to_owned());
    let (expected, found) = (merkle_root(&forged.records), forged.header.merkle_root);
    let error = HashedBlock::new(forged).check_merkle_root().unwrap_err();
    assert_eq!(error, RuleError::MerkleRoot { expected, found });
}
