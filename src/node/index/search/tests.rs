//! Tests.

use super::*;
use crate::node::test_util::{TestNode, records, until};

/// Enough records that each hexadecimal digit begins many of their ids.
const MANY: usize = 1_500;

fn ids(texts: &[String]) -> Vec<Hash> {
    texts.iter().map(|text| leaf_hash(text.as_bytes())).collect()
}

/// The first `digits` digits of a hash.
fn head(hash: &Hash, digits: usize) -> String {
    hash.to_string().chars().take(digits).collect()
}

/// Digits that begin no hash with fewer than four of them behind its zeros.
fn long_head(hash: &Hash) -> String {
    let zeros = hash.to_string().bytes().take_while(|&digit| digit == b'0').count();
    head(hash, zeros + 8)
}

async fn find(node: &TestNode, pattern: &str) -> SearchHits {
    node.handle.search(&pattern.parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn blocks_and_records_are_found_by_their_first_digits() {
    let node = TestNode::idle();
    let texts: Vec<String> = (0..MANY).map(|number| format!("record {number}")).collect();
    for texts in texts.chunks(300) {
        node.handle.mine(texts.to_vec()).await.unwrap();
    }
    node.handle.submit(records("pending")).await.unwrap();
    for _ in 0..2 {
        for block in node.chain().await {
            let id = BlockId { height: block.header.height, hash: block.hash };
            assert_eq!(find(&node, &long_head(&block.hash)).await.blocks, [id]);
        }
        for id in ids(&texts).iter().step_by(97) {
            let hits = find(&node, &head(id, 12)).await;
            let found: Vec<_> = hits.records.iter().map(|record| record.id).collect();
            assert_eq!((found.as_slice(), hits.is_partial), ([*id].as_slice(), false));
            let location = hits.records[0].location.unwrap();
            assert_eq!(node.handle.find_record(*id).await.unwrap(), Some(location));
        }
        let pending = leaf_hash(b"pending");
        let expected = SearchedRecord { id: pending, location: None };
        assert_eq!(find(&node, &head(&pending, 8)).await.records, [expected]);
        // From memory at first, and then from the index.
        until("indexed", || node.handle.status().indexed.get() == 5).await;
    }
}

#[tokio::test]
async fn the_last_digits_narrow_a_search() {
    let node = TestNode::idle();
    let texts: Vec<String> = (0..MANY).map(|number| format!("record {number}")).collect();
    node.handle.mine(texts.clone()).await.unwrap();
    let id = ids(&texts)[7];
    let text = id.to_string();
    let hits = find(&node, &format!("{}..{}", &text[..8], &text[56..])).await;
    assert_eq!(hits.records.iter().map(|record| record.id).collect::<Vec<_>>(), [id]);
    let other = if text.ends_with("0000") { "1111" } else { "0000" };
    assert_eq!(find(&node, &format!("{}..{other}", &text[..8])).await, SearchHits::default());
}

#[tokio::test]
async fn a_record_of_several_blocks_is_found_once_at_its_first_place() {
    let node = TestNode::idle();
    for _ in 0..3 {
        node.handle.mine(["x", "again", "again"].map(str::to_owned).to_vec()).await.unwrap();
    }
    let id = leaf_hash(b"again");
    let hits = find(&node, &head(&id, 10)).await;
    assert_eq!(hits.records.len(), 1);
    let location = hits.records[0].location.unwrap();
    assert_eq!((location.block.height.get(), location.position), (1, 1));
}

#[test]
fn more_candidates_than_are_read_make_a_search_partial() {
    for (count, is_cut) in [(MAX_SEARCH_CANDIDATES, false), (MAX_SEARCH_CANDIDATES + 1, true)] {
        let mut candidates = Candidates::of((0..count).collect(), vec![0, 1]);
        assert_eq!(candidates.cut(), is_cut);
        assert_eq!(candidates.0.len(), MAX_SEARCH_CANDIDATES);
    }
}
