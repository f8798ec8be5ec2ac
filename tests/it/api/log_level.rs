//! `GET /v1/log-level` and `PUT /v1/log-level`.

use std::sync::{Arc, Mutex};

use jenny_chain::api::{LogLevel, TEMPORARY_LEVEL_TIME};
use serde_json::{Value, json};

use crate::support::{ApiNode, Request, Response};

type Applied = Arc<Mutex<Vec<String>>>;

/// A node, and the levels that its log was told to have.
async fn node() -> (ApiNode, Applied) {
    let applied = Applied::default();
    let kept = Arc::clone(&applied);
    let level = LogLevel::new("warn,sled=info", move |next| {
        let text = next.map_or_else(|| "configured".to_owned(), ToString::to_string);
        kept.lock().unwrap().push(text);
    });
    (ApiNode::with(|setup| setup.api.log_level = level).await, applied)
}

async fn put(node: &ApiNode, body: &Value) -> Response {
    node.ask(&Request::new("PUT", "/v1/log-level").jenny().json(body.to_string())).await
}

#[tokio::test]
async fn another_level_counts_for_fifteen_minutes_or_until_it_is_taken_back() {
    let (node, applied) = node().await;
    let configured = json!({"configured": "warn,sled=info", "temporary": null});
    assert_eq!(node.get("/v1/log-level").await.expect(200).json(), configured);
    let lasts = u64::try_from(TEMPORARY_LEVEL_TIME.as_millis()).unwrap();
    assert_eq!(lasts, 15 * 60 * 1_000);
    let before = node.handle.now().as_millis();
    let changed = put(&node, &json!({"level": "debug"})).await.expect(200).json();
    let until = changed["temporary"]["until"].as_u64().unwrap();
    assert!((before + lasts..=node.handle.now().as_millis() + lasts).contains(&until), "{until}");
    let temporary = json!({"level": "debug", "target": "jenny_chain", "until": until});
    assert_eq!(changed, json!({"configured": "warn,sled=info", "temporary": temporary}));
    assert_eq!(node.get("/v1/log-level").await.expect(200).json(), changed);
    let part = json!({"level": "trace", "target": "jenny_chain::p2p"});
    let changed = put(&node, &part).await.expect(200).json();
    assert_eq!(changed["temporary"]["target"], "jenny_chain::p2p");
    assert_eq!(put(&node, &json!({"level": "configured"})).await.expect(200).json(), configured);
    let expected = ["jenny_chain=debug", "jenny_chain::p2p=trace", "configured"];
    assert_eq!(*applied.lock().unwrap(), expected);
}

#[tokio::test]
async fn other_levels_and_the_lines_of_other_crates_are_refused() {
    let (node, applied) = node().await;
    for level in ["off", "DEBUG", "", "verbose"] {
        let refused = put(&node, &json!({ "level": level })).await;
        assert_eq!(refused.expect_problem(400, "invalid-body").as_deref(), Some("level"));
    }
    for target in
        ["hyper", "audit", "jenny", "jenny_chain::", &format!("jenny_chain::{:a>200}", "")]
    {
        let refused = put(&node, &json!({"level": "debug", "target": target})).await;
        assert_eq!(refused.expect_problem(400, "invalid-body").as_deref(), Some("target"));
    }
    put(&node, &json!({"target": "jenny_chain"})).await.expect_problem(400, "invalid-body");
    assert!(applied.lock().unwrap().is_empty());
}
