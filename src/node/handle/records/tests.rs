//! Records through the handle: sent, found, waited for, cancelled, put back by reorgs.

mod property;

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{Height, Spec};
use crate::node::test_util::{TestNode, records, until};
use crate::node::{ImportError, Imported};

pub(super) fn id(text: &str) -> Hash {
    leaf_hash(text.as_bytes())
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

const PENDING: RecordState = RecordState::Pending { is_checked: true };

async fn submit(node: &TestNode, sent: &[&str]) -> Vec<(RecordState, bool)> {
    let acknowledged = node.handle.submit(texts(sent)).await.unwrap();
    assert_eq!(
        acknowledged.iter().map(|record| record.id).collect::<Vec<_>>(),
        sent.iter().map(|text| id(text)).collect::<Vec<_>>()
    );
    acknowledged.iter().map(|record| (record.state, record.is_new)).collect()
}

/// Where a record is: `None` when it is pending.
async fn height(node: &TestNode, text: &str) -> Option<u64> {
    match node.handle.record(id(text)).await.unwrap() {
        Some(KnownRecord::Included(place)) => Some(place.block.height.get()),
        Some(KnownRecord::Pending { text: found, is_checked: true }) if *found == *text => None,
        other => panic!("{text}: {other:?}"),
    }
}

fn waiting(node: &TestNode) -> Vec<String> {
    let pending = node.handle.pending_records(None, usize::MAX);
    pending.iter().map(|entry| entry.text.to_string()).collect()
}

/// Restarts the node, and waits until it has looked for its pending records on the main chain.
async fn restart(node: TestNode) -> TestNode {
    checked(node.restart().await).await
}

/// Ends the node without warning, and starts it again. Nothing is being written, so that the files
/// are those of one moment.
async fn crash(node: TestNode) -> TestNode {
    let is_at_rest = || node.handle.status().indexed == node.handle.tip().header.height;
    until("the index is at rest", is_at_rest).await;
    checked(node.crash().await).await
}

async fn checked(node: TestNode) -> TestNode {
    until("they are checked", || node.handle.shared.records.lock().unchecked(1).is_empty()).await;
    node
}

async fn offer(node: &TestNode, branch: &Branch) -> Result<Imported, ImportError> {
    node.handle.import(branch.blocks.clone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_pending_until_a_block_has_it() {
    let node = TestNode::idle();
    assert_eq!(submit(&node, &["a", "b", ""]).await, [(PENDING, true); 3]);
    assert_eq!((height(&node, "a").await, height(&node, "").await), (None, None));
    assert_eq!(node.handle.record(id("x")).await.unwrap(), None);
    node.handle.mine(texts(&["b", "other"])).await.unwrap();
    assert_eq!(height(&node, "b").await, Some(1));
    assert_eq!(waiting(&node), ["a", ""]);
    assert_eq!(node.handle.pool_usage().records, 2);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_records_are_one_record() {
    let node = TestNode::idle();
    assert_eq!(submit(&node, &["a", "a"]).await, [(PENDING, true); 2]);
    assert_eq!(submit(&node, &["a", "b"]).await, [(PENDING, false), (PENDING, true)]);
    node.handle.mine(records("b")).await.unwrap();
    let expected = [(RecordState::Included, false), (PENDING, false), (PENDING, true)];
    assert_eq!(submit(&node, &["b", "a", "c"]).await, expected);
    assert_eq!(waiting(&node), ["a", "c"]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_others_takes_its_records_out_of_the_pool() {
    let node = TestNode::idle();
    submit(&node, &["a", "b"]).await;
    let mut branch = Branch::from_genesis(&Spec::dev());
    branch.grow_with(1, |_| texts(&["a", "foreign"]));
    assert_eq!(offer(&node, &branch).await.unwrap(), Imported::Extended);
    assert_eq!((height(&node, "a").await, waiting(&node)), (Some(1), texts(&["b"])));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_records_survive_a_restart() {
    let node = TestNode::idle();
    let long = "x".repeat(60_000);
    submit(&node, &["a", &long, "b"]).await;
    node.handle.mine(records("a")).await.unwrap();
    submit(&node, &["c"]).await;
    let node = restart(node).await;
    assert_eq!(waiting(&node), texts(&[&long, "b", "c"]));
    assert_eq!(submit(&node, &["b", "d"]).await, [(PENDING, false), (PENDING, true)]);
    assert_eq!(waiting(&node).last().unwrap(), "d");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_too_long_for_the_chain_refuses_all_of_its_request() {
    let node = TestNode::idle();
    let error = node.handle.submit(texts(&["a", &"x".repeat(65_537)])).await.unwrap_err();
    let rule = RuleError::RecordBytes { index: 1, max: 65_536, found: 65_537 };
    assert!(matches!(error, SubmitError::TooLarge(found) if found == rule));
    assert!(waiting(&node).is_empty());
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_takes_all_or_nothing_and_a_block_makes_room() {
    let node = TestNode::idle();
    *node.handle.shared.records.lock() = crate::node::records::pool::Pool::with_bounds(3, 1 << 20);
    submit(&node, &["a", "b"]).await;
    let refused = node.handle.submit(texts(&["c", "d"])).await;
    assert!(matches!(refused, Err(SubmitError::PoolFull)));
    assert_eq!(waiting(&node), ["a", "b"]);
    assert_eq!(submit(&node, &["a", "b", "c"]).await.len(), 3, "known ones take no room");
    node.handle.mine(texts(&["a", "b"])).await.unwrap();
    submit(&node, &["d", "e"]).await;
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_ends_with_the_block_or_the_time() {
    let node = TestNode::idle();
    submit(&node, &["a", "b"]).await;
    let ids = vec![id("a"), id("b")];
    let limit = Duration::from_millis(5);
    assert!(!node.handle.wait_for_records(ids.clone(), limit).await.unwrap());
    let handle = node.handle.clone();
    let waits = tokio::spawn(async move {
        handle.wait_for_records(ids, Duration::from_secs(60)).await.unwrap()
    });
    node.handle.mine(records("b")).await.unwrap();
    node.handle.mine(records("a")).await.unwrap();
    assert!(waits.await.unwrap());
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_record_is_gone_for_good() {
    let node = TestNode::idle();
    submit(&node, &["a", "b"]).await;
    assert!(node.handle.cancel_record(id("a")).await.unwrap());
    assert!(!node.handle.cancel_record(id("a")).await.unwrap());
    assert_eq!(node.handle.record(id("a")).await.unwrap(), None);
    node.handle.mine(records("b")).await.unwrap();
    assert!(!node.handle.cancel_record(id("b")).await.unwrap(), "it is in a block");
    let node = restart(node).await;
    assert!(waiting(&node).is_empty());
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_record_is_gone_although_an_older_batch_names_it() {
    let node = TestNode::idle();
    submit(&node, &["a", "waits"]).await;
    node.handle.mine(records("a")).await.unwrap();
    let mut branch = Branch::from_genesis(&Spec::dev());
    assert_eq!(offer(&node, branch.grow(2, "x")).await.unwrap(), Imported::Reorged);
    assert_eq!(waiting(&node), ["a", "waits"]);
    assert!(node.handle.cancel_record(id("a")).await.unwrap());
    let node = restart(node).await;
    assert_eq!(waiting(&node), ["waits"]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_puts_own_records_back_that_stand_nowhere_else() {
    let node = TestNode::idle();
    submit(&node, &["sent", "waits", "on both"]).await;
    node.handle.mine(texts(&["on both", "mined", "mined"])).await.unwrap();
    let mut foreign = Branch::from(&Spec::dev(), node.state());
    foreign.grow_with(1, |_| texts(&["foreign", "sent"]));
    assert_eq!(offer(&node, &foreign).await.unwrap(), Imported::Extended);
    assert_eq!(waiting(&node), ["waits"]);

    let mut branch = Branch::from_genesis(&Spec::dev());
    branch.grow_with(3, |height| match height.get() {
        2 => texts(&["on both"]),
        _ => Vec::new(),
    });
    assert_eq!(offer(&node, &branch).await.unwrap(), Imported::Reorged);
    assert_eq!(waiting(&node), ["mined", "sent", "waits"], "oldest first, before the others");
    assert_eq!(height(&node, "on both").await, Some(2));
    assert_eq!(node.handle.record(id("foreign")).await.unwrap(), None);

    let node = restart(node).await;
    assert_eq!(waiting(&node), ["mined", "sent", "waits"]);
    // And back: the first branch wins again.
    let mut first = Branch::from(&Spec::dev(), foreign.tip.clone());
    first.grow(2, "more");
    assert_eq!(offer(&node, &first).await.unwrap(), Imported::Reorged);
    assert_eq!((height(&node, "mined").await, waiting(&node)), (Some(1), texts(&["waits"])));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_on_both_branches_comes_back_when_a_third_one_lacks_it() {
    let node = TestNode::idle();
    node.handle.mine(records("own")).await.unwrap();
    let mut second = Branch::from_genesis(&Spec::dev());
    second.grow_with(2, |height| if height.get() == 1 { texts(&["own"]) } else { Vec::new() });
    assert_eq!(offer(&node, &second).await.unwrap(), Imported::Reorged);
    assert_eq!(height(&node, "own").await, Some(1));
    let mut third = Branch::from_genesis(&Spec::dev());
    assert_eq!(offer(&node, third.grow(3, "third")).await.unwrap(), Imported::Reorged);
    assert_eq!(waiting(&node), ["own"]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_known_when_it_was_sent_is_own_from_then_on() {
    let node = TestNode::idle();
    let mut foreign = Branch::from_genesis(&Spec::dev());
    foreign.grow_with(1, |_| texts(&["shared", "theirs"]));
    offer(&node, &foreign).await.unwrap();
    assert_eq!(submit(&node, &["shared"]).await, [(RecordState::Included, false)]);
    let mut branch = Branch::from_genesis(&Spec::dev());
    assert_eq!(offer(&node, branch.grow(2, "x")).await.unwrap(), Imported::Reorged);
    assert_eq!(waiting(&node), ["shared"]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_below_the_fork_is_not_put_back() {
    let node = TestNode::idle();
    node.handle.mine(records("twice")).await.unwrap();
    let fork = node.state();
    node.handle.mine(texts(&["twice", "once"])).await.unwrap();
    let mut branch = Branch::from(&Spec::dev(), fork);
    assert_eq!(offer(&node, branch.grow(2, "x")).await.unwrap(), Imported::Reorged);
    assert_eq!((height(&node, "twice").await, waiting(&node)), (Some(1), texts(&["once"])));
    assert_eq!(node.handle.tip().header.height, Height::new(3));
    node.stop().await;
}
