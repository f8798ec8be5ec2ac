//! Long-lived requests: how many there may be of one user.

use std::time::Duration;

use jenny_chain::api::{Role, Users};
use jenny_chain::chain::{leaf_hash, test_util::hopeless};

use crate::support::{ApiNode, Client, Request, user};

fn by(name: &str, request: Request) -> Request {
    request.auth(name, "a long password")
}

async fn get(node: &ApiNode, name: &str, path: &str) -> crate::support::Response {
    node.ask(&by(name, Request::get(path))).await
}

/// Waits until this many long-lived requests are under way.
async fn under_way(node: &ApiNode, wanted: usize) {
    let sample = format!("jenny_api_long_requests {wanted}");
    while !get(node, "ben", "/metrics").await.expect(200).text().lines().any(|line| line == sample)
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_user_with_64_long_lived_requests_gets_no_more_and_others_do() {
    let users = ["ann", "ben"].map(|name| user(name, "a long password", Role::Writer));
    let node = ApiNode::with(|setup| {
        setup.api.users = Users::new(users.to_vec()).unwrap();
        setup.spec = hopeless();
    })
    .await;
    let record = Request::post("/v1/records").json(r#"{"data":"a"}"#);
    node.ask(&by("ann", record)).await.expect(202);
    let wait = format!("/v1/records/{}?wait=60", leaf_hash(b"a"));
    let mut waiting: Vec<Client> = Vec::new();
    for _ in 0..64 {
        let mut client = node.connect().await;
        client.send(by("ann", Request::get(&wait)).bytes()).await;
        waiting.push(client);
    }
    under_way(&node, 64).await;

    for path in [&wait, "/chains"] {
        let refused = get(&node, "ann", path).await;
        refused.expect_problem(429, "too-many-long-requests");
        assert_eq!(refused.header("retry-after"), Some("5"), "{path}");
    }
    get(&node, "ann", "/v1/events").await.expect(204);
    get(&node, "ann", "/v1/status").await.expect(200);
    get(&node, "ben", "/chains").await.expect(200);
    drop(waiting.pop());
    under_way(&node, 63).await;
    get(&node, "ann", "/chains").await.expect(200);
}
