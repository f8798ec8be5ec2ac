//! `GET /`, `GET /v1/status`, `GET /livez` and `GET /readyz`.

use jenny_chain::api::{Role, Users};
use jenny_chain::chain::test_util::hopeless;
use jenny_chain::chain::{Spec, Timestamp};

use crate::support::{ApiNode, Request, mined, until, user};

#[tokio::test]
async fn the_root_says_the_chains_name() {
    let node = ApiNode::with(|setup| setup.spec = Spec::jenny()).await;
    let answer = node.get("/").await.expect(200);
    assert_eq!(answer.text(), "jenny chain");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[tokio::test]
async fn status_tells_the_node_at_a_glance() {
    let node = ApiNode::start().await;
    let block = node.mine("a").await;
    until("indexed", || node.handle.status().indexed.get() == 1).await;
    let mut status = node.get("/v1/status").await.expect(200).json();
    // Told by the background check, which may be done or not.
    let check = status["check"].take();
    assert!(["running", "done"].contains(&check["state"].as_str().unwrap()), "{check}");
    assert!(status["uptimeSeconds"].take().is_u64());
    assert_eq!(status["explorer"].take().as_str().map(str::len), Some(16));
    assert!(status["mining"]["hashRate"].take().as_f64().is_some_and(|rate| rate > 0.0));
    let expected = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "explorer": null,
        "stopped": null,
        "you": { "name": "jenny", "role": "operator", "default": true },
        "chain": { "name": "dev", "id": node.handle.chain_id().to_string() },
        "tip": {
            "height": 1,
            "hash": block["hash"],
            "timestamp": block["timestamp"],
            "totalWork": "4",
        },
        "sync": { "state": "alone" },
        "links": 0,
        "mining": { "enabled": true, "queued": 0, "hashRate": null },
        "pool": { "records": 0, "bytes": 0, "oldestWaitSeconds": null },
        "check": null,
        "index": { "height": 1, "lag": 0 },
        "refusing": null,
        "clock": { "state": "ok" },
        "deepForks": [],
        "swaps": { "count": 0, "recent": [] },
        "certificates": [],
        "answers": { "heldBytes": 0, "mostBytes": 64 << 20 },
        "uptimeSeconds": null,
    });
    assert_eq!(status, expected);
}

#[tokio::test]
async fn status_tells_of_requests_that_wait() {
    let node = ApiNode::with(|setup| setup.spec = hopeless()).await;
    let mut client = node.connect().await;
    let request = Request::post("/mineBlock").jenny().json(r#"{"data":[]}"#);
    client.send(request.bytes()).await;
    until("queued", || node.handle.status().mining == 1).await;
    assert_eq!(node.get("/v1/status").await.json()["mining"]["queued"], 1);
}

#[tokio::test]
async fn status_tells_of_reorgs() {
    let node = ApiNode::start().await;
    let old = mined(2, "old", 1);
    let new = mined(3, "new", 1);
    let disconnected: Vec<_> = old
        .iter()
        .map(|block| {
            let height = block.header.height.get();
            serde_json::json!({ "height": height, "hash": block.header.hash().to_string() })
        })
        .collect();
    node.handle.import(old).await.unwrap();
    node.handle.import(new).await.unwrap();
    let reorgs = node.get("/v1/status").await.json()["swaps"].take();
    assert_eq!(reorgs["count"], 1);
    let reorg = &reorgs["recent"][0];
    assert_eq!((&reorg["fork"], &reorg["depth"]), (&0.into(), &2.into()));
    assert_eq!(reorg["displaced"], serde_json::json!(disconnected));
    let tip = node.handle.tip();
    assert_eq!(reorg["newTip"], serde_json::json!({ "height": 3, "hash": tip.hash.to_string() }));
    assert!(reorg["time"].as_u64().is_some_and(|time| time > 1_600_000_000_000));
}

#[tokio::test]
async fn status_says_why_blocks_are_refused() {
    let node = ApiNode::with(|setup| setup.store.min_free_bytes = u64::MAX).await;
    node.post("/mineBlock", r#"{"data":[]}"#).await.expect(503);
    let refusing = node.get("/v1/status").await.json()["refusing"].take();
    assert!(refusing.as_str().is_some_and(|why| why.contains("free")), "{refusing}");
}

#[tokio::test]
async fn a_node_that_takes_no_blocks_is_ready_but_not_for_writes() {
    let low = ApiNode::with(|setup| setup.store.min_free_bytes = u64::MAX).await;
    // It is noticed without anyone who writes.
    until("the disk is noticed", || low.handle.refusing().is_some()).await;
    let off = ApiNode::with(|setup| setup.node.clock = || Timestamp::from_millis(0)).await;
    for (node, why) in [(low, "free"), (off, "clock")] {
        for query in ["", "?", "?x=1"] {
            let ready = node.ask(&Request::get(&format!("/readyz{query}"))).await.expect(200);
            assert_eq!(ready.json(), serde_json::json!({ "status": "ready", "writes": false }));
        }
        let ready = node.ask(&Request::get("/readyz?for=writes")).await;
        ready.expect_problem(503, "not-ready");
        assert!(ready.text().contains(why), "{}", ready.text());
        assert!(ready.header("retry-after").is_some());
    }
}

#[tokio::test]
async fn readiness_for_writes_is_asked_for_by_name() {
    let node = ApiNode::start().await;
    node.ask(&Request::get("/readyz?for=writes")).await.expect(200);
    node.ask(&Request::get("/readyz?x=1&for=writes")).await.expect(200);
    for query in ["for=reads", "for=", "for=writes&for=writes"] {
        let answer = node.ask(&Request::get(&format!("/readyz?{query}"))).await;
        answer.expect_problem(400, "invalid-parameter");
    }
}

#[tokio::test]
async fn status_and_the_answer_to_a_block_say_how_far_the_tip_is_ahead_of_the_clock() {
    let genesis = Spec::dev().genesis().header().timestamp.as_millis();
    let node = ApiNode::with(|setup| setup.node.clock = || Timestamp::from_millis(0)).await;
    let status = node.get("/v1/status").await.json();
    let clock = &status["clock"];
    assert_eq!(
        (&clock["state"], &clock["aheadSeconds"]),
        (&"tipAhead".into(), &(genesis / 1_000).into())
    );
    assert_eq!(clock["waitSeconds"], (genesis - 120_000) / 1_000);
    assert!(
        status["refusing"]
            .as_str()
            .is_some_and(|why| why.contains("ahead of this machine's clock"))
    );
    let answer = node.post("/mineBlock", r#"{"data":[]}"#).await;
    answer.expect_problem(503, "clock");
    let problem = answer.text();
    assert!(problem.contains("ahead of this machine's clock"), "{problem}");
}

#[tokio::test]
async fn a_live_process_that_cannot_serve_is_not_ready() {
    let mut node = ApiNode::start().await;
    let live = node.ask(&Request::get("/livez")).await.expect(200);
    assert_eq!(
        (live.text(), live.header("content-type")),
        ("alive", Some("text/plain; charset=utf-8"))
    );
    let ready = node.ask(&Request::get("/readyz")).await.expect(200);
    assert_eq!(ready.json(), serde_json::json!({ "status": "ready", "writes": true }));
    node.stop_node().await;
    node.ask(&Request::get("/livez")).await.expect(200);
    let ready = node.ask(&Request::get("/readyz")).await;
    ready.expect_problem(503, "not-ready");
    assert!(ready.header("retry-after").is_some());
}

#[tokio::test]
async fn a_deep_fork_is_shown_until_an_operator_accepts_it() {
    let node = ApiNode::with(|setup| {
        setup.store.max_reorg_depth = Some(2);
        let users = [user("reader", "secret", Role::Reader), user("jenny", "1234", Role::Operator)];
        setup.api.users = Users::new(users.into()).unwrap();
    })
    .await;
    let ours = mined(3, "ours", 10);
    let theirs = mined(5, "theirs", 10);
    node.handle.import(ours).await.unwrap();
    assert_eq!(node.get("/v1/status").await.json()["deepForks"], serde_json::json!([]));
    node.handle.import(theirs.clone()).await.unwrap_err();
    let hash = theirs[0].header.hash().to_string();
    let tip = theirs[4].header.hash().to_string();
    let status = node.get("/v1/status").await.json();
    let mut deep = status["deepForks"][0].clone();
    assert!(deep["work"].as_str().is_some_and(|work| work.parse::<u64>().is_ok()));
    deep["work"].take();
    let expected = serde_json::json!({
        "fork": 0, "depth": 3, "hash": hash, "tip": { "height": 5, "hash": tip }, "work": null,
    });
    assert_eq!(deep, expected);
    assert_eq!(
        (&status["sync"]["state"], &status["sync"]["hash"]),
        (&"deep-fork".into(), &hash.clone().into())
    );

    let path = format!("/v1/forks/{hash}/accept");
    let reader = Request::post(&path).auth("reader", "secret");
    node.ask(&reader).await.expect_problem(403, "forbidden-role");
    node.get(&path).await.expect_problem(405, "method-not-allowed");
    for (name, status, slug) in
        [("abc", 400, "invalid-parameter"), (tip.as_str(), 404, "fork-not-found")]
    {
        let answer = node.ask(&Request::post(&format!("/v1/forks/{name}/accept")).jenny()).await;
        assert_eq!(answer.expect_problem(status, slug).as_deref(), Some("hash"));
    }
    let accepted = node.ask(&Request::post(&path).jenny()).await.expect(200).json();
    assert_eq!(accepted["accepted"]["hash"], hash);
    assert_eq!(node.get("/v1/status").await.json()["deepForks"], serde_json::json!([]));
    node.handle.import(theirs).await.unwrap();
    assert_eq!(node.handle.tip().hash.to_string(), tip);
}
