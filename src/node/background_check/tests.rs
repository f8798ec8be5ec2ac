//! The check in the background.

use std::time::Duration;

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{ChainHeader, Frontier, Spec, TipState};
use crate::node::test_util::{TestNode, options, records, reopen, until};
use crate::node::{Links, Node, NodeConfig, NodeFailure};
use crate::store::{Options, open};

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_chain_is_found_sound() {
    let node = TestNode::dev();
    node.handle.mine(records("a")).await.unwrap();
    until("the check is done", || node.handle.status().checking.is_none()).await;
}

#[test]
fn damage_names_the_command_to_run() {
    let error = explain(StoreError::Damaged { what: "block 7: merkle_root".to_owned() });
    let text = error.to_string();
    assert!(text.contains("block 7: merkle_root") && text.contains("`jenny verify`"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_covers_the_chain_that_was_there_at_the_start() {
    let node = TestNode::dev();
    let branch = Branch::dev().grown(600, "a");
    node.handle.import(branch.blocks).await.unwrap();
    let dir = node.stop().await;
    let node = Node::start(reopen(dir.path()), NodeConfig::default(), Links::none());
    let handle = node.handle();
    until("the check is done", || handle.status().checking.is_none()).await;
    assert!(!handle.shared().is_over());
    tokio::task::spawn_blocking(|| node.stop()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_ends_the_node_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { min_free_bytes: 0, ..options(&Spec::dev()) };
    let mut opened = open(dir.path(), &options, &mut |_| ()).unwrap();
    // A block whose stored work is wrong: it was checked against a state that is.
    let genesis = TipState::genesis(&Spec::dev());
    let header = genesis.header();
    let wrong = genesis.total_work().plus(genesis.total_work());
    let last = ChainHeader { total_work: wrong, ..*genesis.last() };
    let state = TipState::restore(last, header.timestamp, Frontier::default()).unwrap();
    let mut branch = Branch::from(&Spec::dev(), state.clone());
    branch.grow(1, "a");
    let block = branch.blocks.remove(0);
    let block = state.check_block(&Spec::dev(), block, header.timestamp).unwrap();
    opened.writer.append(&block).unwrap();
    opened.writer.commit().unwrap();

    let node = Node::start(opened, NodeConfig::default(), Links::none());
    let why = node.handle().failed().await.to_string();
    assert!(why.contains("block 1: its stored work") && why.contains("`jenny verify`"), "{why}");
    assert!(node.handle().mine(records("b")).await.is_err());
    let stopped = tokio::task::spawn_blocking(|| node.stop()).await.unwrap();
    assert_eq!(stopped.unwrap_err().to_string(), why);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_ends_when_the_node_does() {
    let node = TestNode::dev();
    let shared = node.handle.shared();
    let resting = std::thread::spawn({
        let shared = Arc::clone(&shared);
        move || rest(&shared, Duration::from_secs(3_600))
    });
    shared.end(&NodeFailure::Stopping);
    tokio::task::spawn_blocking(|| resting.join()).await.unwrap().unwrap();
}
