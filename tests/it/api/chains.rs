//! `GET /chains`.

use std::time::Duration;

use jenny_chain::api::{Role, Users};
use jenny_chain::chain::{Spec, parse_block};
use jenny_chain::node::Imported;

use crate::support::{ApiNode, Client, Request, mined, user};

/// The blocks of a `/chains` answer.
fn blocks(body: &[u8]) -> Vec<serde_json::Value> {
    serde_json::from_slice(body).unwrap()
}

/// Panics unless these are one chain from genesis, each block hashed right.
fn assert_one_chain(blocks: &[serde_json::Value]) {
    for (height, block) in blocks.iter().enumerate() {
        let parsed = parse_block(block.to_string().as_bytes()).unwrap();
        assert_eq!(parsed.header().height.get(), height as u64);
        if let Some(parent) = height.checked_sub(1) {
            assert_eq!(block["previousHash"], blocks[parent]["hash"], "at {height}");
        }
    }
}

#[tokio::test]
async fn a_new_chain_is_its_genesis() {
    let node = ApiNode::start().await;
    let chain = node.get("/chains").await.expect(200).json();
    assert_eq!(chain.as_array().unwrap().len(), 1);
    assert_eq!(chain[0]["hash"], node.handle.chain_id().to_string());
    assert_eq!(chain[0]["data"], serde_json::json!([Spec::dev().canonical_text()]));
}

#[tokio::test]
async fn the_whole_chain_comes_as_one_array() {
    let node = ApiNode::start().await;
    let mined: Vec<_> = vec![node.mine("a").await, node.mine("b\n\"").await];
    let branch = blocks(&node.get("/chains").await.expect(200).body);
    assert_eq!(branch[1..], mined);
    assert_one_chain(&branch);
}

#[tokio::test]
async fn a_chain_of_many_batches_is_whole() {
    let node = ApiNode::start().await;
    node.import(&mined(1_500, "block", 1_000)).await;
    let answer = node.get("/chains").await.expect(200);
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    let chain = blocks(&answer.body);
    assert_eq!(chain.len(), 1_501);
    assert_one_chain(&chain);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_one_chain_while_the_chain_is_reorged() {
    let node = ApiNode::start().await;
    let old = mined(300, "old", 30_000);
    let new = mined(301, "new", 10);
    for part in old.chunks(30) {
        assert_eq!(node.handle.import(part.to_vec()).await.unwrap(), Imported::Extended);
    }
    let mut reader = node.connect().await;
    reader.send(Request::get("/chains").jenny().bytes()).await;
    // The answer has begun, and at 9 MB it does not fit the sockets' buffers.
    assert_eq!(reader.read_line().await.unwrap(), "HTTP/1.1 200 OK");
    let (max, last) = new.split_at(300);
    node.handle.import(max.to_vec()).await.unwrap();
    assert_eq!(node.handle.import(last.to_vec()).await.unwrap(), Imported::Reorged);
    assert_eq!(node.handle.tip().header.height.get(), 301);
    let body = finish_chunked(&mut reader).await.unwrap();
    let seen = blocks(&body);
    assert_one_chain(&seen);
    assert_eq!(seen.len(), 301);
    assert!(seen[1..].iter().all(|block| block["data"][0].as_str().unwrap().starts_with("old")));

    let now = blocks(&node.get("/chains").await.expect(200).body);
    assert_one_chain(&now);
    assert_eq!(now.len(), 302);
    assert!(now[1..].iter().all(|block| block["data"][0].as_str().unwrap().starts_with("new")));
}

/// Reads the rest of an answer whose status line was read.
async fn finish_chunked(client: &mut Client) -> Option<Vec<u8>> {
    while !client.read_line().await?.is_empty() {}
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(&client.read_line().await?, 16).unwrap();
        body.extend(client.take(size).await?);
        client.read_line().await?;
        if size == 0 {
            return Some(body);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_accepts_nothing_is_cut_within_the_array() {
    let node = ApiNode::with(|setup| {
        setup.api.limits.write_stall = Duration::from_millis(100);
        setup.api.limits.connections = 1;
    })
    .await;
    node.import(&mined(600, "block", 60_000)).await;
    let mut reader = node.connect().await;
    reader.send(Request::get("/chains").jenny().bytes()).await;
    assert_eq!(reader.read_line().await.unwrap(), "HTTP/1.1 200 OK");
    // There is room for one connection: this one is answered when the reader is cut.
    node.ask(&Request::get("/livez")).await.expect(200);
    assert!(finish_chunked(&mut reader).await.is_none(), "a chain of 36 MB came whole");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_so_many_chains_are_sent_at_once() {
    // Of one user alone the share of memory would be used up before.
    let names = ["a", "b", "c", "d", "e"];
    let users = names.map(|name| user(name, "a long password", Role::Reader));
    let node = ApiNode::with(|setup| setup.api.users = Users::new(users.to_vec()).unwrap()).await;
    node.import(&mined(300, "block", 60_000)).await;
    let chains = |name| Request::get("/chains").auth(name, "a long password");
    let mut readers = Vec::new();
    for number in 0..16 {
        let mut reader = node.connect().await;
        reader.send(chains(names[number % 4]).bytes()).await;
        assert_eq!(reader.read_line().await.unwrap(), "HTTP/1.1 200 OK");
        readers.push(reader);
    }
    let answer = node.ask(&chains("e")).await;
    answer.expect_problem(503, "busy");
    assert!(answer.header("retry-after").is_some());
    // A reader that leaves makes room.
    readers.pop();
    let mut again = node.ask(&chains("e")).await;
    while again.status == 503 {
        tokio::task::yield_now().await;
        again = node.ask(&chains("e")).await;
    }
    assert_eq!(blocks(&again.expect(200).body).len(), 301);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_cannot_be_read_on_never_looks_whole() {
    let mut node = ApiNode::start().await;
    node.import(&mined(600, "block", 60_000)).await;
    let mut reader = node.connect().await;
    reader.send(Request::get("/chains").jenny().bytes()).await;
    assert_eq!(reader.read_line().await.unwrap(), "HTTP/1.1 200 OK");
    node.stop_node().await;
    assert!(finish_chunked(&mut reader).await.is_none(), "a chain of 36 MB came whole");
}

#[tokio::test]
async fn a_node_that_cannot_read_says_so() {
    let mut node = ApiNode::start().await;
    node.stop_node().await;
    node.get("/chains").await.expect_problem(503, "stopping");
    node.get("/v1/blocks/0").await.expect_problem(503, "stopping");
}
