//! `jenny peer` against real nodes.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Jenny, Running};

fn peer(node: &Running, words: &str) -> Jenny {
    Jenny::new("peer").words(words).arg("--url", &node.url)
}

fn listed(node: &Running) -> Value {
    serde_json::from_str(&peer(node, "list --json").done().ok()).unwrap()
}

fn addresses(list: &Value) -> Vec<String> {
    let entries = list.as_array().unwrap().iter();
    entries.map(|entry| entry["address"].as_str().unwrap().to_owned()).collect()
}

/// Where a node listens for peers, as its ready line says it.
fn p2p(node: &Running) -> String {
    let part = node.ready.split(' ').find_map(|part| part.strip_prefix("p2p=")).unwrap();
    part.to_owned()
}

/// The error says what to do by this command, and nothing of routes.
#[track_caller]
fn advises(failed: &str, command: &str) {
    let mut hints = failed.lines().filter(|line| line.starts_with("hint: "));
    assert!(hints.any(|hint| hint.contains(command)), "{failed}");
    assert!(!failed.contains("/v1/"), "{failed}");
}

#[test]
fn a_mistyped_peer_is_listed_and_removed_for_good() {
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("data");
    let node = Running::dev(&data);
    let typo = "ws://typo.invalid:7545";
    let failed = peer(&node, &format!("add {typo}")).done().failed(1);
    assert!(failed.contains("no link was established"), "{failed}");
    advises(&failed, "`jenny peer list`");
    assert_eq!(addresses(&listed(&node)["known"]), [typo]);
    let shown = peer(&node, "list").done().ok();
    assert!(shown.contains(typo) && shown.contains("named, "), "{shown}");
    let removed = peer(&node, &format!("remove {typo}")).done().ok();
    assert_eq!(removed, format!("removed {typo}\n"));
    let failed = peer(&node, &format!("remove {typo}")).done().failed(1);
    assert!(failed.contains("no peer with this address is known"), "{failed}");
    advises(&failed, "`jenny peer list`");
    node.stop();
    let node = Running::dev(&data);
    assert_eq!(addresses(&listed(&node)["known"]), Vec::<String>::new());
    node.stop();
}

#[test]
fn a_peer_of_the_file_that_was_removed_stays_away_until_the_next_start() {
    let directory = TempDir::new().unwrap();
    let (data, file) = (directory.path().join("data"), directory.path().join("peers.json"));
    fs::write(&file, r#"["ws://127.0.0.1:1"]"#).unwrap();
    let start = || {
        let command = Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0");
        Running::start(command.arg("--data-dir", &data).arg("--peers", &file))
    };
    let node = start();
    peer(&node, "remove ws://127.0.0.1:1").done().ok();
    let (status, answer) = node.post("/addPeers", "").unwrap();
    assert!(status == 200 && answer.contains("was removed"), "{answer}");
    assert_eq!(addresses(&listed(&node)["known"]), Vec::<String>::new());
    node.stop();
    let node = start();
    assert_eq!(addresses(&listed(&node)["known"]), ["ws://127.0.0.1:1"]);
    node.stop();
}

#[test]
fn bans_are_made_listed_and_ended() {
    let directory = TempDir::new().unwrap();
    let node = Running::dev(&directory.path().join("data"));
    let banned = peer(&node, "ban 192.0.2.9 --seconds 60 --reason why").done().ok();
    assert!(banned.starts_with("banned 192.0.2.9 until "), "{banned}");
    assert_eq!(addresses(&listed(&node)["bans"]), ["192.0.2.9"]);
    let failed = peer(&node, "ban 127.0.0.1").done().failed(1);
    assert!(failed.contains("loopback"), "{failed}");
    peer(&node, "unban 192.0.2.9").done().ok();
    let failed = peer(&node, "unban 192.0.2.9").done().failed(1);
    advises(&failed, "`jenny peer list`");
    assert_eq!(peer(&node, "ban name.example").done().code, Some(2));
    node.stop();
}

#[test]
fn another_chain_and_a_rest_api_are_named() {
    let directory = TempDir::new().unwrap();
    let node = Running::dev(&directory.path().join("dev"));
    let command = Jenny::new("run").words("--chain jenny --api-listen 127.0.0.1:0");
    let other = Running::start(command.arg("--data-dir", directory.path().join("jenny")));
    let failed = peer(&node, &format!("add {}", p2p(&other))).done().failed(1);
    assert!(failed.contains("409") && failed.contains("another chain"), "{failed}");
    advises(&failed, "`jenny status --json`");
    advises(&failed, "`jenny peer remove`");
    node.logs("the peer is on another chain");
    let api = other.url.replace("http://", "ws://");
    let failed = peer(&node, &format!("add {api}")).done().failed(1);
    assert!(failed.contains("looks like a REST API"), "{failed}");
    let third = Running::dev(&directory.path().join("third"));
    let linked = peer(&node, &format!("add {}", p2p(&third))).done().ok();
    assert!(linked.starts_with("linked to ws://"), "{linked}");
    for node in [node, other, third] {
        node.stop();
    }
}
