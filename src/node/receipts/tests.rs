//! Receipts of a node, checked as a client without a node checks them.

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{Spec, TipState};
use crate::node::test_util::TestNode;

#[tokio::test]
async fn a_receipt_for_each_kind_of_tip_is_sound() {
    let node = TestNode::dev();
    let mut branch = Branch::dev();
    branch.grow_with(5, |height| vec![format!("a {height}"), format!("b {height}")]);
    node.handle.import(branch.blocks.clone()).await.unwrap();
    let hash = |height: usize| branch.blocks[height - 1].header.hash();
    for (tip, height) in [
        (ReceiptTip::Durable, 5),
        (ReceiptTip::Below(1), 4),
        (ReceiptTip::Height(Height::new(2)), 2),
        (ReceiptTip::Hash(hash(3)), 3),
    ] {
        let receipt = node.handle.receipt_for(Height::new(2), 1, tip).await.unwrap();
        assert_eq!((receipt.record.as_str(), receipt.record_index), ("b 2", 1));
        let verified = receipt.verify(Some(hash(height))).unwrap();
        assert_eq!(verified.chain_id, node.handle.chain_id());
        assert_eq!(verified.block.hash, hash(2));
    }
    let genesis = node.handle.receipt_for(Height::GENESIS, 0, ReceiptTip::Durable).await.unwrap();
    assert_eq!(genesis.record, Spec::dev().canonical_text());
    genesis.verify(Some(hash(5))).unwrap();
}

#[tokio::test]
async fn what_has_no_receipt_says_why() {
    let node = TestNode::dev();
    let branch = Branch::dev().grown(3, "a");
    node.handle.import(branch.blocks).await.unwrap();
    let ask = |height, index, tip| node.handle.receipt_for(Height::new(height), index, tip);
    let no = ask(4, 0, ReceiptTip::Durable).await.unwrap_err();
    assert!(matches!(no, NoReceipt::NoRecord { .. }), "{no}");
    let no = ask(2, 1, ReceiptTip::Durable).await.unwrap_err();
    assert!(matches!(no, NoReceipt::NoRecord { index: 1, .. }), "{no}");
    for tip in [ReceiptTip::Height(Height::new(1)), ReceiptTip::Below(100)] {
        let no = ask(2, 0, tip).await.unwrap_err();
        assert!(matches!(no, NoReceipt::TipBelow { .. }), "{no}");
    }
    for tip in [ReceiptTip::Height(Height::new(4)), ReceiptTip::Hash(Hash::ZERO)] {
        let no = ask(2, 0, tip).await.unwrap_err();
        assert!(matches!(no, NoReceipt::TipOffChain), "{no}");
    }
}

#[tokio::test]
async fn a_tip_that_a_reorg_disconnected_is_off_the_chain() {
    let node = TestNode::dev();
    let genesis = TipState::genesis(&Spec::dev());
    let (mut low, mut high) =
        (Branch::from(&Spec::dev(), genesis.clone()), Branch::from(&Spec::dev(), genesis));
    low.grow(2, "low");
    high.grow(3, "high");
    node.handle.import(low.blocks.clone()).await.unwrap();
    let old = low.tip.hash();
    let receipt = node.handle.receipt_for(Height::new(1), 0, ReceiptTip::Hash(old)).await.unwrap();
    receipt.verify(Some(old)).unwrap();
    node.handle.import(high.blocks.clone()).await.unwrap();
    let no = node.handle.receipt_for(Height::new(1), 0, ReceiptTip::Hash(old)).await.unwrap_err();
    assert!(matches!(no, NoReceipt::TipOffChain), "{no}");
    let receipt = node.handle.receipt_for(Height::new(1), 0, ReceiptTip::Durable).await.unwrap();
    assert_eq!(receipt.record, "high 1");
    receipt.verify(Some(high.tip.hash())).unwrap();
}
