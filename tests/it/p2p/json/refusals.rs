//! Rule 6 of the JSON dialect: what is refused, how, and that nothing of it is relayed.

use jenny_chain::chain::Spec;
use jenny_chain::chain::test_util::spec_with;
use serde_json::{Value, json};

use super::{Link, Message};
use crate::process::PATIENCE;
use crate::process::{Branch, PeerNode};

/// A node at `B3`, a link to it on which everything is said, and the whole of `B`.
fn linked() -> (PeerNode, Link, Branch) {
    let branch = Branch::new(Spec::dev()).grow("B", 5, 1_000);
    let node = PeerNode::with(&branch.until(3));
    let mut link = Link::dial(&node.url);
    link.send(&Message::Ask);
    link.send(&Message::Block(branch.json(3)));
    assert_eq!(link.next(), Message::Ask);
    assert!(matches!(link.next(), Message::Block(_)));
    (node, link, branch)
}

fn block(block: &Value) -> String {
    json!({ "type": 1, "payload": [block] }).to_string()
}

/// Sends it; the link must close with this code, the node keep its chain, and say nothing more.
#[track_caller]
fn closes(text: &str, code: u16) {
    let (node, mut link, branch) = linked();
    link.send_text(text);
    assert_eq!(link.closing(PATIENCE), (Some(code), Vec::new()));
    assert_eq!(node.tip(), branch.hash(3));
    node.stop_and_verify();
}

/// Sends it; the node must neither close the link nor take it, nor relay it, nor answer.
#[track_caller]
fn is_dropped(text: &str) {
    let (node, mut link, branch) = linked();
    let mut other = Link::dial(&node.url);
    assert_eq!(other.next(), Message::Ask);
    link.send_text(text);
    // It is still there, and has read what came before.
    link.send(&Message::Ask);
    assert_eq!(link.next(), Message::parse(&block(&branch.json(3))));
    assert_eq!(node.tip(), branch.hash(3));
    // On the other link the next block is the first that comes.
    link.send(&Message::Block(branch.json(4)));
    assert_eq!(other.next(), Message::parse(&block(&branch.json(4))));
    node.stop_and_verify();
}

/// The same block under another header, with proof of work again.
fn altered(height: usize, change: impl FnOnce(&mut jenny_chain::chain::Block)) -> Value {
    let branch = Branch::new(Spec::dev()).grow("B", height, 1_000);
    branch.altered(height, change)
}

#[test]
fn a_block_of_another_genesis_closes_with_1008() {
    let other = Branch::new(spec_with(&[("name", "\"other\"")])).grow("O", 2, 1_000);
    closes(&block(&other.json(0)), 1008);
    closes(&json!({ "type": 2, "payload": [other.json(0), other.json(1)] }).to_string(), 1008);
}

#[test]
fn a_block_without_proof_of_work_closes_with_1002() {
    let branch = Branch::new(Spec::dev()).grow("B", 3, 1_000);
    closes(&block(&branch.unproven(4)), 1002);
}

#[test]
fn a_chain_with_an_invalid_block_closes_with_1002() {
    let branch = Branch::new(Spec::dev()).grow("B", 3, 1_000);
    let mut chain: Vec<_> = (0..=3).map(|height| branch.json(height)).collect();
    chain.push(altered(4, |block| block.header.history_root = block.header.merkle_root));
    closes(&json!({ "type": 2, "payload": chain }).to_string(), 1002);
}

#[test]
fn a_chain_that_is_not_consecutive_from_genesis_closes_with_1002() {
    let branch = Branch::new(Spec::dev()).grow("B", 5, 1_000);
    // All of them are held, or stand on a block that is.
    for heights in [vec![0, 1, 2, 4, 5], vec![0, 1, 3], vec![0, 1, 1, 2], vec![3, 4], vec![2]] {
        let chain: Vec<_> = heights.into_iter().map(|height| branch.json(height)).collect();
        closes(&json!({ "type": 2, "payload": chain }).to_string(), 1002);
    }
}

#[test]
fn of_a_fork_with_an_invalid_block_nothing_is_taken() {
    let branch = Branch::new(Spec::dev()).grow("B", 2, 1_000).grow("C", 4, 1_000);
    let mut chain: Vec<_> = (0..=5).map(|height| branch.json(height)).collect();
    chain.push(branch.altered(6, |block| block.header.history_root = block.header.merkle_root));
    let (node, mut link, _) = linked();
    let before = node.tip();
    link.send_text(&json!({ "type": 2, "payload": chain }).to_string());
    assert_eq!(link.closing(PATIENCE).0, Some(1002));
    // Although the blocks before it are a valid chain with more work than ours.
    assert_eq!((node.tip(), node.reorgs()), (before, 0));
    node.stop_and_verify();
}

#[test]
fn an_invalid_block_alone_is_dropped_and_not_relayed() {
    is_dropped(&block(&altered(4, |block| block.header.history_root = block.header.merkle_root)));
    is_dropped(&block(&altered(4, |block| block.header.merkle_root = block.header.history_root)));
    is_dropped(&block(&altered(4, |block| {
        block.records.push("one more".to_owned());
        block.header.record_count += 1;
    })));
}

#[test]
fn a_block_of_tomorrow_is_dropped_and_closes_nothing() {
    let tomorrow = |block: &mut jenny_chain::chain::Block| {
        block.header.timestamp = jenny_chain::chain::Timestamp::from_millis(1 << 52);
    };
    is_dropped(&block(&altered(4, tomorrow)));
}

#[test]
fn a_message_of_an_unknown_type_is_dropped() {
    is_dropped(r#"{"type":3,"payload":[]}"#);
    is_dropped(r#"{"payload":[null]}"#);
    is_dropped(r#"{"type":"1","payload":[null]}"#);
    is_dropped(r#"{"type":1.5,"payload":[null]}"#);
    is_dropped("{}");
}

#[test]
fn unknown_keys_and_difficulty_of_a_block_are_not_looked_at() {
    let (node, mut link, branch) = linked();
    let mut next = branch.json(4);
    next["difficulty"] = json!({ "a": [1, 2, { "b": null }] });
    next["extra"] = json!("ignored");
    link.send_text(&json!({ "type": 1, "payload": [next], "more": [] }).to_string());
    node.until_tip(&branch.hash(4));
    node.stop_and_verify();
}
