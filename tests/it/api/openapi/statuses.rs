//! What single routes respond.

use std::time::Duration;

use futures_util::future::join_all;
use jenny_chain::chain::test_util::Branch;
use jenny_chain::chain::{Hash, Spec, Timestamp, leaf_hash};
use jenny_chain::node::{Ban, DialError, KnownPeer, LinkCommand, Links, SyncProgress, SyncState};
use jenny_chain::store::Options;
use serde_json::{Value, json};

use super::coverage::Coverage;
use crate::support::{ApiNode, Client, Request, mined};

/// A node whose responses are compared with the document.
struct Documented<'a> {
    coverage: &'a Coverage,
    node: ApiNode,
}

impl Documented<'_> {
    async fn ask(&self, request: Request, status: u16) -> Value {
        let response = self.coverage.ask(&self.node, &request.jenny()).await.expect(status);
        serde_json::from_slice(&response.body).unwrap_or_default()
    }

    async fn get(&self, target: &str, status: u16) -> Value {
        self.ask(Request::get(target), status).await
    }

    async fn post(&self, target: &str, body: &Value, status: u16) -> Value {
        self.ask(Request::post(target).json(body.to_string()), status).await
    }

    async fn delete(&self, target: &str, status: u16) {
        self.ask(Request::new("DELETE", target), status).await;
    }
}

pub(super) async fn run(coverage: &Coverage) {
    let start = async |node| Documented { coverage, node };
    let fresh = start(ApiNode::idle().await).await;
    examples(&fresh).await;
    let fresh = start(ApiNode::idle().await).await;
    blocks(&fresh).await;
    log_level(&fresh).await;
    explorer(&fresh).await;
    records(&fresh).await;
    bans(&fresh).await;
    known_peers(&fresh).await;
    events(&fresh).await;
    reorgs(coverage).await;
    dialling(coverage).await;
    deep_fork(coverage).await;
    pruned(coverage).await;
    behind(coverage).await;
    low_disk(coverage).await;
    stopped(coverage).await;
}

/// Every example of the document is one that a node responds to as documented.
async fn examples(node: &Documented<'_>) {
    for operation in node.coverage.operations().into_keys() {
        let request = node.coverage.example(&operation);
        node.coverage.ask(&node.node, &request.jenny()).await;
    }
}

async fn blocks(node: &Documented<'_>) {
    let block = node.post("/mineBlock", &json!({"data": ["a", "b"]}), 200).await;
    let hash = block["hash"].as_str().unwrap();
    let many = json!(vec![""; 4_097]);
    node.post("/mineBlock", &json!({ "data": many }), 413).await;
    for target in ["/chains", "/v1/blocks/tip", "/v1/blocks/1/header", "/v1/blocks/1/records"] {
        node.get(target, 200).await;
        let held = Request::get(target).header("If-None-Match", format!("\"{hash}\""));
        node.ask(held, 304).await;
    }
    for target in ["/v1/blocks/9", "/v1/blocks/9/header", "/v1/blocks/9/records"] {
        node.get(target, 404).await;
    }
    node.get(&format!("/v1/blocks/1/{hash}"), 200).await;
    node.get(&format!("/v1/blocks/2/{hash}"), 404).await;
    for (target, key) in [("/v1/blocks", "blocks"), ("/v1/headers", "headers")] {
        let page = node.get(&format!("{target}?limit=1"), 200).await;
        assert_eq!(page[key].as_array().unwrap().len(), 1);
        let next = page["next"].as_str().unwrap();
        node.get(&format!("{target}?cursor={next}&order=asc&since=0"), 200).await;
        node.get(&format!("{target}?cursor=1-{}", Hash::ZERO), 409).await;
    }
    node.get("/v1/consistency?from=0&to=1", 200).await;
    node.get("/v1/blocks/1/records?limit=1", 200).await;
}

async fn log_level(node: &Documented<'_>) {
    for level in ["trace", "configured"] {
        let body = json!({"level": level, "target": "jenny_chain::node"}).to_string();
        node.ask(Request::new("PUT", "/v1/log-level").json(body), 200).await;
    }
    node.get("/v1/log-level", 200).await;
}

async fn explorer(node: &Documented<'_>) {
    for target in ["/explorer/", "/explorer/blocks", "/explorer/block/1"] {
        node.get(target, 200).await;
        node.ask(Request::get(target).header("If-None-Match", "*"), 304).await;
    }
    for target in ["/explorer/a.b", "/explorer/block/a.b", "/explorer/a/0/b", "/explorer/a/0/b/c"] {
        node.get(target, 404).await;
    }
}

async fn records(node: &Documented<'_>) {
    let path = |text: &str| format!("/v1/records/{}", leaf_hash(text.as_bytes()));
    node.post("/v1/records", &json!({"data": ["one", "two"]}), 202).await;
    node.post("/v1/records", &json!({"data": "one"}), 200).await;
    let lines = Request::post("/v1/records").header("Content-Type", "application/x-ndjson");
    node.ask(lines.body("\"one\"\n{\"data\":\"two\"}\n"), 200).await;
    let page = node.get("/v1/records?state=pending&limit=1", 200).await;
    let next = page["next"].as_str().unwrap();
    node.get(&format!("/v1/records?state=pending&cursor={next}"), 200).await;
    node.get(&path("one"), 200).await;
    node.get(&format!("{}/receipt", path("one")), 409).await;
    node.post("/mineBlock", &json!({"data": ["one"]}), 200).await;
    node.get(&format!("{}?wait=60", path("one")), 200).await;
    node.get(&format!("{}/receipt", path("one")), 200).await;
    node.get(&format!("{}/receipt?tip=final", path("one")), 409).await;
    node.get(&format!("{}/receipt?tip=0", path("one")), 400).await;
    node.delete(&path("one"), 409).await;
    node.delete(&path("two"), 204).await;
    node.delete(&path("two"), 404).await;
    node.get(&path("two"), 404).await;
    node.get(&format!("{}/receipt", path("two")), 404).await;
}

async fn bans(node: &Documented<'_>) {
    for address in ["192.0.2.1", "2001:db8::1"] {
        node.post("/v1/bans", &json!({"address": address, "seconds": 60, "reason": "x"}), 200)
            .await;
    }
    node.get("/v1/bans", 200).await;
    node.delete("/v1/bans/2001:db8::%2F64", 204).await;
    node.delete("/v1/bans/2001:db8::1", 404).await;
    node.delete("/v1/bans/nonsense", 400).await;
    let until = Timestamp::from_millis(node.node.handle.now().as_millis() + 60_000);
    let bans = (0..1_024_u32).map(|number| {
        let address = std::net::Ipv4Addr::from(0x0A00_0000 + number).into();
        let reason = "x".to_owned();
        node.node.handle.add_ban(&Ban { address, until, reason, by_operator: true })
    });
    join_all(bans).await;
    node.post("/v1/bans", &json!({"address": "192.0.2.9"}), 409).await;
}

async fn known_peers(node: &Documented<'_>) {
    let address = "ws://typo.invalid:7545".to_owned();
    let peer = KnownPeer { address, last_success: 0, failures: 2, learned: false };
    node.node.handle.remember_peer(peer).await.unwrap();
    node.get("/v1/peers/known", 200).await;
    node.delete("/v1/peers/ws%3A%2F%2Ftypo.invalid%3A7545", 204).await;
    node.delete("/v1/peers/ws%3A%2F%2Ftypo.invalid%3A7545", 404).await;
    node.delete("/v1/peers/%FF", 400).await;
}

async fn events(node: &Documented<'_>) {
    node.get("/v1/events?until=tip&types=block.connected,peer.connected", 200).await;
    let id = node.node.handle.chain_id();
    node.get(&format!("/v1/events?until=tip&after=0-{id}-0"), 200).await;
    node.get(&format!("/v1/events?until=tip&after=0-{id}-9"), 400).await;
    let endless = Request::get("/v1/events").jenny();
    let mut streams = Vec::new();
    for _ in 0..4 {
        let mut client = Client::connect(node.node.address).await;
        client.send(endless.bytes()).await;
        assert_eq!(client.read_line().await.unwrap(), "HTTP/1.1 200 OK");
        streams.push(client);
    }
    node.get("/v1/events", 204).await;
}

async fn reorgs(coverage: &Coverage) {
    let node = Documented { coverage, node: ApiNode::start().await };
    let (old, new) = (mined(2, "old", 10), mined(3, "new", 10));
    node.node.import(&old).await;
    node.node.import(&new).await;
    node.get("/v1/reorgs", 200).await;
    node.get("/v1/reorgs/1/records", 200).await;
    node.get(&format!("/v1/blocks/1/{}", old[0].header.hash()), 200).await;
    node.get("/v1/status", 200).await;
}

async fn dialling(coverage: &Coverage) {
    let (handle, mut server) = Links::channel();
    tokio::spawn(async move {
        let mut hanging = Vec::new();
        while let Some(command) = server.commands.recv().await {
            let LinkCommand::Dial { peer, reply, .. } = command else { continue };
            let result = match peer.as_str() {
                text if text.contains("hangs") => {
                    hanging.push(reply);
                    continue;
                }
                text if text.contains("other") => Err(DialError::OtherChain),
                text if text.contains("down") => Err(DialError::unreached("refused")),
                _ => Ok(()),
            };
            drop(reply.send(result));
        }
    });
    let node = ApiNode::with(|setup| setup.links = handle).await;
    let node = Documented { coverage, node };
    for (name, status) in [("up", 200), ("other", 409), ("down", 502)] {
        let peer = format!("ws://{name}.example:7545");
        node.post("/addToPeer", &json!({ "peer": peer }), status).await;
        node.post("/v1/peers", &json!({ "address": peer }), status).await;
    }
    node.ask(Request::post("/addPeers"), 500).await;
    let file = r#"["ws://up.example:1","ws://down.example:1"]"#;
    tokio::fs::write(&node.node.peers_file, file).await.unwrap();
    node.ask(Request::post("/addPeers"), 200).await;
    tokio::fs::write(&node.node.peers_file, r#"["ws://hangs.example:1"]"#).await.unwrap();
    let mut waiting = Vec::new();
    let add = Request::post("/addPeers").jenny();
    loop {
        let mut client = Client::connect(node.node.address).await;
        client.send(add.bytes()).await;
        if !client.is_quiet(Duration::from_millis(200)).await {
            coverage.compare(&add, &client.answer(false).await.expect(503));
            break;
        }
        waiting.push(client);
    }
}

async fn deep_fork(coverage: &Coverage) {
    let node = ApiNode::with(|setup| setup.store.max_reorg_depth = Some(2)).await;
    let node = Documented { coverage, node };
    node.node.handle.import(mined(3, "ours", 10)).await.unwrap();
    let theirs = mined(5, "theirs", 10);
    node.node.handle.import(theirs.clone()).await.unwrap_err();
    node.get("/v1/status", 200).await;
    let path = |hash: Hash| format!("/v1/forks/{hash}/accept");
    node.ask(Request::post(&path(theirs[0].header.hash())), 200).await;
    node.ask(Request::post(&path(Hash::ZERO)), 404).await;
}

/// A stream cannot continue after a block that was removed.
async fn pruned(coverage: &Coverage) {
    let node = ApiNode::with(|setup| {
        setup.store = Options {
            min_free_bytes: 0,
            cache_bytes: 4 << 20,
            branch_heights: 10,
            branch_quiet: Duration::ZERO,
            ..Options::default()
        };
    })
    .await;
    let old = mined(1, "old", 10);
    node.import(&old).await;
    let target = format!("/v1/events?until=tip&after=1-{}-1", old[0].header.hash());
    let mut new = Branch::from_genesis(&Spec::dev());
    new.grow(2, "new");
    node.import(&new.blocks).await;
    while coverage.ask(&node, &Request::get(&target).jenny()).await.status != 410 {
        let held = new.blocks.len();
        new.grow(1, "new");
        node.import(&new.blocks[held..]).await;
    }
}

async fn behind(coverage: &Coverage) {
    let (handle, server) = Links::channel();
    let node = ApiNode::with(|setup| setup.links = handle).await;
    let node = Documented { coverage, node };
    for state in [SyncState::Headers, SyncState::Blocks] {
        let progress = SyncProgress { state, remaining: 9, ..SyncProgress::default() };
        server.progress.send_replace(progress);
        node.get("/v1/status", 200).await;
    }
    node.get("/readyz", 503).await;
}

async fn low_disk(coverage: &Coverage) {
    let node = ApiNode::with(|setup| setup.store.min_free_bytes = u64::MAX).await;
    let node = Documented { coverage, node };
    node.post("/mineBlock", &json!({"data": []}), 503).await;
    node.post("/v1/records", &json!({"data": "a"}), 503).await;
    node.get("/readyz", 200).await;
    node.get("/readyz?for=writes", 503).await;
}

/// A node that has stopped responds as documented, too.
async fn stopped(coverage: &Coverage) {
    let mut node = ApiNode::start().await;
    let after = format!("0-{}-0", node.handle.chain_id());
    node.stop_node().await;
    for operation in coverage.operations().into_keys() {
        // A stream without a position would begin, and then be cut.
        let others = [("after", Some(after.as_str()))];
        let others = if operation.1 == "/v1/events" { others.as_slice() } else { &[] };
        coverage.ask(&node, &coverage.example_with(&operation, others).jenny()).await;
    }
}
