//! Receipts: sound ones, and every way to spoil one.

mod parsing;

use super::*;
use crate::chain::test_util::{chain, consistency, hopeless, receipt, seal, spec_with};
use crate::chain::{Bits, BitsError, Block, Spec};

const BODIES: [&[&str]; 8] = [
    &["one"],
    &[],
    &["a", "b", "c", "d", "e"],
    &["", "\u{b}\n\"\\ \u{1f600} \u{10ffff}", "same", "same"],
    &["x"; 9],
    &["last"],
    &["more"],
    &["tip", "of the chain"],
];

/// A chain whose difficulty is not the easiest everywhere.
fn rising() -> Spec {
    spec_with(&[("name", "\"rising\""), ("retarget_window", "10")])
}

fn sample() -> (Spec, Vec<Block>) {
    let spec = rising();
    let blocks = chain(&spec, &BODIES, 1);
    (spec, blocks)
}

#[test]
fn every_record_is_proven_against_every_tip() {
    let (spec, blocks) = sample();
    let last = blocks.last().unwrap().header;
    assert_ne!(last.bits, blocks[0].header.bits, "the difficulty rises");
    for (tip, tip_block) in blocks.iter().enumerate() {
        let trusted = tip_block.header.hash();
        for (height, block) in blocks[..=tip].iter().enumerate() {
            for (index, record) in block.records.iter().enumerate() {
                let receipt = receipt(&blocks, height, index, tip);
                let text = receipt.to_json(&spec);
                assert!(text.len() < MAX_RECEIPT_BYTES - 6 * (1 << 20) + 6 * record.len());
                assert_eq!(Receipt::parse(&text).unwrap(), receipt);
                let verified = receipt.verify(Some(trusted)).unwrap();
                assert_eq!(verified.chain_id, blocks[0].header.hash());
                assert_eq!(verified.record_id, leaf_hash(record.as_bytes()));
                assert_eq!(verified.block, block.header.id());
                assert_eq!(verified.time, block.header.timestamp);
                assert_eq!(verified.tip, tip_block.header.id());
                assert!(verified.is_anchored);
                assert!(!receipt.verify(None).unwrap().is_anchored);
            }
        }
    }
}

#[test]
fn a_receipt_for_another_tip_is_not_anchored_by_this_one() {
    let (_, blocks) = sample();
    let receipt = receipt(&blocks, 3, 2, 6);
    let refused = receipt.verify(Some(blocks[7].header.hash())).unwrap_err();
    assert!(matches!(refused, ReceiptError::Tip { .. }), "{refused}");
    let text = format!("{refused} {}", refused.advice());
    assert!(text.contains(&format!("block 6 {}", blocks[6].header.hash())), "{text}");
}

#[test]
fn a_later_tip_anchors_a_receipt_through_a_consistency_proof() {
    let (spec, blocks) = sample();
    let trusted = |height: usize| Some(blocks[height].header.hash());
    let old = receipt(&blocks, 3, 2, 5);
    for to in 5..blocks.len() {
        let proof = consistency(&blocks, 5, to);
        assert_eq!(Consistency::parse(&proof.to_json(&spec)).unwrap(), proof);
        assert!(old.verify_later(&proof, trusted(to)).unwrap().is_anchored);
        assert!(!old.verify_later(&proof, None).unwrap().is_anchored);
    }
    let proof = consistency(&blocks, 5, 8);
    let name = |proof: &Consistency, receipt: &Receipt, tip: Option<Hash>| {
        variant(&receipt.verify_later(proof, tip).unwrap_err())
    };
    assert_eq!(name(&proof, &old, trusted(7)), "Tip");
    assert_eq!(name(&consistency(&blocks, 4, 8), &old, trusted(8)), "ConsistencyFrom");
    let spoiled = Consistency { proof: vec![], ..proof.clone() };
    assert_eq!(name(&spoiled, &old, trusted(8)), "Consistency");
    let spoiled = Consistency { from_root: Hash::ZERO, ..proof.clone() };
    assert_eq!(name(&spoiled, &old, trusted(8)), "ConsistencyHeader");
    let mut unmined = proof.header;
    seal(&mut unmined, false);
    let spoiled = Consistency { header: unmined, ..proof.clone() };
    assert_eq!(name(&spoiled, &old, Some(unmined.hash())), "ProofOfWork");
    // A tip is not in its own history.
    let own = receipt(&blocks, 5, 8, 5);
    assert_eq!(name(&proof, &own, trusted(8)), "BlockIsTip");
    assert!(own.verify(trusted(5)).unwrap().is_anchored);
}

#[test]
fn a_receipt_is_renewed_along_one_history() {
    let (_, blocks) = sample();
    for from in 3..blocks.len() {
        for to in from..blocks.len() {
            let (old, new) = (receipt(&blocks, 3, 2, from), receipt(&blocks, 3, 2, to));
            let verified = old.verify_renewed(&new, &consistency(&blocks, from, to)).unwrap();
            assert_eq!(verified.tip, blocks[to].header.id());
            assert!(!verified.is_anchored);
        }
    }
    let old = receipt(&blocks, 3, 2, 5);
    let name =
        |new: &Receipt, proof: &Consistency| variant(&old.verify_renewed(new, proof).unwrap_err());
    let proof = consistency(&blocks, 5, 7);
    assert_eq!(name(&receipt(&blocks, 3, 1, 7), &proof), "OtherRecord");
    assert_eq!(name(&receipt(&blocks, 4, 2, 7), &proof), "OtherRecord");
    assert_eq!(name(&receipt(&blocks, 3, 2, 8), &proof), "Tip");
    let new = receipt(&blocks, 3, 2, 7);
    assert_eq!(name(&new, &consistency(&blocks, 4, 7)), "ConsistencyFrom");
    // Another branch above the record's block.
    let longer: Vec<_> = BODIES[..3].iter().copied().chain([["other"].as_slice(); 5]).collect();
    let other = chain(&rising(), &longer, 1);
    assert_eq!(other[3], blocks[3]);
    let new = receipt(&other, 3, 2, 7);
    assert_eq!(name(&new, &consistency(&other, 5, 7)), "ConsistencyHeader");
    let mixed = Consistency { from_root: old.tip.history_root, ..consistency(&other, 5, 7) };
    assert_eq!(name(&new, &mixed), "Consistency");
}

/// The name of the variant, as `Debug` begins with it.
fn variant(error: &ReceiptError) -> String {
    let text = format!("{error:?}");
    assert!(!error.to_string().is_empty() && !error.advice().is_empty());
    text.chars().take_while(|character| character.is_alphanumeric()).collect()
}

/// The sample's receipt for block 4 at tip 7, after a change.
fn refused(change: impl FnOnce(&mut Receipt, &[Block])) -> String {
    let (_, blocks) = sample();
    let mut receipt = receipt(&blocks, 4, 1, 7);
    change(&mut receipt, &blocks);
    variant(&receipt.verify(None).unwrap_err())
}

/// Mines a header again after a change, so that only the change is wrong.
fn mined(mut header: Header, change: impl FnOnce(&mut Header)) -> Header {
    change(&mut header);
    seal(&mut header, true);
    header
}

#[test]
fn each_thing_that_is_wrong_has_its_own_error() {
    assert_eq!(refused(|receipt, _| receipt.record.push('.')), "RecordPath");
    assert_eq!(refused(|receipt, _| receipt.record_index = 0), "RecordPath");
    assert_eq!(refused(|receipt, _| receipt.record_index = 4), "RecordIndex");
    assert_eq!(refused(|receipt, _| receipt.record_path.truncate(1)), "RecordPath");
    assert_eq!(refused(|receipt, _| receipt.record_path.push(Hash::ZERO)), "RecordPath");
    assert_eq!(refused(|receipt, _| receipt.block_path.swap(0, 1)), "BlockPath");
    assert_eq!(refused(|receipt, _| receipt.genesis_path.clear()), "GenesisPath");
    assert_eq!(
        refused(|receipt, _| receipt.chain_id = Spec::dev().genesis().hash()),
        "GenesisPath"
    );
    let change = |header: &mut Header| header.timestamp = header.timestamp.plus_millis(1);
    assert_eq!(refused(|receipt, _| receipt.header = mined(receipt.header, change)), "BlockPath");
    assert_eq!(refused(|receipt, _| seal(&mut receipt.header, false)), "ProofOfWork");
    assert_eq!(refused(|receipt, _| seal(&mut receipt.tip, false)), "ProofOfWork");
    let change = |header: &mut Header| header.version = 2;
    assert_eq!(refused(|receipt, _| receipt.header = mined(receipt.header, change)), "Version");
    assert_eq!(refused(|receipt, _| receipt.tip = mined(receipt.tip, change)), "Version");
    assert_eq!(refused(|receipt, _| receipt.tip.bits = Bits::new(0)), "Bits");
    let of = |height: usize| {
        move |receipt: &mut Receipt, blocks: &[Block]| {
            receipt.tip = blocks[height].header;
        }
    };
    assert_eq!(refused(of(3)), "AboveTip");
    assert_eq!(refused(of(6)), "BlockPath");
    let same_height = |receipt: &mut Receipt, blocks: &[Block]| {
        receipt.tip = mined(blocks[4].header, |header| {
            header.timestamp = header.timestamp.plus_millis(1);
        });
    };
    assert_eq!(refused(same_height), "OtherTip");
}

#[test]
fn a_block_that_is_the_tip_needs_no_path_and_takes_none() {
    let (_, blocks) = sample();
    for height in [0, 1, 8] {
        let sound = receipt(&blocks, height, 0, height);
        assert_eq!(sound.block_path, []);
        let mut spoiled = sound.clone();
        spoiled.block_path.push(Hash::ZERO);
        assert_eq!(variant(&spoiled.verify(None).unwrap_err()), "BlockPath");
    }
    let genesis = receipt(&blocks, 0, 0, 0);
    let other = Receipt { chain_id: Hash::ZERO, ..genesis.clone() };
    assert_eq!(variant(&other.verify(None).unwrap_err()), "ChainId");
    let other = Receipt { genesis_path: vec![Hash::ZERO], ..genesis };
    assert_eq!(variant(&other.verify(None).unwrap_err()), "GenesisPath");
}

#[test]
fn genesis_has_no_proof_of_work() {
    let spec = hopeless();
    let blocks = chain(&spec, &[], 1);
    let genesis = receipt(&blocks, 0, 0, 0);
    assert!(genesis.verify(Some(spec.genesis().hash())).unwrap().is_anchored);
    let mut header = genesis.header;
    header.bits = Bits::new(0x0092_3456);
    let refused = Receipt { header, ..genesis }.verify(None).unwrap_err();
    assert!(matches!(refused, ReceiptError::Bits { reason: BitsError::Negative, .. }), "{refused}");
}
