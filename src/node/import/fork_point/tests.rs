//! Which of a branch's blocks are held, and the state after the last of them.

use crate::chain::test_util::Branch;
use crate::chain::{BlockId, TipState};
use crate::node::test_util::TestNode;

fn ids(branch: &Branch) -> Vec<BlockId> {
    let genesis = TipState::genesis(&branch.spec);
    let above = branch.blocks.iter().map(|block| block.header.id());
    std::iter::once(genesis.id()).chain(above).collect()
}

/// What the node says of the marks from `first` on.
async fn base(node: &TestNode, ids: &[BlockId], first: usize) -> Option<(usize, TipState)> {
    let base = node.handle.find_held_ancestor(ids[first..].to_vec()).await.unwrap();
    base.map(|base| (base.place, base.state))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_highest_block_held_on_the_main_chain_is_the_base_wherever_it_stands() {
    let node = TestNode::dev();
    let trunk = Branch::dev().grown(20, "trunk");
    node.handle.import(trunk.blocks.clone()).await.unwrap();
    let ids = ids(&trunk.grown(20, "more"));
    for first in 0..=20 {
        let (place, state) = base(&node, &ids, first).await.unwrap();
        assert_eq!((place, &state), (20 - first, &trunk.tip));
    }
    for first in 21..40 {
        assert_eq!(base(&node, &ids, first).await, None, "{first}");
    }
    assert_eq!(base(&node, &[], 0).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_branch_counts_as_held_and_its_state_is_that_of_the_branch() {
    let node = TestNode::dev();
    let trunk = Branch::dev().grown(5, "trunk");
    node.handle.import(trunk.grown(10, "ours").blocks).await.unwrap();
    let stored = trunk.grown(7, "theirs");
    node.handle.import(stored.blocks.clone()).await.unwrap();
    let ids = ids(&stored.grown(9, "theirs"));
    for first in 0..=12 {
        let (place, state) = base(&node, &ids, first).await.unwrap();
        assert_eq!((place, &state), (12 - first, &stored.tip));
    }
    assert_eq!(base(&node, &ids, 13).await, None);
}
