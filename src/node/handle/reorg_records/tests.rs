//! Fates of records, page by page.

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{Height, Spec};
use crate::node::test_util::TestNode;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// A branch of a peer's from genesis, each block with these records.
async fn offer(node: &TestNode, blocks: &[&[&str]]) {
    let mut branch = Branch::from_genesis(&Spec::dev());
    for records in blocks {
        let time = branch.tip.header().timestamp;
        branch.add(texts(records), time);
    }
    node.handle.import(branch.blocks).await.unwrap();
}

/// Of a page from this place on: the records by height and position, and the heights at which they
/// are on the main chain.
async fn page(
    node: &TestNode,
    from: Option<RecordPlace>,
    max: usize,
) -> (Vec<(u64, u32, Option<u64>)>, Option<RecordPlace>) {
    let page = node.handle.reorg_records(1, from, max).await.unwrap().unwrap();
    let records = page.records.into_iter().map(|record| {
        let height = match record.now {
            KnownRecord::Included(at) => Some(at.block.height.get()),
            KnownRecord::Pending { .. } => None,
        };
        (record.block.height.get(), record.position, height)
    });
    (records.collect(), page.next)
}

fn place(height: u64, position: u32) -> RecordPlace {
    RecordPlace { height: Height::new(height), position }
}

#[tokio::test(flavor = "multi_thread")]
async fn own_records_of_disconnected_blocks_are_pending_or_included() {
    let node = TestNode::idle();
    node.handle.submit(texts(&["c"])).await.unwrap();
    node.handle.mine(texts(&["a", "b"])).await.unwrap();
    // A block that no client of this node asked for, with one record that a client did send.
    let mut theirs = Branch::from(&Spec::dev(), node.state());
    theirs.add(texts(&["foreign", "c"]), node.state().header().timestamp);
    node.handle.import(theirs.blocks).await.unwrap();
    assert_eq!(node.handle.reorg_records(1, None, 9).await.unwrap(), None);

    offer(&node, &[&["x"], &["b"], &["y"]]).await;
    let all = [(1, 0, None), (1, 1, Some(2)), (2, 1, None)];
    assert_eq!(page(&node, None, 9).await, (all.to_vec(), None));
    assert_eq!(page(&node, None, 1).await, (all[..1].to_vec(), Some(place(1, 1))));
    assert_eq!(page(&node, Some(place(1, 1)), 2).await, (all[1..].to_vec(), None));
    assert_eq!(page(&node, Some(place(2, 2)), 2).await, (vec![], None));

    let id = leaf_hash(b"c");
    assert!(node.handle.cancel_record(id).await.unwrap());
    assert_eq!(page(&node, None, 9).await, (all[..2].to_vec(), None));
    assert_eq!(node.handle.reorg_records(2, None, 9).await.unwrap(), None);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_taken_from_64_blocks_even_if_it_stays_empty() {
    let node = TestNode::idle();
    offer(&node, &[&["m"][..]; 70]).await;
    offer(&node, &[&["n"][..]; 71]).await;
    assert_eq!(page(&node, None, 9).await, (vec![], Some(place(65, 0))));
    assert_eq!(page(&node, Some(place(65, 0)), 9).await, (vec![], None));
    node.stop().await;
}
