//! Connections: slow clients, many clients, and the end.

use std::time::{Duration, Instant};

use jenny_chain::chain::test_util::hopeless;
use jenny_chain::node::{LinkCommand, Links};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{ApiNode, Client, PATIENCE, Request, until};

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_client_that_says_nothing_is_hung_up_on() {
    let node = ApiNode::with(|setup| setup.api.limits.header_timeout = SHORT).await;
    node.connect().await.wait_closed().await;
}

#[tokio::test]
async fn a_slow_head_is_hung_up_on_however_it_trickles() {
    let node = ApiNode::with(|setup| setup.api.limits.header_timeout = SHORT).await;
    let mut client = node.connect().await;
    client.send(b"GET / HTTP/1.1\r\n").await;
    let started = Instant::now();
    while client.is_quiet(Duration::from_millis(5)).await {
        client.send(b"X: y\r\n").await;
        assert!(started.elapsed() < PATIENCE);
    }
    client.wait_closed().await;
}

#[tokio::test]
async fn a_slow_head_after_a_request_is_hung_up_on_too() {
    let node = ApiNode::with(|setup| setup.api.limits.header_timeout = SHORT).await;
    let mut client = node.connect().await;
    client.ask(&Request::get("/").jenny()).await.expect(200);
    client.send(b"GET / HT").await;
    client.wait_closed().await;
}

#[tokio::test]
async fn a_pause_between_requests_has_its_own_limit() {
    let node = async |head, pause| {
        ApiNode::with(|setup| {
            setup.api.limits.header_timeout = head;
            setup.api.limits.idle_timeout = pause;
        })
        .await
    };
    let patient = node(SHORT, PATIENCE).await;
    let mut client = patient.connect().await;
    for _ in 0..3 {
        client.ask(&Request::get("/").jenny()).await.expect(200);
        // Longer than a head may take, shorter than a pause may.
        assert!(client.is_quiet(SHORT * 2).await);
    }
    let impatient = node(SHORT, SHORT).await;
    let mut client = impatient.connect().await;
    client.ask(&Request::get("/").jenny()).await.expect(200);
    client.wait_closed().await;
}

#[tokio::test]
async fn a_request_under_way_is_not_timed_as_a_pause() {
    let node = ApiNode::with(|setup| {
        setup.spec = hopeless();
        setup.node.mine_deadline = SHORT * 4;
        setup.api.limits.header_timeout = SHORT;
        setup.api.limits.idle_timeout = SHORT;
    })
    .await;
    node.post("/mineBlock", r#"{"data":[]}"#).await.expect_problem(503, "mining-deadline");
}

#[tokio::test]
async fn connections_above_the_limit_wait_for_their_turn() {
    let node = ApiNode::with(|setup| setup.api.limits.connections = 2).await;
    let mut first = node.connect().await;
    let mut second = node.connect().await;
    first.ask(&Request::get("/livez")).await.expect(200);
    second.ask(&Request::get("/livez")).await.expect(200);
    let mut third = node.connect().await;
    third.send(Request::get("/livez").bytes()).await;
    assert!(third.is_quiet(SHORT).await);
    drop(first);
    third.answer(false).await.expect(200);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let node = ApiNode::start().await;
    let fits = Request::get("/livez").header("X", "x".repeat(60_000));
    node.ask(&fits).await.expect(200);
    for request in [
        Request::get("/livez").header("X", "x".repeat(70_000)),
        (0..101).fold(Request::get("/livez"), |request, _| request.header("X", "y")),
    ] {
        let mut client = node.connect().await;
        client.send(request.bytes()).await;
        assert_eq!(client.answer(false).await.status, 431);
        client.wait_closed().await;
    }
    let mut client = node.connect().await;
    client.send(format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(65_534))).await;
    let status = client.answer(false).await.status;
    assert!([414, 431].contains(&status), "{status}");
}

#[tokio::test]
async fn nonsense_is_refused_and_hung_up_on() {
    let node = ApiNode::start().await;
    for bytes in [
        b"\0\x01\x02\r\n\r\n".as_slice(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n",
        b"POST /mineBlock HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"POST /mineBlock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ] {
        let mut client = node.connect().await;
        client.send(bytes).await;
        if let Some(answer) = client.try_answer(false).await {
            assert!((400..500).contains(&answer.status), "{}", answer.status);
        }
        client.wait_closed().await;
    }
    node.get("/").await.expect(200);
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed() {
    let node = ApiNode::start().await;
    let mut client = node.connect().await;
    client.send(b"GET /livez HTTP/1.0\r\n\r\n").await;
    let line = client.read_line().await.unwrap();
    assert_eq!(line, "HTTP/1.0 200 OK");
    client.wait_closed().await;
}

#[tokio::test]
async fn a_stop_closes_idle_connections_and_refuses_new_ones() {
    // Waiting for their grace would be too long.
    let mut node = ApiNode::with(|setup| setup.api.limits.grace = PATIENCE * 2).await;
    let mut idle = node.connect().await;
    idle.ask(&Request::get("/").jenny()).await.expect(200);
    let mut silent = node.connect().await;
    timeout(PATIENCE, node.stop_api()).await.expect("idle connections do not delay the stop");
    idle.wait_closed().await;
    silent.wait_closed().await;
    assert!(TcpStream::connect(node.address).await.is_err());
}

#[tokio::test]
async fn a_stop_waits_for_an_answer_under_way() {
    let (links, mut network) = Links::channel();
    let mut node = ApiNode::with(|setup| {
        setup.links = links;
        setup.api.limits.grace = PATIENCE;
    })
    .await;
    let mut client = node.connect().await;
    let request = Request::post("/addToPeer").jenny().json(r#"{"peer":"ws://a.example:1"}"#);
    client.send(request.bytes()).await;
    let dialled = async {
        loop {
            if let Some(LinkCommand::Dial { reply, .. }) = network.commands.recv().await {
                return reply;
            }
        }
    };
    let reply = timeout(PATIENCE, dialled).await.expect("the peer is dialled");
    let address = node.address;
    let answer = async {
        // The stop has begun when nobody listens any more.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        reply.send(Ok(())).unwrap();
    };
    tokio::join!(node.stop_api(), answer);
    let answer = client.answer(false).await.expect(200);
    assert_eq!(answer.header("connection"), Some("close"));
}

#[tokio::test]
async fn a_stop_cuts_what_outlives_its_grace() {
    let mut node = ApiNode::with(|setup| {
        setup.spec = hopeless();
        setup.api.limits.grace = SHORT;
    })
    .await;
    let mut mining = node.connect().await;
    let request = Request::post("/mineBlock").jenny().json(r#"{"data":[]}"#);
    mining.send(request.bytes()).await;
    until("queued", || node.handle.status().mining == 1).await;
    let mut half = Client::connect(node.address).await;
    half.send(b"GET / HT").await;
    timeout(PATIENCE, node.stop_api()).await.expect("the grace ends");
    assert!(mining.try_answer(false).await.is_none());
    half.wait_closed().await;
    until("idle", || node.handle.status().mining == 0).await;
}
