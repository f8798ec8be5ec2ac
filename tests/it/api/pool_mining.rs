//! Records that are sent to the pool are mined without a request.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::support::{ApiNode, Request, Response, until};

async fn send_and_wait(node: &ApiNode, data: Value) -> Response {
    let body = json!({ "data": data }).to_string();
    node.ask(&Request::post("/v1/records?wait=60").jenny().json(body)).await
}

fn assert_included(answer: &Response) {
    for record in answer.json().as_array().unwrap() {
        assert_eq!(record["state"], "included", "{record}");
    }
}

/// The records of the chain's blocks.
async fn blocks(node: &ApiNode) -> Vec<Vec<String>> {
    let chain = node.get("/chains").await.expect(200).json();
    let blocks = chain.as_array().unwrap().iter().skip(1);
    blocks.map(|block| serde_json::from_value(block["data"].clone()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_on_dev_is_mined_at_once() {
    let node = ApiNode::start().await;
    assert_included(&send_and_wait(&node, json!(["b", "a"])).await.expect(200));
    assert_eq!(blocks(&node).await, [["b", "a"]]);
    let status = node.get("/v1/status").await.expect(200).json();
    assert_eq!(
        (&status["mining"]["enabled"], &status["pool"]["records"]),
        (&true.into(), &0.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_mines_nothing_of_the_pool_still_mines_what_is_asked_for() {
    let node = ApiNode::idle().await;
    node.post("/v1/records", r#"{"data":"pending"}"#).await.expect(202);
    node.mine("asked for").await;
    assert_eq!(blocks(&node).await, [["asked for"]]);
    let status = node.get("/v1/status").await.expect(200).json();
    assert_eq!(status["mining"]["enabled"], false);
    assert_eq!(status["pool"]["records"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_many_clients_are_each_in_one_block() {
    const CLIENTS: usize = 8;
    const BATCHES: usize = 10;
    const RECORDS: usize = 25;
    let node = ApiNode::start().await;
    let client = async |client: usize| {
        for batch in 0..BATCHES {
            let text = |number| format!("{client} {batch} {number}");
            let data: Vec<_> = (0..RECORDS).map(text).collect();
            assert_included(&send_and_wait(&node, json!(data)).await.expect(200));
        }
    };
    // A client that mines gets its blocks, and the pool gets its turn beside it.
    let miner = async {
        for number in 0..20 {
            node.mine(&format!("mined {number}")).await;
        }
    };
    let clients = futures_util::future::join_all((0..CLIENTS).map(client));
    tokio::join!(clients, miner);
    let mut counts: HashMap<String, usize> = HashMap::new();
    for record in blocks(&node).await.into_iter().flatten() {
        *counts.entry(record).or_default() += 1;
    }
    assert_eq!(counts.len(), CLIENTS * BATCHES * RECORDS + 20);
    assert!(counts.values().all(|count| *count == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_blocks_are_mined_on_top_of_records_where_they_are_wanted() {
    let node = ApiNode::with(|setup| setup.node.seal_blocks = 2).await;
    assert_included(&send_and_wait(&node, json!(["a"])).await.expect(200));
    let height = async |height| {
        until("sealed", || node.handle.tip().header.height.get() >= height).await;
        blocks(&node).await
    };
    let empty = Vec::<String>::new;
    assert_eq!(height(3).await, [vec!["a".to_owned()], empty(), empty()]);
    node.mine("x").await;
    assert_eq!(height(6).await[3..], [vec!["x".to_owned()], empty(), empty()]);
}
