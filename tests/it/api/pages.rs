//! `GET /v1/blocks` and `GET /v1/headers`: pages of the main chain.

use serde_json::{Value, json};

use crate::support::{ApiNode, Request, mined};

/// The heights of a page's entries, and its cursor.
fn heights(page: &Value, key: &str) -> (Vec<u64>, Value) {
    let entries = page[key].as_array().unwrap().iter();
    (entries.map(|entry| entry["height"].as_u64().unwrap()).collect(), page["next"].clone())
}

async fn page(node: &ApiNode, query: &str) -> Value {
    node.get(&format!("/v1/blocks{query}")).await.expect(200).json()
}

/// Follows the cursors to the end.
async fn walk(node: &ApiNode, path: &str, key: &str, query: &str) -> Vec<Value> {
    let (mut entries, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = node.get(&format!("{path}?{query}{cursor}")).await.expect(200).json();
        entries.extend_from_slice(page[key].as_array().unwrap());
        let Some(next) = page["next"].as_str() else { return entries };
        cursor = format!("&cursor={next}");
    }
}

async fn chain(node: &ApiNode) -> Vec<Value> {
    node.get("/chains").await.expect(200).json().as_array().unwrap().clone()
}

#[tokio::test]
async fn pages_lead_over_the_whole_chain_in_both_orders() {
    let node = ApiNode::start().await;
    node.import(&mined(25, "block", 10)).await;
    let mut expected = chain(&node).await;
    assert_eq!(walk(&node, "/v1/blocks", "blocks", "limit=7").await, expected);
    expected.reverse();
    assert_eq!(walk(&node, "/v1/blocks", "blocks", "limit=7&order=desc").await, expected);
}

#[tokio::test]
async fn a_cursor_names_the_last_block_of_its_page() {
    let node = ApiNode::start().await;
    node.import(&mined(5, "block", 10)).await;
    let first = page(&node, "?limit=2&from=1").await;
    let last = &first["blocks"][1];
    let cursor = format!("2-{}", last["hash"].as_str().unwrap());
    assert_eq!(heights(&first, "blocks"), (vec![1, 2], json!(cursor)));
    let down = page(&node, &format!("?cursor={cursor}&order=desc")).await;
    assert_eq!(heights(&down, "blocks"), (vec![1, 0], Value::Null));
    let up = page(&node, &format!("?cursor={cursor}&limit=3")).await;
    assert_eq!(heights(&up, "blocks"), (vec![3, 4, 5], Value::Null));
}

#[tokio::test]
async fn a_cursor_at_the_tip_waits_for_more() {
    let node = ApiNode::start().await;
    let block = node.mine("a").await;
    let query = format!("?cursor=1-{}", block["hash"].as_str().unwrap());
    assert_eq!(page(&node, &query).await, json!({ "blocks": [], "next": null }));
    let next = node.mine("b").await;
    assert_eq!(page(&node, &query).await, json!({ "blocks": [next], "next": null }));
    assert_eq!(page(&node, "?from=3").await, json!({ "blocks": [], "next": null }));
}

#[tokio::test]
async fn without_a_limit_a_page_has_100_blocks() {
    let node = ApiNode::start().await;
    node.import(&mined(120, "block", 10)).await;
    let (found, next) = heights(&page(&node, "").await, "blocks");
    assert_eq!((found.len(), next.is_string()), (100, true));
    let (found, next) = heights(&page(&node, "?limit=1000").await, "blocks");
    assert_eq!((found.len(), next), (121, Value::Null));
}

#[tokio::test]
async fn a_page_ends_at_4_mib() {
    let node = ApiNode::start().await;
    node.import(&mined(100, "block", 60_000)).await;
    for query in ["?limit=1000&from=1", "?limit=1000&order=desc"] {
        let answer = node.get(&format!("/v1/blocks{query}")).await.expect(200);
        assert!(answer.body.len() < (4 << 20) + 200 && answer.body.len() > 4_000_000, "{query}");
        let (found, next) = heights(&answer.json(), "blocks");
        assert_eq!(found.len(), 69, "{query}");
        assert!(next.is_string());
    }
    let blocks = walk(&node, "/v1/blocks", "blocks", "limit=1000").await;
    assert_eq!(blocks, chain(&node).await);
}

#[tokio::test]
async fn a_block_that_is_longer_as_json_is_a_page_of_its_own() {
    let node = ApiNode::start().await;
    let record = "\u{1}".repeat(60_000);
    let body = json!({ "data": vec![record; 13] }).to_string();
    for _ in 0..2 {
        node.post("/mineBlock", &body).await.expect(200);
    }
    let (found, next) = heights(&page(&node, "?from=1").await, "blocks");
    assert_eq!(found, [1]);
    let next = format!("?cursor={}", next.as_str().unwrap());
    assert_eq!(heights(&page(&node, &next).await, "blocks"), (vec![2], Value::Null));
}

#[tokio::test]
async fn blocks_since_a_time_are_found() {
    let node = ApiNode::start().await;
    node.import(&mined(9, "block", 10)).await;
    let chain = chain(&node).await;
    let time = chain[6]["timestamp"].as_u64().unwrap();
    let first = chain.iter().position(|block| block["timestamp"] == time).unwrap() as u64;
    let up: Vec<_> = (first..=9).collect();
    let found = page(&node, &format!("?since={time}")).await;
    assert_eq!(heights(&found, "blocks"), (up.clone(), Value::Null));
    let down = page(&node, &format!("?since={time}&order=desc")).await;
    assert_eq!(heights(&down, "blocks"), (up.into_iter().rev().collect(), Value::Null));
    let found = page(&node, "?since=9999-12-31T23:59:59Z").await;
    assert_eq!(found, json!({ "blocks": [], "next": null }));
    let found = page(&node, "?since=2001-01-01T00:00:00Z&limit=1").await;
    assert_eq!(heights(&found, "blocks").0, [0]);
}

#[tokio::test]
async fn a_cursor_whose_block_a_reorg_disconnected_is_a_conflict() {
    let node = ApiNode::start().await;
    node.import(&mined(3, "mine", 10)).await;
    let fork = page(&node, "?limit=1").await["next"].as_str().unwrap().to_owned();
    let cursor = page(&node, "?limit=3").await["next"].as_str().unwrap().to_owned();
    assert!(cursor.starts_with("2-"));
    node.import(&mined(4, "theirs", 10)).await;
    for query in [format!("?cursor={cursor}"), format!("?cursor={cursor}&order=desc")] {
        let answer = node.get(&format!("/v1/blocks{query}")).await;
        let field = answer.expect_problem(409, "cursor-off-chain");
        assert_eq!(field.as_deref(), Some("cursor"));
        assert!(answer.text().contains("onMainChain"), "{}", answer.text());
    }
    let again = page(&node, &format!("?cursor={fork}")).await;
    assert_eq!(heights(&again, "blocks"), (vec![1, 2, 3, 4], Value::Null));
    let beyond = node.get(&format!("/v1/headers?cursor=9-{}", "0".repeat(64))).await;
    beyond.expect_problem(409, "cursor-off-chain");
}

#[tokio::test]
async fn headers_come_without_records() {
    let node = ApiNode::start().await;
    node.import(&mined(700, "block", 10)).await;
    let headers = walk(&node, "/v1/headers", "headers", "limit=300").await;
    let mut expected = chain(&node).await;
    for block in &mut expected {
        let records = block.as_object_mut().unwrap().remove("data").unwrap();
        block["recordCount"] = records.as_array().unwrap().len().into();
    }
    assert_eq!(headers, expected);
    let whole = node.get("/v1/headers?limit=2000").await.expect(200).json();
    assert_eq!(whole["headers"].as_array().unwrap().len(), 701);
}

#[tokio::test]
async fn parameters_are_checked_and_unknown_ones_passed_over() {
    let node = ApiNode::start().await;
    for (path, field) in [
        ("/v1/blocks?limit=1001", "limit"),
        ("/v1/headers?limit=2001", "limit"),
        ("/v1/blocks?limit=many", "limit"),
        ("/v1/blocks?from=tip", "from"),
        ("/v1/blocks?order=down", "order"),
        ("/v1/blocks?since=now", "since"),
        ("/v1/blocks?cursor=tip", "cursor"),
    ] {
        let answer = node.get(path).await;
        assert_eq!(answer.expect_problem(400, "invalid-parameter").as_deref(), Some(field));
    }
    node.get("/v1/blocks?page=3&limit=1").await.expect(200);
}

#[tokio::test]
async fn head_has_the_length_of_the_page() {
    let node = ApiNode::start().await;
    node.mine("a").await;
    for path in ["/v1/blocks", "/v1/headers"] {
        let body = node.get(path).await.expect(200).body;
        let head = node.ask(&Request::new("HEAD", path).jenny()).await.expect(200);
        assert_eq!(head.header("content-length"), Some(body.len().to_string().as_str()));
    }
}
