//! `GET /v1/bans`.

use std::net::{IpAddr, Ipv4Addr};

use jenny_chain::chain::Timestamp;
use jenny_chain::node::NodeConfig;
use serde_json::json;

use crate::support::{ApiNode, Request};

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
        {"address":"2001:db8::/64","until":NOW + 5,"reason":"x"},
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
async fn bans_are_for_users() {
    let node = node().await;
    node.ask(&Request::get("/v1/bans")).await.expect_problem(401, "unauthorized");
    node.ask(&Request::post("/v1/bans").json("{}")).await.expect_problem(401, "unauthorized");
}

#[tokio::test]
async fn an_operator_bans_and_ends_bans() {
    let node = ApiNode::start().await;
    let ban = r#"{"address":"::ffff:192.0.2.1","seconds":60,"reason":"why","x":1}"#;
    let before = node.handle.now().as_millis();
    let made = node.post("/v1/bans", ban).await.expect(200).json();
    assert_eq!((&made["address"], &made["reason"]), (&json!("192.0.2.1"), &json!("why")));
    assert!(made["until"].as_u64().unwrap() >= before + 60_000);
    assert_eq!(node.get("/v1/bans").await.json(), json!([made]));
    let day = node.post("/v1/bans", r#"{"address":"2001:db8::1"}"#).await.expect(200).json();
    assert!(day["until"].as_u64().unwrap() >= before + 86_400_000);
    assert_eq!(day["reason"], "banned by the operator");

    for (body, field) in [
        (r#"{"seconds":5}"#, "address"),
        (r#"{"address":"192.0.2.1:80"}"#, "address"),
        (r#"{"address":"name.example"}"#, "address"),
        (r#"{"address":"127.0.0.1"}"#, "address"),
        (r#"{"address":"192.0.2.1","seconds":0}"#, "seconds"),
        (r#"{"address":"192.0.2.1","seconds":86401}"#, "seconds"),
        (r#"{"address":"192.0.2.1","seconds":"5"}"#, "seconds"),
        (r#"{"address":"192.0.2.1","reason":5}"#, "reason"),
    ] {
        let found = node.post("/v1/bans", body).await.expect_problem(400, "invalid-body");
        assert_eq!(found.as_deref(), Some(field), "{body}");
    }

    let delete = |address: &str| Request::new("DELETE", &format!("/v1/bans/{address}")).jenny();
    node.ask(&delete("192.0.2.1")).await.expect(204);
    node.ask(&delete("192.0.2.1")).await.expect_problem(404, "ban-not-found");
    assert_eq!(day["address"], "2001:db8::/64");
    node.ask(&delete("2001%3Adb8%3A%3A%2F64")).await.expect(204);
    node.ask(&delete("2001:db8::1")).await.expect_problem(404, "ban-not-found");
    node.ask(&delete("192.0.2.1%2F64")).await.expect_problem(400, "invalid-parameter");
    node.ask(&delete("nonsense")).await.expect_problem(400, "invalid-parameter");
    assert_eq!(node.get("/v1/bans").await.json(), json!([]));
}
