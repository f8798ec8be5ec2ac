//! Locators, forks, headers and bodies, from real chains.

use super::*;
use crate::chain::Timestamp;
use crate::chain::test_util::Branch;
use crate::node::NodeConfig;
use crate::node::test_util::TestNode;
use crate::sync::message::MAX_BODY;

async fn node_with(branch: &Branch) -> TestNode {
    let node = TestNode::new(&branch.spec, NodeConfig::default());
    node.handle.import(branch.blocks.clone()).await.unwrap();
    node
}

fn id_of(branch: &Branch, height: usize) -> BlockId {
    let header = branch.blocks[height - 1].header;
    BlockId { height: header.height, hash: header.hash() }
}

fn blocks_in(frame: &[u8]) -> Vec<Body> {
    match Message::decode(frame).unwrap() {
        Message::Blocks { request: 3, bodies } => bodies,
        other => panic!("not the blocks: {other:?}"),
    }
}

#[test]
fn a_locator_steps_back_singly_ten_times_then_doubling_to_genesis() {
    let shown =
        |tip| heights(Height::new(tip), 64).into_iter().map(Height::get).collect::<Vec<_>>();
    assert_eq!(shown(0), [0]);
    assert_eq!(shown(3), [3, 2, 1, 0]);
    assert_eq!(shown(100), [100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 90, 88, 84, 76, 60, 28, 0]);
    for tip in [1_000_000, (1 << 53) - 1, u64::MAX] {
        let heights = shown(tip);
        assert!(heights.len() <= 64, "{}", heights.len());
        assert_eq!((heights.first(), heights.last()), (Some(&tip), Some(&0)));
        assert!(heights.is_sorted_by(|one, other| one > other), "{heights:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locator_begins_with_the_block_to_go_on_from_and_leads_to_the_highest_common_block() {
    let trunk = Branch::dev().grown(200, "trunk");
    let (ours, theirs) = (trunk.grown(40, "ours"), trunk.grown(60, "theirs"));
    let (node, peer) = (node_with(&ours).await, node_with(&theirs).await);
    let (view, seen) = (node.handle.view(), peer.handle.view());
    let locator_of = |after| locator(&view, after).unwrap();
    let plain = locator_of(None);
    assert_eq!(plain[0], (Height::new(240), ours.tip.hash()));
    assert!(plain.is_sorted_by(|one, other| one.0 > other.0));
    let last = plain.last().unwrap();
    assert_eq!(*last, (Height::GENESIS, node.handle.chain_id()));
    // The steps go past the fork: at most as far again as it is deep.
    let common = fork(&seen, &plain).unwrap().unwrap();
    assert!((160..=200).contains(&common.get()), "{common}");

    let after = id_of(&theirs, 230);
    let further = locator_of(Some(after));
    assert_eq!(further[0], (after.height, after.hash));
    assert_eq!(further[1..], plain[..]);
    assert_eq!(fork(&seen, &further).unwrap(), Some(after.height));
    assert_eq!(fork(&seen, &[(Height::new(3), after.hash)]).unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_go_up_to_the_tip_or_the_hash_to_stop_at() {
    let branch = Branch::dev().grown(300, "a");
    let node = node_with(&branch).await;
    let view = node.handle.view();
    let (batch, is_over) = headers(&view, Height::GENESIS, None).unwrap();
    assert!(!is_over && batch.len() == 256, "{}", batch.len());
    let (batch, is_over) = headers(&view, Height::new(256), None).unwrap();
    assert!(is_over);
    assert_eq!(batch.last(), Some(branch.tip.header()));
    let stop = id_of(&branch, 20);
    let (batch, is_over) = headers(&view, Height::new(10), Some(stop.hash)).unwrap();
    assert!(is_over);
    let heights: Vec<_> = batch.iter().map(|header| header.height.get()).collect();
    assert_eq!(heights, (11..=20).collect::<Vec<_>>());
    assert_eq!(headers(&view, Height::new(300), None).unwrap(), (Vec::new(), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bodies_of_a_range_of_small_blocks_are_one_message() {
    let branch = Branch::dev().grown(200, "a");
    let node = node_with(&branch).await;
    let part = bodies(&node.handle.view(), 3, Height::new(11), id_of(&branch, 138));
    let part = part.unwrap().unwrap();
    assert_eq!((part.frames.len(), part.next), (1, Height::new(139)));
    let bodies = blocks_in(&part.frames[0]);
    assert_eq!(bodies.len(), 128);
    for (body, block) in bodies.iter().zip(&branch.blocks[10..]) {
        assert_eq!(body.records(1).as_ref(), Some(&block.records));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_at_most_a_mebibyte_of_bodies_and_a_larger_body_stands_alone() {
    let mut branch = Branch::dev();
    let block = |records: usize| vec!["x".repeat(64 << 10); records];
    // Of 64 KiB each: the last but one has a MiB of records, and their lengths on top.
    for records in [7, 7, 7, 1, 16, 1] {
        branch.add(block(records), Timestamp::from_millis(0).max(branch.tip.header().timestamp));
    }
    let node = node_with(&branch).await;
    let view = node.handle.view();
    let (mut next, last) = (Height::new(1), id_of(&branch, 6));
    let (mut shape, mut longest) = (Vec::new(), 0);
    while next <= last.height {
        let part = bodies(&view, 3, next, last).unwrap().unwrap();
        for frame in &part.frames {
            let bodies = blocks_in(frame);
            let bytes: usize = bodies.iter().map(Body::len).sum();
            assert!(bytes <= MAX_BODIES_BYTES || bodies.len() == 1, "{bytes}");
            longest = longest.max(bytes);
            shape.push(bodies.len());
        }
        next = part.next;
    }
    assert_eq!(shape.iter().sum::<usize>(), 6, "{shape:?}");
    assert!(longest > MAX_BODIES_BYTES && longest < MAX_BODY, "{longest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_a_reorg_disconnected_is_served_from_the_view_that_saw_it_and_from_no_later_one()
 {
    let trunk = Branch::dev().grown(10, "trunk");
    let (old, new) = (trunk.grown(20, "old"), trunk.grown(30, "new"));
    let node = node_with(&old).await;
    let pinned = node.handle.view();
    node.handle.import(new.blocks.clone()).await.unwrap();
    assert_eq!(node.handle.tip().hash, new.tip.hash());
    let range = |view: &View| bodies(view, 3, Height::new(5), id_of(&old, 25)).unwrap();
    let part = range(&pinned).unwrap();
    assert_eq!(blocks_in(&part.frames[0]).len(), 21);
    assert!(range(&node.handle.view()).is_none());
    // A height above the tip, and one that holds another hash.
    let view = node.handle.view();
    let above = BlockId { height: Height::new(41), hash: new.tip.hash() };
    assert!(bodies(&view, 3, Height::new(1), above).unwrap().is_none());
}
