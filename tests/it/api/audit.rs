//! Every request that changes something is on record.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use jenny_chain::chain::{Timestamp, leaf_hash};
use jenny_chain::node::{Ban, KnownPeer, LinkCommand, Links};
use serde_json::{Value, json};

use crate::support::{ApiNode, Request, log, mined};

/// A node on which a request of every route can succeed: peers are linked at once, a ban, a known
/// peer and a record are there to be removed, and a deep fork to be accepted.
async fn node() -> ApiNode {
    let (handle, mut server) = Links::channel();
    tokio::spawn(async move {
        while let Some(command) = server.commands.recv().await {
            match command {
                LinkCommand::Dial { reply, .. } => drop(reply.send(Ok(()))),
                LinkCommand::Forget { reply, .. } => drop(reply.send(true)),
                LinkCommand::Disconnect { reply, .. } => drop(reply.send(0)),
                _ => {}
            }
        }
    });
    let node = ApiNode::with(|setup| {
        setup.links = handle;
        setup.node.mines_pool = false;
        setup.store.max_reorg_depth = Some(2);
    })
    .await;
    node.handle.import(mined(3, "ours", 10)).await.unwrap();
    node.handle.import(fork()).await.unwrap_err();
    let until = Timestamp::from_millis(node.handle.now().as_millis() + 60_000);
    let (address, reason) = (BANNED, "x".to_owned());
    node.handle.add_ban(&Ban { address, until, reason, by_operator: true }).await.unwrap();
    let address = "ws://known.example:7545".to_owned();
    let peer = KnownPeer { address, last_success: 0, failures: 2, learned: false };
    node.handle.remember_peer(peer).await.unwrap();
    node.post("/v1/records", r#"{"data":"to cancel"}"#).await.expect(202);
    tokio::fs::write(&node.peers_file, r#"["ws://file.example:1"]"#).await.unwrap();
    node
}

const BANNED: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn fork() -> Vec<jenny_chain::chain::Block> {
    mined(5, "theirs", 10)
}

/// The operations of the OpenAPI document that are no reads: method and path.
async fn changes(node: &ApiNode) -> BTreeSet<(String, String)> {
    let document = node.get("/openapi.json").await.expect(200).json();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(move |method| (method.to_ascii_uppercase(), path.clone()))
    });
    operations.filter(|(method, _)| !["GET", "OPTIONS"].contains(&method.as_str())).collect()
}

/// A request of an operation that succeeds.
fn request(method: &str, path: &str) -> Request {
    let peer = "ws://new.example:1";
    let (target, body) = match (method, path) {
        ("POST", "/mineBlock") => (path.to_owned(), json!({"data": ["a"]})),
        ("POST", "/addToPeer") => (path.to_owned(), json!({ "peer": peer })),
        ("POST", "/addPeers") => (path.to_owned(), json!({})),
        ("POST", "/v1/peers") => (path.to_owned(), json!({ "address": peer })),
        ("DELETE", "/v1/peers/{address}") => {
            ("/v1/peers/ws%3A%2F%2Fknown.example%3A7545".to_owned(), Value::Null)
        }
        ("POST", "/v1/bans") => (path.to_owned(), json!({"address": "192.0.2.2"})),
        ("DELETE", "/v1/bans/{address}") => (format!("/v1/bans/{BANNED}"), Value::Null),
        ("POST", "/v1/records") => (path.to_owned(), json!({"data": "b"})),
        ("DELETE", "/v1/records/{id}") => {
            (format!("/v1/records/{}", leaf_hash(b"to cancel")), Value::Null)
        }
        ("POST", "/v1/forks/{hash}/accept") => {
            (format!("/v1/forks/{}/accept", fork()[0].header.hash()), Value::Null)
        }
        ("PUT", "/v1/log-level") => (path.to_owned(), json!({"level": "debug"})),
        _ => panic!("add a request of {method} {path} that succeeds, so that its line is tested"),
    };
    let request = Request::new(method, &target).jenny();
    if body.is_null() { request } else { request.json(body.to_string()) }
}

#[tokio::test]
async fn every_change_names_its_user_and_address_in_the_audit_log() {
    log::keep();
    let node = node().await;
    let changes = changes(&node).await;
    assert!(changes.len() >= 11, "{changes:?}");
    for (method, path) in changes {
        let request = request(&method, &path);
        let response = node.ask(&request).await;
        let about = format!("{method} {path}");
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert!((200..300).contains(&response.status), "{about}: {} {text}", response.status);
        let id = response.header("x-request-id").unwrap();
        let lines = log::lines_with(&format!("request_id=\"{id}\""));
        let audit: Vec<_> = lines
            .iter()
            .filter(|line| line.contains(": audit: ") || line.contains(": audit::records: "))
            // What the change did may be on record as well.
            .filter(|line| line.contains(" client="))
            .collect();
        assert_eq!(audit.len(), 1, "{about} has no line of its own: {lines:?}");
        for part in [" user=\"jenny\"", " client=127.0.0.1:", &format!(" method={method} ")] {
            assert!(audit[0].contains(part), "{about}: no {part} in {}", audit[0]);
        }
        assert!(audit[0].contains(request.target()), "{}", audit[0]);
    }
}

#[tokio::test]
async fn a_read_is_no_change() {
    log::keep();
    let node = ApiNode::start().await;
    let response = node.get("/v1/status").await.expect(200);
    let id = response.header("x-request-id").unwrap();
    assert!(log::lines_with(id).iter().all(|line| !line.contains("audit")));
}
