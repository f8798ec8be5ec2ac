//! Branches that fork deeper than the operator lets a reorg go.

use jenny_chain::chain::{Hash, Timestamp};

use crate::support::{PeerNode, mined, open_store, until};

const MAX: u64 = 5;

/// A node with a limit, and `depth` blocks of its own above genesis.
async fn writer(binary: bool, depth: u64) -> PeerNode {
    let directory = tempfile::tempdir().unwrap();
    let node = PeerNode::limited(directory, Some(MAX), |config| config.binary = binary).await;
    for number in 0..depth {
        node.mine(&format!("mine {number}")).await;
    }
    node
}

/// A stranger of the same chain, with more work.
async fn stranger(binary: bool, height: u64) -> PeerNode {
    let node = PeerNode::with(|config| config.binary = binary).await;
    node.import(&mined(height, "theirs", 10)).await;
    node
}

async fn until_deep(node: &PeerNode) {
    until("a deep fork waits", || !node.handle.status().deep_forks.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_never_displaces_more_blocks_than_may_be_and_writes_go_on() {
    for binary in [true, false] {
        let node = writer(binary, MAX + 1).await;
        let stranger = stranger(binary, 40).await;
        node.dial(&stranger.url()).await;
        until_deep(&node).await;
        node.mine("writes go on").await;
        let first = node.json(1).await;
        assert_eq!(first["data"][0], "mine 0");
        let deep = node.handle.status().deep_forks[0];
        assert_eq!((deep.fork.below.get(), deep.depth), (0, MAX + 1), "native: {binary}");
        assert_eq!((deep.last.height.get(), deep.last.hash), (40, stranger.handle.tip().hash));
        let held = node.handle.held_block(deep.last).await.unwrap();
        assert_eq!(held, None, "nothing of it was fetched");
        assert_eq!(node.handle.bans(), [], "the stranger is honest");
        assert_eq!(node.handle.links().table().len(), 1, "and stays linked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_displaces_as_many_as_may_be() {
    for binary in [true, false] {
        let node = writer(binary, MAX).await;
        let stranger = stranger(binary, 40).await;
        node.dial(&stranger.url()).await;
        node.agrees_with(&stranger).await;
        assert_eq!(node.handle.status().deep_forks, []);
    }
}

/// A node that is linked to a stranger whose branch forks too deep, and the branch's first block.
async fn held_back(binary: bool) -> (PeerNode, PeerNode, Hash) {
    let node = writer(binary, MAX + 1).await;
    let stranger = stranger(binary, 40).await;
    node.dial(&stranger.url()).await;
    until_deep(&node).await;
    let first = node.handle.status().deep_forks[0].fork.first;
    (node, stranger, first)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_branch_is_taken_from_a_live_link() {
    for binary in [true, false] {
        let (node, stranger, first) = held_back(binary).await;
        node.handle.accept_fork(first).await.unwrap().unwrap();
        if !binary {
            // JSON asks every 15 seconds only; a new block is told at once.
            stranger.mine("one more").await;
        }
        node.agrees_with(&stranger).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_was_accepted_while_the_node_was_stopped_is_taken() {
    for binary in [true, false] {
        let (node, stranger, first) = held_back(binary).await;
        let directory = node.stop().await;
        let mut opened = open_store(directory.path(), None);
        opened.writer.accept_fork(&first, Timestamp::from_millis(1)).unwrap();
        drop(opened);
        let change = |config: &mut jenny_chain::p2p::P2pConfig| config.binary = binary;
        let node = PeerNode::limited(directory, Some(MAX), change).await;
        node.dial(&stranger.url()).await;
        node.agrees_with(&stranger).await;
    }
}
