//! Relayed records through the handle.

use super::*;
use crate::chain::leaf_hash;
use crate::node::test_util::{TestNode, records, until};
use crate::node::{KnownRecord, RecordState};

fn id(text: &str) -> Hash {
    leaf_hash(text.as_bytes())
}

fn ids(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| id(text)).collect()
}

async fn relay(node: &TestNode, texts: &[&str]) -> usize {
    let records = texts.iter().map(|&text| (id(text), text.into()));
    node.handle.take_relayed(records.collect()).await.unwrap()
}

async fn submit(node: &TestNode, text: &str) -> (RecordState, bool) {
    let acknowledged = node.handle.submit(records(text)).await.unwrap();
    (acknowledged[0].state, acknowledged[0].is_new)
}

async fn is_pending(node: &TestNode, text: &str) -> bool {
    matches!(node.handle.record(id(text)).await, Ok(Some(KnownRecord::Pending { .. })))
}

fn listed(node: &TestNode) -> Vec<Hash> {
    node.handle.pending_records(None, usize::MAX).into_iter().map(|entry| entry.id).collect()
}

const PENDING: RecordState = RecordState::Pending { is_checked: true };

#[tokio::test(flavor = "multi_thread")]
async fn a_relayed_record_is_pending_and_no_own_one() {
    let node = TestNode::idle();
    assert_eq!(relay(&node, &["r", "s"]).await, 2);
    assert!(is_pending(&node, "r").await);
    assert!(listed(&node).is_empty());
    assert!(!node.handle.cancel_record(id("r")).await.unwrap());
    node.handle.mine(records("r")).await.unwrap();
    assert!(!is_pending(&node, "r").await);
    let node = node.restart().await;
    assert_eq!(node.handle.pool_usage().records, 0, "nothing was promised to anybody");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_or_on_the_main_chain_is_neither_asked_for_nor_taken() {
    let node = TestNode::idle();
    node.handle.mine(records("mined")).await.unwrap();
    submit(&node, "own").await;
    assert_eq!(relay(&node, &["r", "mined", "own"]).await, 1);
    assert_eq!(relay(&node, &["r"]).await, 0);
    let unknown = node.handle.unknown_records(ids(&["mined", "own", "r", "x"])).await.unwrap();
    assert_eq!(unknown, ids(&["x"]));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_a_relayed_record_has_it_kept_for_good() {
    let node = TestNode::idle();
    relay(&node, &["r", "s"]).await;
    assert_eq!(submit(&node, "r").await, (PENDING, false));
    assert_eq!(listed(&node), ids(&["r"]));
    let node = node.restart().await;
    until("it is checked", || node.handle.shared.records.lock().unchecked(1).is_empty()).await;
    assert!(is_pending(&node, "r").await);
    assert_eq!(node.handle.pool_usage().records, 1);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_told_in_order_of_arrival_once_each_for_a_caller_who_continues() {
    let node = TestNode::idle();
    submit(&node, "a").await;
    relay(&node, &["r", "s"]).await;
    submit(&node, "b").await;
    let first = node.handle.pending_ids(None, false, 2);
    assert_eq!((&first.ids, first.is_end), (&ids(&["a", "r"]), false));
    let rest = node.handle.pending_ids(first.next, false, 2);
    assert_eq!((&rest.ids, rest.is_end), (&ids(&["s", "b"]), true));
    assert_eq!(node.handle.pending_ids(rest.next, false, 2).next, rest.next);
    relay(&node, &["t"]).await;
    assert_eq!(node.handle.pending_ids(rest.next, false, 2).ids, ids(&["t"]));
    assert_eq!(node.handle.pending_ids(None, true, 9).ids, ids(&["a", "b"]));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_given_in_the_order_asked_for_up_to_a_bound() {
    let node = TestNode::idle();
    relay(&node, &["four", "x", "five5"]).await;
    let texts = |asked: &[&str], max| {
        let texts = node.handle.pending_texts(&ids(asked), max);
        texts.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(texts(&["x", "unknown", "five5", "four"], 6), ["x", "five5"]);
    assert_eq!(texts(&["five5", "x"], 4), ["five5"], "one is given in any case");
    assert!(texts(&["unknown"], 4).is_empty());
    node.stop().await;
}
