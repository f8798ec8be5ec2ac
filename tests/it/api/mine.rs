//! `POST /mineBlock`.

use std::time::Duration;

use jenny_chain::chain::parse_block;
use jenny_chain::chain::test_util::hopeless;

use crate::support::{ApiNode, Client, Request, until};

const BODY: &str = r#"{"data":["a"]}"#;

#[tokio::test]
async fn a_block_is_mined_and_answered_in_the_seeds_shape() {
    let node = ApiNode::start().await;
    let text = r#"{"data":["second","","second","tab\t\u0000 \ud83d\ude00 ü"]}"#;
    let answer = node.post("/mineBlock", text).await.expect(200);
    let block = answer.json();
    assert_eq!(block["height"], 1);
    assert_eq!(block["data"], serde_json::json!(["second", "", "second", "tab\t\0 😀 ü"]));
    assert_eq!(block["previousHash"], node.handle.chain_id().to_string());
    let parsed = parse_block(&answer.body).unwrap();
    assert_eq!(parsed.hash(), node.handle.tip().hash);
    let empty = node.post("/mineBlock", r#"{"data":[]}"#).await.expect(200);
    assert_eq!(empty.json()["data"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_at_once_give_sixteen_consecutive_blocks() {
    let node = ApiNode::start().await;
    let asks: Vec<_> = (0..16)
        .map(|number| {
            let (address, body) = (node.address, format!(r#"{{"data":["{number}"]}}"#));
            let request = Request::post("/mineBlock").jenny().json(body);
            tokio::spawn(async move {
                Client::connect(address).await.ask(&request).await.expect(200).json()
            })
        })
        .collect();
    let mut blocks = Vec::new();
    for (number, ask) in asks.into_iter().enumerate() {
        let block = ask.await.unwrap();
        assert_eq!(block["data"], serde_json::json!([number.to_string()]));
        blocks.push(block);
    }
    blocks.sort_by_key(|block| block["height"].as_u64());
    for (index, block) in blocks.iter().enumerate() {
        assert_eq!(block["height"], index as u64 + 1);
        if let Some(parent) = index.checked_sub(1) {
            assert_eq!(block["previousHash"], blocks[parent]["hash"]);
        }
    }
}

#[tokio::test]
async fn bodies_that_are_not_the_object_are_refused() {
    let node = ApiNode::start().await;
    let deep = format!(r#"{{"data":[],"x":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    let deep_data = format!(r#"{{"data":{}}}"#, "[".repeat(100_000));
    let cases: &[(&[u8], Option<&str>)] = &[
        (b"", None),
        (b" ", None),
        (b"{", None),
        (b"null", None),
        (b"[]", None),
        (b"\"data\"", None),
        (b"[\"a\"]", None),
        (b"{\"data\":[]} x", None),
        (b"{\"data\":[]}{}", None),
        (b"{'data':[]}", None),
        (b"\xef\xbb\xbf{\"data\":[]}", None),
        (b"{\"data\":[\"\xff\"]}", None),
        (b"{\"data\":[],\"x\":\"\xc3\"}", None),
        (b"{}", Some("data")),
        (b"{\"Data\":[]}", Some("data")),
        (b"{\"data\":null}", Some("data")),
        (b"{\"data\":\"a\"}", Some("data[0]")),
        (b"{\"data\":{}}", Some("data")),
        (b"{\"data\":[],\"data\":[]}", Some("data")),
        (b"{\"data\":[],\"d\\u0061ta\":[]}", Some("data")),
        (b"{\"data\":[1]}", Some("data[0]")),
        (b"{\"data\":[\"a\",\"b\",\"c\",null]}", Some("data[3]")),
        (b"{\"data\":[\"a\",[\"b\"]]}", Some("data[1]")),
        (b"{\"data\":[\"a\",\"\\ud800\"]}", Some("data[1]")),
        (b"{\"data\":[\"\\udc00\"]}", Some("data[0]")),
        (b"{\"data\":[\"\\ud800\\ud800\"]}", Some("data[0]")),
        (b"{\"data\":[\"raw \n newline\"]}", Some("data[0]")),
        (b"{\"data\":[],\"x\":\"\\ud800\"}", None),
        (b"{\"data\":[],\"\\udfff\":1}", None),
        (b"{\"data\":[\"a\",]}", Some("data[1]")),
        (deep.as_bytes(), None),
        (deep_data.as_bytes(), Some("data[0]")),
    ];
    for (body, field) in cases {
        let answer = node.post("/mineBlock", body).await;
        let found = answer.expect_problem(400, "invalid-body");
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        if shown != r#"{"data":"a"}"# {
            assert_eq!(found.as_deref(), *field, "{shown}: {}", answer.text());
        }
    }
    let bodiless = node.ask(&Request::post("/mineBlock").jenny()).await;
    bodiless.expect_problem(400, "invalid-body");
    assert_eq!(node.handle.tip().header.height.get(), 0);
}

#[tokio::test]
async fn unknown_keys_are_ignored_whatever_they_hold() {
    let node = ApiNode::start().await;
    let body =
        r#"{"x":{"data":[1,{"\u00e9":"\ud83d\ude00\\ud800"}]},"data":["a"],"n":1e999,"":null}"#;
    let block = node.post("/mineBlock", body).await.expect(200).json();
    assert_eq!(block["data"], serde_json::json!(["a"]));
}

#[tokio::test]
async fn only_json_is_taken_and_saying_nothing_is_fine() {
    let node = ApiNode::start().await;
    let post = || Request::post("/mineBlock").jenny().body(BODY);
    for kind in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data",
        "text/json",
        "application/jsonx",
        "",
    ] {
        let answer = node.ask(&post().header("Content-Type", kind)).await;
        let field = answer.expect_problem(415, "unsupported-media-type");
        assert_eq!(field.as_deref(), Some("Content-Type"));
    }
    node.ask(&post()).await.expect(200);
    for kind in ["application/json", "Application/JSON; charset=utf-8", "application/x+json"] {
        node.ask(&post().header("Content-Type", kind)).await.expect(200);
    }
}

#[tokio::test]
async fn records_that_do_not_fit_a_block_are_too_large() {
    let node = ApiNode::start().await;
    let post = |data: Vec<String>| {
        let body = serde_json::json!({ "data": data }).to_string();
        let node = &node;
        async move { node.post("/mineBlock", body).await }
    };
    let long = post(vec!["a".to_owned(), "é".repeat(32_769)]).await;
    assert_eq!(long.expect_problem(413, "data-too-large").as_deref(), Some("data[1]"));
    let many = post(vec![String::new(); 4_097]).await;
    assert_eq!(many.expect_problem(413, "data-too-large").as_deref(), Some("data"));
    let all = post(vec!["x".repeat(65_536); 17]).await;
    assert_eq!(all.expect_problem(413, "data-too-large").as_deref(), Some("data"));
    assert_eq!(node.handle.tip().header.height.get(), 0);
    post(vec!["x".repeat(65_536); 16]).await.expect(200);
    post(vec![String::new(); 4_096]).await.expect(200);
}

#[tokio::test]
async fn a_search_beyond_the_deadline_is_told_to_come_again() {
    let node = ApiNode::with(|setup| {
        setup.spec = hopeless();
        setup.node.mine_deadline = Duration::from_millis(50);
    })
    .await;
    let answer = node.post("/mineBlock", BODY).await;
    answer.expect_problem(503, "mining-deadline");
    assert!(answer.header("retry-after").is_some());
    assert_eq!(node.handle.tip().header.height.get(), 0);
}

/// A client whose request is the last of this many. While the miner has not taken the
/// first one yet, the queue may be full for a moment.
async fn enqueue(node: &ApiNode, request: &Request, queued: usize) -> Client {
    loop {
        let mut client = node.connect().await;
        client.send(request.bytes()).await;
        while client.is_quiet(Duration::from_millis(1)).await {
            if node.handle.status().mining == queued {
                return client;
            }
        }
        client.answer(false).await.expect_problem(503, "queue-full");
    }
}

#[tokio::test]
async fn a_full_queue_refuses_and_lost_clients_make_room() {
    let node = ApiNode::with(|setup| {
        setup.spec = hopeless();
        setup.node.mine_queue = 2;
    })
    .await;
    let request = Request::post("/mineBlock").jenny().json(BODY);
    let mut waiting = Vec::new();
    for queued in 1..=3 {
        waiting.push(enqueue(&node, &request, queued).await);
    }
    let answer = node.ask(&request).await;
    answer.expect_problem(503, "queue-full");
    assert!(answer.header("retry-after").is_some());
    // The clients leave; nobody waits for the blocks any more.
    drop(waiting);
    until("idle", || node.handle.status().mining == 0).await;
    assert_eq!(node.handle.tip().header.height.get(), 0);
}

#[tokio::test]
async fn a_stopping_node_says_so() {
    let mut node = ApiNode::start().await;
    node.stop_node().await;
    let answer = node.post("/mineBlock", BODY).await;
    answer.expect_problem(503, "stopping");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn little_disk_space_refuses_blocks() {
    let node = ApiNode::with(|setup| setup.store.min_free_bytes = u64::MAX).await;
    let answer = node.post("/mineBlock", BODY).await;
    answer.expect_problem(503, "disk-low");
    assert!(answer.header("retry-after").is_some());
    node.ask(&Request::get("/readyz")).await.expect(200);
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_go_on() {
    let node = ApiNode::start().await;
    let request = Request::post("/mineBlock").jenny().header("Expect", "100-continue").json(BODY);
    let mut client = node.connect().await;
    client.send(request.head()).await;
    assert_eq!(client.answer(false).await.status, 100);
    client.send(BODY).await;
    client.answer(false).await.expect(200);
    // Without credentials it is spared the body.
    let request = Request::post("/mineBlock").header("Expect", "100-continue").json(BODY);
    let mut client = node.connect().await;
    client.send(request.head()).await;
    client.answer(false).await.expect_problem(401, "unauthorized");
}

#[tokio::test]
async fn a_client_that_leaves_behind_a_further_request_takes_its_own_back() {
    let node = ApiNode::with(|setup| setup.spec = hopeless()).await;
    let request = Request::post("/mineBlock").jenny().json(BODY);
    for further in ["\r\n", "G", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"] {
        let mut client = node.connect().await;
        client.send(request.bytes()).await;
        client.send(further).await;
        until("it is at work", || node.handle.status().mining == 1).await;
        drop(client);
        until("it was taken back", || node.handle.status().mining == 0).await;
    }
}

#[tokio::test]
async fn one_connection_carries_many_requests_also_pipelined() {
    let node = ApiNode::start().await;
    let mut client = node.connect().await;
    let request = Request::post("/mineBlock").jenny().json(BODY);
    client.send(request.bytes().repeat(5)).await;
    for height in 1..=5 {
        assert_eq!(client.answer(false).await.expect(200).json()["height"], height);
    }
}
