//! Bodies: bounded in size and time.

use std::time::Duration;

use crate::support::{ApiNode, Request, until};

/// A body of exactly this many bytes, of one unknown key.
fn padded(bytes: usize) -> Vec<u8> {
    let frame = br#"{"data":[],"x":""}"#;
    let mut body = br#"{"data":[],"x":""#.to_vec();
    body.resize(bytes - 2, b'x');
    body.extend_from_slice(b"\"}");
    assert!(bytes >= frame.len() && body.len() == bytes);
    body
}

#[tokio::test]
async fn mine_block_takes_eight_mebibytes_and_not_a_byte_more() {
    let node = ApiNode::start().await;
    let post = |bytes| Request::post("/mineBlock").jenny().json(padded(bytes));
    node.ask(&post(8 << 20)).await.expect(200);
    node.ask(&post(8 << 20).chunked()).await.expect(200);
    for request in [post((8 << 20) + 1), post((8 << 20) + 1).chunked()] {
        let answer = node.ask(&request).await;
        answer.expect_problem(413, "body-too-large");
    }
    assert_eq!(node.handle.tip().header.height.get(), 2);
}

#[tokio::test]
async fn other_paths_take_64_kibibytes() {
    let node = ApiNode::start().await;
    tokio::fs::write(&node.peers_file, "[]").await.unwrap();
    for path in ["/addToPeer", "/addPeers"] {
        let post = |bytes| Request::post(path).jenny().json(padded(bytes));
        let expected = if path == "/addPeers" { 200 } else { 400 };
        node.ask(&post(64 << 10)).await.expect(expected);
        node.ask(&post(64 << 10).chunked()).await.expect(expected);
        for request in [post((64 << 10) + 1), post((64 << 10) + 1).chunked()] {
            node.ask(&request).await.expect_problem(413, "body-too-large");
        }
    }
}

#[tokio::test]
async fn a_declared_length_is_refused_before_a_byte_is_read() {
    let node = ApiNode::start().await;
    let mut client = node.connect().await;
    let request = Request::post("/mineBlock").jenny().header("Content-Length", "8388609");
    client.send(request.head()).await;
    let answer = client.answer(false).await;
    answer.expect_problem(413, "body-too-large");
    assert_eq!(answer.header("connection"), Some("close"));
    client.wait_closed().await;
}

#[tokio::test]
async fn a_refusal_before_the_body_was_read_closes_the_connection() {
    let node = ApiNode::start().await;
    for request in [
        Request::post("/mineBlock").header("Content-Length", "1000"),
        Request::post("/mineBlock")
            .jenny()
            .header("Content-Length", "1000")
            .header("Content-Type", "a/b"),
        Request::post("/nothing").jenny().header("Transfer-Encoding", "chunked"),
        Request::get("/").jenny().header("Content-Length", "1000"),
    ] {
        let mut client = node.connect().await;
        client.send(request.head()).await;
        let answer = client.answer(false).await;
        assert_eq!(answer.header("connection"), Some("close"), "{}", answer.status);
        client.wait_closed().await;
    }
    // Without a body the connection stays.
    let mut client = node.connect().await;
    for _ in 0..3 {
        assert_eq!(client.ask(&Request::get("/")).await.expect(401).header("connection"), None);
    }
}

#[tokio::test]
async fn an_answer_reaches_a_client_that_is_still_sending() {
    let node = ApiNode::start().await;
    for _ in 0..20 {
        let mut client = node.connect().await;
        let answer = client.ask(&Request::post("/mineBlock").json(padded(60_000))).await;
        answer.expect_problem(401, "unauthorized");
        // A reset could have overtaken the answer.
        assert!(client.ends_in_order().await);
    }
}

#[tokio::test]
async fn a_long_body_that_was_refused_is_read_to_its_end() {
    let node = ApiNode::start().await;
    let refused = [
        (Request::post("/mineBlock").json(padded(5 << 20)), 401),
        (Request::post("/mineBlock").jenny().json(padded(9 << 20)), 413),
        (Request::post("/no").jenny().json(padded(9 << 20)), 404),
    ];
    for (request, status) in refused {
        let mut client = node.connect().await;
        // A client that takes nothing before all was sent, as proxies do.
        client.try_send(request.bytes()).await.expect("the node reads on");
        assert_eq!(client.answer(false).await.status, status);
        assert!(client.ends_in_order().await);
    }
}

#[tokio::test]
async fn a_body_that_stalls_times_out() {
    let node = ApiNode::with(|setup| setup.api.limits.body_stall = Duration::from_millis(50)).await;
    let mut client = node.connect().await;
    let request = Request::post("/mineBlock").jenny().header("Content-Length", "1000");
    client.send(request.head()).await;
    client.send(b"{\"data\":[").await;
    let answer = client.answer(false).await;
    answer.expect_problem(408, "request-timeout");
    assert_eq!(answer.header("connection"), Some("close"));
    client.wait_closed().await;
}

#[tokio::test]
async fn a_body_that_trickles_times_out_as_a_whole() {
    let node =
        ApiNode::with(|setup| setup.api.limits.body_timeout = Duration::from_millis(200)).await;
    let mut client = node.connect().await;
    let request = Request::post("/mineBlock").jenny().header("Content-Length", "1000000");
    client.send(request.head()).await;
    while client.is_quiet(Duration::from_millis(5)).await {
        client.send(b" ").await;
    }
    client.answer(false).await.expect_problem(408, "request-timeout");
}

#[tokio::test]
async fn half_a_body_mines_nothing() {
    let node = ApiNode::start().await;
    let whole = Request::post("/mineBlock").jenny().json(r#"{"data":["a"]}"#).bytes();
    let mut client = node.connect().await;
    client.send(&whole[..whole.len() - 3]).await;
    drop(client);
    // The next one is mined as the first.
    assert_eq!(node.mine("b").await["height"], 1);
    until("idle", || node.handle.status().mining == 0).await;
    assert_eq!(node.handle.tip().header.height.get(), 1);
}

#[tokio::test]
async fn malformed_chunks_are_refused() {
    let node = ApiNode::start().await;
    let mut client = node.connect().await;
    let request = Request::post("/mineBlock").jenny().header("Transfer-Encoding", "chunked");
    client.send(request.head()).await;
    client.send(b"zz\r\n{}\r\n").await;
    // Told, or hung up on: never mined.
    if let Some(answer) = client.try_answer(false).await {
        answer.expect_problem(400, "invalid-body");
    }
    assert_eq!(node.mine("b").await["height"], 1);
}

#[tokio::test]
async fn a_transfer_coding_other_than_chunked_is_named_and_mines_nothing() {
    let node = ApiNode::start().await;
    let body = r#"{"data":["x"],"peer":"x"}"#;
    for path in ["/mineBlock", "/addPeers", "/livez", "/nothing"] {
        for coding in
            ["gzip, chunked", "x, deflate , Chunked", "chunked, chunked", ", gzip,chunked"]
        {
            let request = Request::post(path).jenny().header("Transfer-Encoding", coding);
            let mut client = node.connect().await;
            client.send(request.head()).await;
            client.send(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes()).await;
            let answer = client.answer(false).await;
            let field = answer.expect_problem(501, "unknown-transfer-coding");
            assert_eq!(field.as_deref(), Some("Transfer-Encoding"), "{path} {coding}");
            assert_eq!(answer.header("connection"), Some("close"));
        }
    }
    for coding in ["chunked", "CHUNKED", ", chunked "] {
        let request = Request::post("/mineBlock").jenny().header("Transfer-Encoding", coding);
        let mut client = node.connect().await;
        client.send(request.head()).await;
        client.send(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes()).await;
        client.answer(false).await.expect(200);
    }
    assert_eq!(node.handle.tip().header.height.get(), 3);
}

#[tokio::test]
async fn an_encoded_body_and_a_byte_order_mark_are_named() {
    let node = ApiNode::start().await;
    let body = r#"{"data":["x"],"peer":"x"}"#;
    for path in ["/mineBlock", "/addToPeer", "/addPeers"] {
        for coding in ["gzip", "identity, br", "GZIP"] {
            let post = Request::post(path).jenny().json(body).header("Content-Encoding", coding);
            let answer = node.ask(&post).await;
            let field = answer.expect_problem(415, "unsupported-media-type");
            assert_eq!(field.as_deref(), Some("Content-Encoding"), "{path} {coding}");
        }
    }
    let plain = Request::post("/mineBlock").jenny().json(body);
    node.ask(&plain.header("Content-Encoding", "identity")).await.expect(200);
    for path in ["/mineBlock", "/addToPeer"] {
        let answer = node.post(path, format!("\u{feff}{body}")).await;
        answer.expect_problem(400, "invalid-body");
        assert!(answer.text().contains("byte order mark"), "{}", answer.text());
    }
    assert_eq!(node.handle.tip().header.height.get(), 1);
}
