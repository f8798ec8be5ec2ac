//! `GET /v1/bans`.

use std::net::{IpAddr, Ipv4Addr};

use jenny_chain::chain::Timestamp;
use jenny_chain::node::NodeConfig;
use serde_json::json;

use crate::harness::{ApiNode, Request};

/// When these tests happen.
const NOW: u64 = 1_700_000_000_000;

async fn node() -> ApiNode {
    ApiNode::with(|setup| {
        setup.node = NodeConfig { clock: || Timestamp::from_millis(NOW), ..NodeConfig::default() };
    })
    .await
}

#[tokio::test]
async fn bans_are_listed_until_they_end() {
    let node = node().await;
    assert_eq!(node.get("/v1/bans").await.expect(200).json(), json!([]));
    let at = Timestamp::from_millis;
    for (address, until, reason) in [
        ("192.0.2.7", NOW + 1, "a block without proof of work"),
        ("::ffff:192.0.2.1", NOW + 9, "bodies that nobody asked for"),
        ("2001:db8::1", NOW + 5, "x"),
    ] {
        assert!(node.handle.ban(address.parse().unwrap(), at(until), reason).await.unwrap());
    }
    let expected = json!([
        {"address":"192.0.2.1","until":NOW + 9,"reason":"bodies that nobody asked for"},
        {"address":"192.0.2.7","until":NOW + 1,"reason":"a block without proof of work"},
        {"address":"2001:db8::1","until":NOW + 5,"reason":"x"},
    ]);
    assert_eq!(node.get("/v1/bans").await.expect(200).json(), expected);
    let banned: IpAddr = "192.0.2.7".parse().unwrap();
    assert!(node.handle.is_banned(banned, at(NOW)) && !node.handle.is_banned(banned, at(NOW + 1)));
    // Neither what is over nor this machine itself is banned.
    for (address, until) in [(banned, NOW), (Ipv4Addr::LOCALHOST.into(), NOW + 5)] {
        assert!(!node.handle.ban(address, at(until), "x").await.unwrap());
    }
    assert_eq!(node.get("/v1/bans").await.expect(200).json(), expected);
}

#[tokio::test]
async fn bans_are_for_users_and_only_read() {
    let node = node().await;
    node.ask(&Request::get("/v1/bans")).await.expect_problem(401, "unauthorized");
    let answer = node.post("/v1/bans", "{}").await;
    answer.expect_problem(405, "method-not-allowed");
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
}
