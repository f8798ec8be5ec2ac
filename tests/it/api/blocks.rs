//! `GET /v1/blocks/{height|hash|tip}` and `GET /v1/blocks/{height}/{hash}`.

use crate::support::{ApiNode, Request, Response, mined};

async fn with_etag(node: &ApiNode, path: &str, value: &str) -> Response {
    node.ask(&Request::get(path).jenny().header("If-None-Match", value)).await
}

#[tokio::test]
async fn a_block_is_found_by_height_hash_and_as_the_tip() {
    let node = ApiNode::start().await;
    let first = node.mine("a").await;
    let second = node.mine("b").await;
    let hash = first["hash"].as_str().unwrap();
    assert_eq!(node.get("/v1/blocks/1").await.expect(200).json(), first);
    assert_eq!(node.get(&format!("/v1/blocks/{hash}")).await.expect(200).json(), first);
    assert_eq!(node.get("/v1/blocks/tip").await.expect(200).json(), second);
    assert_eq!(node.get("/v1/blocks/2").await.expect(200).json(), second);
    let genesis = node.get("/v1/blocks/0").await.expect(200).json();
    assert_eq!(genesis["hash"], node.handle.chain_id().to_string());
    let by_id = node.get(&format!("/v1/blocks/{}", node.handle.chain_id())).await;
    assert_eq!(by_id.expect(200).json(), genesis);
}

#[tokio::test]
async fn blocks_that_are_not_there_are_not_found() {
    let node = ApiNode::start().await;
    for name in ["1", "9007199254740991", &"0".repeat(64), &"ab".repeat(32)] {
        let answer = node.get(&format!("/v1/blocks/{name}")).await;
        let field = answer.expect_problem(404, "block-not-found");
        assert_eq!(field.as_deref(), Some("block"), "{name}");
    }
    let detail = node.get(&format!("/v1/blocks/{}", "ab".repeat(32))).await;
    assert!(detail.text().contains("no stored block has this hash"), "{}", detail.text());
}

#[tokio::test]
async fn anything_else_is_no_name_of_a_block() {
    let node = ApiNode::start().await;
    for name in [
        "00",
        "01",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "0x1",
        "9007199254740992",
        "99999999999999999999",
        "TIP",
        "Tip",
        "latest",
        "%31",
        "1%20",
        "*",
        &"AB".repeat(32),
        &"a".repeat(63),
        &"a".repeat(65),
        &"g".repeat(64),
    ] {
        let answer = node.get(&format!("/v1/blocks/{name}")).await;
        let field = answer.expect_problem(400, "invalid-parameter");
        assert_eq!(field.as_deref(), Some("block"), "{name}");
    }
}

#[tokio::test]
async fn only_what_a_hash_names_may_be_kept() {
    let node = ApiNode::start().await;
    let block = node.mine("a").await;
    let hash = block["hash"].as_str().unwrap();
    for (name, caching) in
        [("tip", "no-cache"), ("1", "no-cache"), (hash, "private, max-age=31536000, immutable")]
    {
        let path = format!("/v1/blocks/{name}");
        let answer = node.get(&path).await.expect(200);
        assert_eq!(answer.header("etag"), Some(format!("W/\"{hash}\"").as_str()));
        assert_eq!(answer.header("cache-control"), Some(caching));
        let same = with_etag(&node, &path, &format!("W/\"{hash}\"")).await.expect(304);
        assert_eq!(same.header("etag"), answer.header("etag"));
        assert_eq!(same.header("cache-control"), Some(caching));
        assert!(same.body.is_empty());
    }
}

#[tokio::test]
async fn if_none_match_takes_lists_stars_and_both_strengths() {
    let node = ApiNode::start().await;
    let block = node.mine("a").await;
    let hash = block["hash"].as_str().unwrap();
    let other = "0".repeat(64);
    for path in ["/v1/blocks/1", "/v1/blocks/tip"] {
        for value in [
            format!("W/\"{hash}\""),
            format!("\"{hash}\""),
            format!("\"{other}\", W/\"{hash}\""),
            format!("\"x\",\"{hash}\" , W/\"y\""),
            "*".to_owned(),
        ] {
            with_etag(&node, path, &value).await.expect(304);
        }
        for value in [format!("\"{other}\""), hash.to_owned(), String::new(), "\"\"".to_owned()] {
            with_etag(&node, path, &value).await.expect(200);
        }
    }
    // There is nothing to match.
    with_etag(&node, "/v1/blocks/2", "*").await.expect(404);
}

#[tokio::test]
async fn after_a_304_the_connection_goes_on() {
    let node = ApiNode::start().await;
    let mut client = node.connect().await;
    let request = Request::get("/v1/blocks/tip").jenny().header("If-None-Match", "*");
    let head = Request::new("HEAD", "/v1/blocks/tip").jenny().header("If-None-Match", "*");
    for _ in 0..3 {
        client.ask(&request).await.expect(304);
        assert_eq!(client.ask(&head).await.expect(304).header("content-length"), None);
        client.ask(&Request::get("/").jenny()).await.expect(200);
    }
}

#[tokio::test]
async fn a_disconnected_block_is_found_by_height_and_hash_with_the_reorg_that_disconnected_it() {
    let node = ApiNode::idle().await;
    let acknowledged = node.mine("mine").await;
    let hash = acknowledged["hash"].as_str().unwrap();
    let path = format!("/v1/blocks/1/{hash}");
    let before = node.get(&path).await.expect(200);
    assert_eq!(before.header("cache-control"), Some("no-cache"));
    let mut expected = acknowledged.clone();
    expected["onMainChain"] = true.into();
    expected["replacedBy"] = serde_json::Value::Null;
    expected["displaced"] = serde_json::Value::Null;
    assert_eq!(before.json(), expected);

    let heavier = mined(2, "theirs", 10);
    let winner = heavier[0].header.hash();
    node.handle.import(heavier).await.unwrap();
    let after = node.get(&path).await.expect(200).json();
    let tip = node.handle.tip();
    assert_eq!(after["data"], acknowledged["data"]);
    assert_eq!(after["onMainChain"], false);
    assert_eq!(after["replacedBy"], winner.to_string());
    let disconnected = &after["displaced"];
    assert!(disconnected["time"].as_u64().is_some_and(|time| time > 1_600_000_000_000));
    assert_eq!((&disconnected["fork"], &disconnected["depth"]), (&0.into(), &1.into()));
    assert_eq!(disconnected["number"], 1);
    let new_tip = serde_json::json!({ "height": 2, "hash": tip.hash.to_string() });
    assert_eq!(disconnected["newTip"], new_tip);
    let main = node.get(&format!("/v1/blocks/1/{winner}")).await.expect(200).json();
    assert_eq!(main["onMainChain"], true);
}

#[tokio::test]
async fn a_hash_names_the_same_before_and_after_a_reorg() {
    let node = ApiNode::start().await;
    let block = node.mine("mine").await;
    let theirs = mined(2, "theirs", 10);
    let tied = theirs[0].header.hash();
    node.handle.import(theirs[..1].to_vec()).await.unwrap();
    let hash = block["hash"].as_str().unwrap();
    let paths = [hash.to_owned(), tied.to_string()]
        .iter()
        .flat_map(|hash| ["", "/header", "/records"].map(|part| format!("/v1/blocks/{hash}{part}")))
        .collect::<Vec<_>>();
    let mut before = Vec::new();
    for path in &paths {
        before.push(node.get(path).await.expect(200));
    }
    assert_eq!(before[0].json(), block);
    node.handle.import(theirs).await.unwrap();
    assert_eq!(node.get("/v1/blocks/1").await.json()["hash"], tied.to_string());
    for (path, before) in paths.iter().zip(&before) {
        let after = node.get(path).await.expect(200);
        assert_eq!(after.body, before.body, "{path}");
        for name in ["etag", "cache-control"] {
            assert_eq!(after.header(name), before.header(name), "{path}");
        }
        let etag = after.header("etag").unwrap();
        with_etag(&node, path, etag).await.expect(304);
    }
}

#[tokio::test]
async fn a_block_that_never_was_on_the_main_chain_was_not_disconnected() {
    let node = ApiNode::start().await;
    node.mine("mine").await;
    let tied = mined(1, "theirs", 10);
    let hash = tied[0].header.hash();
    node.handle.import(tied).await.unwrap();
    let block = node.get(&format!("/v1/blocks/1/{hash}")).await.expect(200).json();
    assert_eq!((&block["onMainChain"], &block["displaced"]), (&false.into(), &().into()));
}

#[tokio::test]
async fn height_and_hash_must_both_be_those_of_the_block() {
    let node = ApiNode::start().await;
    let hash = node.mine("a").await["hash"].as_str().unwrap().to_owned();
    for name in [format!("0/{hash}"), format!("2/{hash}"), format!("1/{}", "ab".repeat(32))] {
        node.get(&format!("/v1/blocks/{name}")).await.expect_problem(404, "block-not-found");
    }
    for name in [format!("tip/{hash}"), format!("01/{hash}"), "1/tip".to_owned(), "1/1".to_owned()]
    {
        node.get(&format!("/v1/blocks/{name}")).await.expect_problem(400, "invalid-parameter");
    }
    for name in [format!("1/{hash}/"), format!("1/{hash}/data"), "1/".to_owned()] {
        node.get(&format!("/v1/blocks/{name}")).await.expect_problem(404, "not-found");
    }
}
