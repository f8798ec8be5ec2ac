//! The id of a request: in its response, its problem and its log lines.

use std::collections::BTreeSet;

use jenny_chain::api::{Role, TrustedProxies, Users};
use serde_json::Value;

use crate::support::{ApiNode, Request, Response, log, user};

fn id_of(response: &Response) -> String {
    response.header("x-request-id").expect("an id").to_owned()
}

/// A node behind proxies of this machine.
async fn proxied() -> ApiNode {
    ApiNode::with(|setup| {
        setup.api.users = Users::new(vec![user("rob", "read", Role::Reader)]).unwrap();
        setup.api.trusted_proxies = TrustedProxies::parse(&["127.0.0.0/8"]).unwrap();
    })
    .await
}

#[tokio::test]
async fn every_response_has_an_id_of_its_own() {
    let node = ApiNode::start().await;
    let mut client = node.connect().await;
    let mut ids = BTreeSet::new();
    for (request, status) in [
        (Request::get("/v1/status").jenny(), 200),
        (Request::get("/chains").jenny(), 200),
        (Request::new("HEAD", "/v1/status").jenny(), 200),
        (Request::new("OPTIONS", "/livez"), 204),
        (Request::get("/v1/status"), 401),
        (Request::get("/made-up").jenny(), 404),
        (Request::new("PUT", "/chains").jenny(), 405),
    ] {
        let response = client.ask(&request).await.expect(status);
        let id = id_of(&response);
        if status >= 400 {
            let problem: Value = serde_json::from_slice(&response.body).unwrap();
            assert_eq!(problem["requestId"], id.as_str());
        }
        assert!(ids.insert(id), "{ids:?}");
    }
}

#[tokio::test]
async fn the_id_of_a_trusted_proxy_is_kept_and_no_other() {
    let node = proxied().await;
    let with_id =
        |id: &str| Request::get("/nowhere").auth("rob", "read").header("X-Request-Id", id);
    let response = node.ask(&with_id("from-a.Proxy_1")).await.expect(404);
    assert_eq!(id_of(&response), "from-a.Proxy_1");
    let problem: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(problem["requestId"], "from-a.Proxy_1");
    for unsafe_id in ["a b", "a=b", "a\tb", "\u{9b}2J", &"a".repeat(65), &"a".repeat(60_000)] {
        assert_ne!(id_of(&node.ask(&with_id(unsafe_id)).await), unsafe_id);
    }
    // What no header may hold, or is longer than any head, is refused before it is read.
    node.ask(&with_id("a\u{1b}[2J")).await.expect(400);
    node.ask(&with_id(&"a".repeat(70_000))).await.expect(431);
    let direct = ApiNode::start().await;
    let request = Request::get("/v1/status").jenny().header("X-Request-Id", "anybody-s");
    assert_ne!(id_of(&direct.ask(&request).await), "anybody-s");
}

#[tokio::test]
async fn the_log_lines_of_a_request_carry_its_id_route_and_user() {
    log::keep();
    let node = ApiNode::start().await;
    let response = node.post("/mineBlock", r#"{"data":["of a request"]}"#).await.expect(200);
    let lines = log::lines_with(&format!("request_id=\"{}\"", id_of(&response)));
    // That of the change.
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in
        ["method=\"POST\"", "route=\"/mineBlock\"", "user=\"jenny\"", "changed by a request"]
    {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
}

#[tokio::test]
async fn a_method_of_any_length_is_cut_off_in_the_log() {
    log::keep();
    let node = ApiNode::start().await;
    let method = "M".repeat(10_000);
    let response = node.ask(&Request::new(&method, "/livez")).await.expect(405);
    let long = "M".repeat(21);
    assert!(log::lines_with(&id_of(&response)).iter().all(|line| !line.contains(&long)));
    let known = node.ask(&Request::new(&method, "/v1/status").jenny()).await.expect(405);
    let lines = log::lines_with(&id_of(&known));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(!lines[0].contains(&long), "{}", lines[0]);
}
