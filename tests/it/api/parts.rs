//! `GET /v1/blocks/{block}/header` and `GET /v1/blocks/{block}/records`: the parts of a block.

use jenny_chain::chain::leaf_hash;
use serde_json::{Value, json};

use crate::support::{ApiNode, Request};

#[tokio::test]
async fn a_header_is_the_block_without_its_records() {
    let node = ApiNode::start().await;
    let mut expected = node.mine("a").await;
    let hash = expected["hash"].as_str().unwrap().to_owned();
    expected.as_object_mut().unwrap().remove("data").unwrap();
    expected["recordCount"] = 1.into();
    for (name, caching) in
        [("1", "no-cache"), ("tip", "no-cache"), (&hash, "private, max-age=31536000, immutable")]
    {
        let path = format!("/v1/blocks/{name}/header");
        let answer = node.get(&path).await.expect(200);
        assert_eq!(answer.json(), expected);
        assert_eq!(answer.header("cache-control"), Some(caching));
        let tag = format!("W/\"{hash}\"");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
        let again = Request::get(&path).jenny().header("If-None-Match", tag);
        node.ask(&again).await.expect(304);
    }
}

#[tokio::test]
async fn records_have_their_ids_and_indexes() {
    let node = ApiNode::start().await;
    let records = ["", "b\n\"", "ünïcode", ""];
    let body = json!({ "data": records }).to_string();
    let hash = node.post("/mineBlock", body).await.expect(200).json()["hash"].clone();
    let record = |index: usize| {
        let id = leaf_hash(records[index].as_bytes()).to_string();
        json!({ "id": id, "index": index, "data": records[index] })
    };
    let all: Vec<Value> = (0..4).map(record).collect();
    for name in ["1", "tip", hash.as_str().unwrap()] {
        let answer = node.get(&format!("/v1/blocks/{name}/records")).await.expect(200);
        assert_eq!((answer.header("link"), answer.json()), (None, Value::from(all.clone())));
    }
    let genesis = node.get("/v1/blocks/0/records").await.expect(200).json();
    assert_eq!(genesis.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_link_leads_to_the_next_page_of_the_same_block() {
    let node = ApiNode::start().await;
    let records: Vec<String> = (0..250).map(|number| format!("record {number}")).collect();
    let body = json!({ "data": records }).to_string();
    node.post("/mineBlock", body).await.expect(200);
    let (mut path, mut found) = ("/v1/blocks/tip/records".to_owned(), Vec::new());
    loop {
        let answer = node.get(&path).await.expect(200);
        found.extend(answer.json().as_array().unwrap().clone());
        // The tip is another block now.
        node.mine("later").await;
        let Some(link) = answer.header("link") else { break };
        let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
        path = target.unwrap().to_owned();
    }
    let found: Vec<_> = found.iter().map(|record| record["data"].as_str().unwrap()).collect();
    assert_eq!(found, records);
    let middle = node.get("/v1/blocks/1/records?from=248&limit=1").await.expect(200);
    assert_eq!(middle.json()[0]["data"], "record 248");
    assert_eq!(
        middle.header("link"),
        Some("</v1/blocks/1/records?from=249&limit=1>; rel=\"next\"")
    );
    let behind = node.get("/v1/blocks/1/records?from=250").await.expect(200);
    assert_eq!((behind.header("link"), behind.json()), (None, json!([])));
}

#[tokio::test]
async fn parts_of_blocks_that_are_not_there_are_not_found() {
    let node = ApiNode::start().await;
    for part in ["header", "records"] {
        let missing = node.get(&format!("/v1/blocks/1/{part}")).await;
        assert_eq!(missing.expect_problem(404, "block-not-found").as_deref(), Some("block"));
        let unnamed = node.get(&format!("/v1/blocks/latest/{part}")).await;
        assert_eq!(unnamed.expect_problem(400, "invalid-parameter").as_deref(), Some("block"));
    }
    for (query, field) in [("from=-1", "from"), ("limit=0", "limit"), ("limit=1001", "limit")] {
        let answer = node.get(&format!("/v1/blocks/0/records?{query}")).await;
        assert_eq!(answer.expect_problem(400, "invalid-parameter").as_deref(), Some(field));
    }
}
