//! The shape of a problem, and the log line that belongs to it.

use serde_json::{Value, json};

use crate::support::{ApiNode, Request, log};

#[tokio::test]
async fn a_problem_has_exactly_the_documented_members() {
    let node = ApiNode::start().await;
    let answer = node.post("/mineBlock", r#"{"data":[1]}"#).await;
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(body["detail"].take().as_str().is_some_and(|detail| detail.contains("string")));
    assert!(body["requestId"].take().is_string());
    let expected = json!({
        "type": "urn:jenny:problem:invalid-body",
        "title": "The body is not valid for this path",
        "status": 400,
        "detail": null,
        "field": "data[0]",
        "requestId": null,
    });
    assert_eq!(body, expected);
    let length = answer.body.len().to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()));
}

#[tokio::test]
async fn the_log_carries_the_request_id_and_no_secret() {
    log::keep();
    let node = ApiNode::start().await;
    let wrong = Request::get("/v1/blocks/x%0Ay?secret=query").auth("jenny", "pass-word");
    let mut ids = Vec::new();
    for request in [wrong, Request::get("/v1/blocks/x?secret=query").jenny()] {
        let answer = node.ask(&request).await;
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        ids.push(body["requestId"].as_str().unwrap().to_owned());
    }
    assert_ne!(ids[0], ids[1]);
    for id in ids {
        let lines = log::lines_with(&format!("\"{id}\""));
        assert_eq!(lines.len(), 1, "{id}: {lines:?}");
        assert!(lines[0].contains("/v1/blocks/x"), "{lines:?}");
        for secret in ["pass-word", "secret=query", "Basic"] {
            assert!(!lines[0].contains(secret), "{lines:?}");
        }
    }
}
