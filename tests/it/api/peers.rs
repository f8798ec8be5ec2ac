//! `GET /peers`, `POST /addToPeer` and `POST /addPeers`.

use std::net::SocketAddr;

use jenny_chain::api::{Role, Users};
use jenny_chain::chain::{Hash, Height, Timestamp};
use jenny_chain::node::{
    DialError, Dialect, Direction, KnownPeer, LinkCommand, LinkInfo, Links, SyncProgress, SyncState,
};
use serde_json::json;

use crate::support::{ApiNode, Request, user};

/// A node whose peers can be reached when their URL says `up`.
async fn with_network(links: &[&str]) -> ApiNode {
    let (handle, mut server) = Links::channel();
    let since = Timestamp::from_millis(5);
    let table = links
        .iter()
        .map(|link| LinkInfo::new(link.parse::<SocketAddr>().unwrap(), Direction::Accepted, since));
    server.table.send_replace(table.collect());
    tokio::spawn(async move {
        while let Some(command) = server.commands.recv().await {
            if let LinkCommand::Dial { peer, reply, .. } = command {
                let up = peer.as_str().contains("up");
                let result =
                    if up { Ok(()) } else { Err(DialError::unreached("connection refused")) };
                reply.send(result).unwrap();
            }
        }
    });
    ApiNode::with(|setup| setup.links = handle).await
}

#[tokio::test]
async fn peers_are_listed_by_address() {
    let node = with_network(&["192.0.2.1:7545", "[::ffff:192.0.2.2]:80", "[::1]:7545"]).await;
    let peers = node.get("/peers").await.expect(200).json();
    assert_eq!(peers, json!(["192.0.2.1:7545", "192.0.2.2:80", "[::1]:7545"]));
    assert_eq!(node.get("/v1/status").await.json()["links"], 3);
}

#[tokio::test]
async fn without_a_network_there_are_no_peers_and_none_is_reached() {
    let node = ApiNode::start().await;
    assert_eq!(node.get("/peers").await.expect(200).json(), json!([]));
    let answer = node.post("/addToPeer", r#"{"peer":"ws://192.0.2.1:7545"}"#).await;
    let field = answer.expect_problem(502, "peer-unreachable");
    assert_eq!(field.as_deref(), Some("peer"));
}

#[tokio::test]
async fn a_peer_that_is_reached_is_answered_as_given() {
    let node = with_network(&[]).await;
    let answer = node.post("/addToPeer", r#"{"peer":"ws://up.example:7545","x":1}"#).await;
    assert_eq!(answer.expect(200).json(), json!("ws://up.example:7545"));
    let answer = node.post("/addToPeer", r#"{"peer":"ws://down.example:7545"}"#).await;
    answer.expect_problem(502, "peer-unreachable");
    assert!(answer.text().contains("remembers the peer"), "{}", answer.text());
    assert!(!answer.text().contains("connection refused"), "{}", answer.text());
}

#[tokio::test]
async fn what_is_no_peer_is_refused() {
    let node = with_network(&[]).await;
    for peer in ["", "up", "http://up:1", "ws://", "ws://user@up:1/", "ws://up:99999"] {
        let answer = node.post("/addToPeer", json!({ "peer": peer }).to_string()).await;
        let field = answer.expect_problem(400, "invalid-peer");
        assert_eq!(field.as_deref(), Some("peer"), "{peer}");
    }
    for (body, field) in [
        ("", None),
        ("[]", None),
        ("{}", Some("peer")),
        (r#"{"peer":1}"#, Some("peer")),
        (r#"{"peer":"ws://up:1","peer":"ws://up:1"}"#, Some("peer")),
    ] {
        let found = node.post("/addToPeer", body).await.expect_problem(400, "invalid-body");
        assert_eq!(found.as_deref(), field, "{body}");
    }
    let form = Request::post("/addToPeer").jenny().header("Content-Type", "text/plain").body("x");
    node.ask(&form).await.expect_problem(415, "unsupported-media-type");
}

#[tokio::test]
async fn the_peers_file_is_read_again_and_all_are_dialled() {
    let node = with_network(&[]).await;
    let file = r#"["ws://up.example:1","ws://down.example:1","nonsense"]"#;
    tokio::fs::write(&node.peers_file, file).await.unwrap();
    let mut answer = node.ask(&Request::post("/addPeers").jenny()).await.expect(200).json();
    let error = answer[2]["error"].take();
    assert!(error.as_str().is_some_and(|error| error.contains("nonsense")), "{error}");
    let expected = json!([
        { "peer": "ws://up.example:1", "connected": true },
        { "peer": "ws://down.example:1", "connected": false, "error": "connection refused" },
        { "peer": "nonsense", "connected": false, "error": null },
    ]);
    assert_eq!(answer, expected);
    tokio::fs::write(&node.peers_file, "\u{feff}[]").await.unwrap();
    assert_eq!(node.post("/addPeers", "{}").await.expect(200).json(), json!([]));
    // What curl sends for `-d ''`.
    let form = "application/x-www-form-urlencoded";
    let empty = Request::post("/addPeers").jenny().header("Content-Type", form).body("");
    node.ask(&empty).await.expect(200);
}

#[tokio::test]
async fn a_peers_file_that_nobody_asked_for_may_be_missing() {
    let node = ApiNode::with(|setup| setup.api.peers_required = false).await;
    assert_eq!(node.post("/addPeers", "").await.expect(200).json(), json!([]));
}

#[tokio::test]
async fn a_peers_file_that_cannot_be_used_says_what_to_do() {
    let node = with_network(&[]).await;
    let many = json!(vec!["ws://up:1"; 1_025]).to_string();
    let large = json!(["x".repeat(1 << 20)]).to_string();
    let files = [None, Some("{}"), Some("[1]"), Some("["), Some(&many), Some(&large)];
    for file in files {
        if let Some(text) = file {
            tokio::fs::write(&node.peers_file, text).await.unwrap();
        }
        let answer = node.ask(&Request::post("/addPeers").jenny()).await;
        answer.expect_problem(500, "peers-file");
        assert!(answer.text().contains("write a JSON array"), "{}", answer.text());
    }
    tokio::fs::write(&node.peers_file, json!(vec!["ws://up:1"; 1_024]).to_string()).await.unwrap();
    let answer = node.ask(&Request::post("/addPeers").jenny()).await.expect(200).json();
    assert_eq!(answer.as_array().unwrap().len(), 1_024);
}

#[tokio::test]
async fn links_are_told_in_detail_and_the_status_believes_no_height_that_a_peer_claims() {
    let (handle, server) = Links::channel();
    let since = Timestamp::from_millis(5);
    let quiet = LinkInfo::new("[::1]:1".parse().unwrap(), Direction::Accepted, since);
    let told = LinkInfo {
        dialect: Dialect::JennyJson,
        agent: Some("jenny/9".to_owned()),
        tip: Some((Height::new(u64::MAX), Some(Hash::ZERO))),
        rtt: Some(std::time::Duration::from_micros(1_500)),
        received: 11,
        sent: 12,
        ..LinkInfo::new("[::ffff:192.0.2.2]:80".parse().unwrap(), Direction::Dialled, since)
    };
    let binary = LinkInfo {
        dialect: Dialect::Binary,
        tls: true,
        ..LinkInfo::new("[2001:db8::1]:7545".parse().unwrap(), Direction::Dialled, since)
    };
    server.table.send_replace(vec![told, quiet.clone(), binary]);
    let node = ApiNode::with(|setup| setup.links = handle).await;
    let hash = Hash::ZERO.to_string();
    let expected = json!([
        {"address":"192.0.2.2:80","direction":"dialled","dialect":"jenny.json.1","tls":false,"agent":"jenny/9",
         "tip":{"height":u64::MAX,"hash":hash},"rttMillis":1.5,"receivedBytes":11,"sentBytes":12,"since":5},
        {"address":"[::1]:1","direction":"accepted","dialect":"seed","tls":false,"agent":null,
         "tip":null,"rttMillis":null,"receivedBytes":0,"sentBytes":0,"since":5},
        {"address":"[2001:db8::1]:7545","direction":"dialled","dialect":"jenny.postcard.1","tls":true,"agent":null,
         "tip":null,"rttMillis":null,"receivedBytes":0,"sentBytes":0,"since":5},
    ]);
    assert_eq!(node.get("/v1/peers").await.expect(200).json(), expected);
    let sync = |node: serde_json::Value| node["sync"].clone();
    let status = node.get("/v1/status").await.json();
    assert_eq!(sync(status), json!({"state":"current"}));
    // Headers that were checked are no claim.
    let shown = SyncProgress { target: Height::new(7), ..SyncProgress::default() };
    server.progress.send_replace(shown);
    let status = node.get("/v1/status").await.json();
    assert_eq!(sync(status), json!({"state":"behind","remaining":7}));
    node.ask(&Request::get("/readyz")).await.expect(200);
    server.table.send_replace(Vec::new());
    assert_eq!(sync(node.get("/v1/status").await.json()), json!({"state":"alone"}));
}

#[tokio::test]
async fn fetching_is_told_with_its_pace_and_a_node_far_behind_is_not_ready() {
    let (handle, server) = Links::channel();
    let node = ApiNode::with(|setup| setup.links = handle).await;
    let peer: SocketAddr = "[::ffff:192.0.2.2]:80".parse().unwrap();
    let mut progress = SyncProgress {
        state: SyncState::Blocks,
        at: Height::new(12_345),
        target: Height::new(100_000),
        remaining: 87_655,
        claimed: None,
        blocks_per_second: 54_000.5,
        bytes_per_second: 16_200_000.0,
        eta: Some(std::time::Duration::from_millis(1_900)),
        links: vec![peer],
        awaited: Some((Height::new(12_346), Some(peer))),
        split: None,
    };
    server.progress.send_replace(progress.clone());
    let expected = json!({
        "state":"blocks","at":12_345,"target":100_000,"remaining":87_655,"blocksPerSecond":54_000.5,
        "bytesPerSecond":16_200_000.0,"etaSeconds":1,"peers":["192.0.2.2:80"],
        "awaited":{"height":12_346,"peer":"192.0.2.2:80"},
    });
    assert_eq!(node.get("/v1/status").await.json()["sync"], expected);
    let ready = node.ask(&Request::get("/readyz")).await;
    ready.expect_problem(503, "not-ready");
    assert_eq!(ready.header("retry-after"), Some("5"));
    progress.claimed = Some(Height::new(500_000));
    server.progress.send_replace(progress.clone());
    let sync = node.get("/v1/status").await.json()["sync"].take();
    assert_eq!((&sync["claimedHeight"], &sync["target"]), (&json!(500_000), &json!(100_000)));
    progress.state = SyncState::Headers;
    (progress.eta, progress.awaited) = (None, Some((Height::new(1), None)));
    server.progress.send_replace(progress.clone());
    let sync = node.get("/v1/status").await.json()["sync"].take();
    assert_eq!((&sync["state"], &sync["etaSeconds"]), (&json!("headers"), &json!(null)));
    assert_eq!(sync["awaited"], json!({"height":1,"peer":null}));
    // Headers alone prove no work that this chain lacks.
    node.ask(&Request::get("/readyz")).await.expect(200);
    let blocks = |at, target, remaining| SyncProgress {
        state: SyncState::Blocks,
        at: Height::new(at),
        target: Height::new(target),
        remaining,
        ..SyncProgress::default()
    };
    for (progress, status) in [
        (blocks(0, 2, 2), 200),
        (blocks(0, 3, 3), 503),
        // A branch that is stored is not served before it is whole.
        (blocks(3, 3, 0), 503),
        // A branch with more work may be no higher than the chain that it displaces.
        (blocks(0, 0, 3), 503),
    ] {
        server.progress.send_replace(progress);
        node.ask(&Request::get("/readyz")).await.expect(status);
    }
}

#[tokio::test]
async fn rest_adds_no_peer_with_a_path_or_of_this_machines_surroundings() {
    let node = with_network(&[]).await;
    for peer in [
        "ws://up.example:1/path",
        "ws://user:secret@up.example:1",
        "ws://169.254.169.254:80",
        "ws://[fe80::1]:80",
        "ws://[::ffff:169.254.1.1]:80",
        "ws://[fd00:ec2::254]:80",
    ] {
        for (path, field) in [("/addToPeer", "peer"), ("/v1/peers", "address")] {
            let answer = node.post(path, json!({ field: peer }).to_string()).await;
            let found = answer.expect_problem(400, "invalid-peer");
            assert_eq!(found.as_deref(), Some(field), "{path} {peer}");
        }
    }
    let added = node.post("/v1/peers", r#"{"address":"ws://up.example:1"}"#).await.expect(200);
    assert_eq!(added.json(), json!({"address":"ws://up.example:1","connected":true}));
    let missing = node.post("/v1/peers", r#"{"peer":"ws://up.example:1"}"#).await;
    assert_eq!(missing.expect_problem(400, "invalid-body").as_deref(), Some("address"));
}

/// A node whose one peer network gives this result to every dial.
async fn answering(error: DialError) -> ApiNode {
    let (handle, mut server) = Links::channel();
    tokio::spawn(async move {
        while let Some(command) = server.commands.recv().await {
            if let LinkCommand::Dial { reply, .. } = command {
                reply.send(Err(error.clone())).unwrap();
            }
        }
    });
    ApiNode::with(|setup| setup.links = handle).await
}

#[tokio::test]
async fn what_keeps_a_link_from_coming_about_is_told_in_the_same_words() {
    let mut said = Vec::new();
    for reason in ["connection refused", "no link within 5s", "its name has no address"] {
        let node = answering(DialError::unreached(reason)).await;
        for (path, field) in [("/addToPeer", "peer"), ("/v1/peers", "address")] {
            let answer = node.post(path, json!({ field: "ws://x.example:1" }).to_string()).await;
            answer.expect_problem(502, "peer-unreachable");
            let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            said.push(body["detail"].clone());
        }
    }
    assert!(said.iter().all(|text| *text == said[0]), "{said:?}");
    let body = r#"{"peer":"ws://x.example:1"}"#;
    let node = answering(DialError::OtherChain).await;
    let answer = node.post("/addToPeer", body).await;
    answer.expect_problem(409, "peer-of-other-chain");
    assert!(answer.text().contains("compare `chain` of /v1/status"), "{}", answer.text());
    let node = answering(DialError::RestApi).await;
    let answer = node.post("/addToPeer", body).await;
    answer.expect_problem(502, "peer-unreachable");
    assert!(answer.text().contains("looks like a REST API"), "{}", answer.text());
}

#[tokio::test]
async fn a_reader_lists_what_is_known_and_changes_nothing() {
    let users = vec![user("reader", "a long password", Role::Reader)];
    let node = ApiNode::with(|setup| setup.api.users = Users::new(users).unwrap()).await;
    let as_reader = |request: Request| request.auth("reader", "a long password");
    node.ask(&as_reader(Request::get("/v1/peers/known"))).await.expect(200);
    for request in [
        Request::post("/v1/peers").json("{}"),
        Request::post("/v1/bans").json("{}"),
        Request::new("DELETE", "/v1/peers/x"),
        Request::new("DELETE", "/v1/bans/x"),
    ] {
        node.ask(&as_reader(request)).await.expect_problem(403, "forbidden-role");
    }
}

#[tokio::test]
async fn every_address_that_is_written_down_is_listed_and_can_be_removed() {
    let node = ApiNode::start().await;
    let written = ["ws://typo.invalid:7545", "no address at all: é?/%"];
    for address in written {
        let address = address.to_owned();
        let peer = KnownPeer { address, last_success: 0, failures: 2, learned: false };
        node.handle.remember_peer(peer).await.unwrap();
    }
    let listed = node.get("/v1/peers/known").await.expect(200).json();
    let addresses: Vec<_> =
        listed.as_array().unwrap().iter().map(|peer| &peer["address"]).collect();
    assert_eq!(addresses, [written[1], written[0]]);
    assert_eq!(listed[1]["origin"], "remembered");
    assert_eq!(listed[1]["failures"], 2);
    for encoded in
        ["ws%3A%2F%2Ftypo.invalid%3A7545", "no%20address%20at%20all%3A%20%C3%A9%3F%2F%25"]
    {
        let delete = Request::new("DELETE", &format!("/v1/peers/{encoded}")).jenny();
        node.ask(&delete).await.expect(204);
        let again = node.ask(&delete).await;
        assert_eq!(again.expect_problem(404, "peer-not-found").as_deref(), Some("address"));
    }
    assert_eq!(node.get("/v1/peers/known").await.json(), json!([]));
}
