//! Checked blocks: in order, as a branch, and on top of what is not held.

use std::time::Duration;

use crate::chain::test_util::Branch;
use crate::chain::{Spec, TipState, ValidBlock};
use crate::node::test_util::{TestNode, options};
use crate::node::{ImportError, Imported, NodeConfig, NodeFailure, NodeHandle};
use crate::store::Options;

/// The blocks of a branch from genesis, checked.
fn checked(branch: &Branch) -> Vec<ValidBlock> {
    let mut state = TipState::genesis(&branch.spec);
    let check = |block: &crate::chain::Block| {
        let valid = state.check_block(&branch.spec, block.clone(), block.header.timestamp).unwrap();
        state.extend(&valid);
        valid
    };
    branch.blocks.iter().map(check).collect()
}

async fn connect(handle: &NodeHandle, blocks: &[ValidBlock]) -> Result<Imported, ImportError> {
    handle.connect(blocks.to_vec()).await?.done().await
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_handed_over_one_after_the_other_are_appended_in_order() {
    let node = TestNode::dev();
    let branch = Branch::dev().grown(200, "a");
    let blocks = checked(&branch);
    let mut under_way = Vec::new();
    for batch in blocks.chunks(20) {
        under_way.push(node.handle.connect(batch.to_vec()).await.unwrap());
    }
    for connecting in under_way {
        assert_eq!(connecting.done().await.unwrap(), Imported::Extended);
    }
    assert_eq!(node.state(), branch.tip);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tip_is_published_before_the_answer() {
    let node = TestNode::dev();
    let branch = Branch::dev().grown(50, "a");
    for block in checked(&branch) {
        connect(&node.handle, std::slice::from_ref(&block)).await.unwrap();
        assert_eq!(node.handle.tip().hash, block.hash());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_is_stored_in_parts_and_takes_over_with_the_part_that_gives_it_more_work() {
    let node = TestNode::dev();
    let ours = Branch::dev().grown(30, "ours");
    connect(&node.handle, &checked(&ours)).await.unwrap();
    let theirs = Branch::dev().grown(40, "theirs");
    let blocks = checked(&theirs);
    let outcomes = [Imported::OnBranch, Imported::OnBranch, Imported::Tied, Imported::Reorged];
    for (batch, outcome) in blocks.chunks(10).zip(outcomes) {
        assert_eq!(connect(&node.handle, batch).await.unwrap(), outcome);
    }
    assert_eq!(node.state(), theirs.tip);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heavier_branch_of_several_times_what_is_kept_of_branches_takes_over() {
    let limits = Options { min_free_bytes: 0, branch_bytes: 5_000, ..options(&Spec::dev()) };
    let node = TestNode::with_options(&limits, NodeConfig::default());
    let ours = Branch::dev().grown(140, "ours");
    connect(&node.handle, &checked(&ours)).await.unwrap();
    let theirs = Branch::dev().grown(150, "theirs");
    for batch in checked(&theirs).chunks(30) {
        connect(&node.handle, batch).await.unwrap();
        // Time to look at branches.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(node.state(), theirs.tip);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_above_one_that_is_not_held_are_refused_and_leave_nothing_behind() {
    let node = TestNode::dev();
    let blocks = checked(&Branch::dev().grown(10, "a"));
    let error = connect(&node.handle, &blocks[5..]).await.unwrap_err();
    assert!(matches!(error, ImportError::UnknownParent(hash) if hash == blocks[4].hash()));
    let ids = vec![blocks[5].id()];
    assert_eq!(node.handle.find_held_ancestor(ids).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_takes_no_blocks() {
    let node = TestNode::dev();
    let blocks = checked(&Branch::dev().grown(1, "a"));
    let handle = node.handle.clone();
    node.stop().await;
    assert!(matches!(handle.connect(blocks).await, Err(NodeFailure::Stopping)));
}
