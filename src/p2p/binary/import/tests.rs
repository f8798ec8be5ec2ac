//! What becomes of batches.

use super::*;
use crate::chain::test_util::extend;
use crate::chain::{Spec, TipState};
use crate::node::test_util::TestNode;

/// Consecutive blocks above genesis.
fn blocks(count: usize) -> Vec<ValidBlock> {
    let spec = Spec::dev();
    let mut tip = TipState::genesis(&spec);
    (0..count).map(|index| extend(&spec, &mut tip, vec![index.to_string()], 1_000)).collect()
}

#[tokio::test]
async fn batches_are_imported_and_told_in_the_order_in_which_they_were_handed_on() {
    let node = TestNode::dev();
    let blocks = blocks(40);
    let mut imports = Imports::default();
    assert_eq!(imports.next().await, None);
    for batch in blocks.chunks(4) {
        imports.push(node.handle.clone(), 7, batch.to_vec());
    }
    for batch in blocks.chunks(4) {
        let last = batch.last().unwrap().id();
        let done = BinaryInput::Imported { download: 7, last, outcome: ImportOutcome::Done };
        assert_eq!(imports.next().await, Some(done));
        assert!(node.handle.tip().header.height >= last.height, "published before it is told");
    }
    assert_eq!(imports.next().await, None);
}

#[tokio::test]
async fn a_batch_whose_parent_is_not_held_is_lost_and_the_next_one_still_handed_on() {
    let node = TestNode::dev();
    let blocks = blocks(3);
    let mut imports = Imports::default();
    imports.push(node.handle.clone(), 1, blocks[1..].to_vec());
    imports.push(node.handle.clone(), 2, blocks[..1].to_vec());
    let mut outcomes = Vec::new();
    while let Some(BinaryInput::Imported { download, outcome, .. }) = imports.next().await {
        outcomes.push((download, outcome));
    }
    assert_eq!(outcomes, [(1, ImportOutcome::Lost), (2, ImportOutcome::Done)]);
    assert_eq!(node.handle.tip().hash, blocks[0].hash());
}

#[tokio::test]
async fn batches_that_are_under_way_at_the_end_are_finished() {
    let node = TestNode::dev();
    let blocks = blocks(2);
    let mut imports = Imports::default();
    for block in &blocks {
        imports.push(node.handle.clone(), 1, vec![block.clone()]);
    }
    imports.finish().await;
    assert_eq!(node.handle.tip().hash, blocks[1].hash());
}
