//! `GET /v1/search`.

use jenny_chain::chain::leaf_hash;
use serde_json::{Value, json};

use crate::support::{ApiNode, mined};

async fn search(node: &ApiNode, query: &str) -> Value {
    node.get(&format!("/v1/search?q={query}")).await.expect(200).json()
}

fn nothing() -> Value {
    json!({ "blocks": [], "records": [], "partial": false })
}

fn block(height: u64, hash: &str, on_main_chain: bool) -> Value {
    json!([{ "height": height, "hash": hash, "onMainChain": on_main_chain }])
}

#[tokio::test]
async fn blocks_are_found_by_height_hash_and_first_digits() {
    let node = ApiNode::start().await;
    let mined = node.mine("a").await;
    let hash = mined["hash"].as_str().unwrap();
    assert_eq!(search(&node, "1").await["blocks"], block(1, hash, true));
    assert_eq!(search(&node, "2").await, nothing());
    assert_eq!(search(&node, hash).await["blocks"], block(1, hash, true));
    let head = &hash[..20];
    assert_eq!(search(&node, head).await["blocks"], block(1, hash, true));
    let ends = format!("{}..{}", &hash[..8], &hash[56..]);
    assert_eq!(search(&node, &ends).await["blocks"], block(1, hash, true));
}

#[tokio::test]
async fn a_block_that_a_reorg_disconnected_is_found_by_its_hash_and_its_first_digits() {
    let node = ApiNode::start().await;
    let (old, new) = (mined(3, "old", 1), mined(2, "new", 1));
    node.import(&old[..1]).await;
    node.import(&new).await;
    let hash = old[0].header.hash().to_string();
    let ends = format!("{}..{}", &hash[..8], &hash[56..]);
    for query in [&hash, &hash[..20], &ends] {
        assert_eq!(search(&node, query).await["blocks"], block(1, &hash, false), "{query}");
    }
    // Its branch grows, and is the main chain again.
    node.import(&old).await;
    for query in [&hash, &hash[..20], &ends] {
        assert_eq!(search(&node, query).await["blocks"], block(1, &hash, true), "{query}");
    }
}

#[tokio::test]
async fn records_are_found_pending_and_in_their_block() {
    let node = ApiNode::idle().await;
    let id = leaf_hash(b"a record").to_string();
    node.post("/v1/records", r#"{"data":"a record"}"#).await.expect(202);
    for query in [&id, &id[..12], &format!("{}..{}", &id[..8], &id[56..])] {
        let expected = json!([{
            "id": id, "state": "pending", "height": null, "blockHash": null, "index": null,
        }]);
        assert_eq!(search(&node, query).await["records"], expected, "{query}");
    }
    let block = node.mine("a record").await;
    for query in [&id, &id[..12]] {
        let expected = json!([{
            "id": id, "state": "included", "height": 1, "blockHash": block["hash"], "index": 0,
        }]);
        assert_eq!(search(&node, query).await["records"], expected, "{query}");
    }
}

#[tokio::test]
async fn what_names_nothing_is_refused_and_what_is_not_there_is_not_found() {
    let node = ApiNode::start().await;
    for query in ["", "abc", "00000abc", "ABCDEF", "0x1234", "some%20text", "1e3"] {
        let answer = node.get(&format!("/v1/search?q={query}")).await;
        assert_eq!(answer.expect_problem(400, "invalid-parameter").as_deref(), Some("q"));
    }
    let missing = node.get("/v1/search").await;
    assert_eq!(missing.expect_problem(400, "invalid-parameter").as_deref(), Some("q"));
    for query in ["9999", "abcd", "00".repeat(32).as_str()] {
        assert_eq!(search(&node, query).await, nothing(), "{query}");
    }
}
