//! Hundreds of clients that request large responses from a real node and take nothing of them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tempfile::TempDir;

use crate::process::{Jenny, PATIENCE, Running, until};

/// What the node holds of responses at most, and a user's quarter of it.
const MAX: u64 = 64 << 20;
const MAX_OF_USER: u64 = MAX / 4;

const PASSWORD: &str = "a password of some length";

/// A node with two users.
fn start(directory: &TempDir) -> Running {
    let (data, file) = (directory.path().join("data"), directory.path().join("password"));
    fs::write(&file, PASSWORD).unwrap();
    for user in ["alice", "bob"] {
        let init = Jenny::new("init").words("--chain dev").arg("--data-dir", &data);
        init.arg("--user", user).arg("--password-file", &file).done().ok();
    }
    Running::start(Jenny::new("run").words("--api-listen 127.0.0.1:0").arg("--data-dir", &data))
}

/// Sends a request on a connection of its own.
fn send(node: &Running, user: &str, method: &str, path: &str, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(node.url.strip_prefix("http://").unwrap()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let credentials = STANDARD.encode(format!("{user}:{PASSWORD}"));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Basic {credentials}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(body.as_bytes()).unwrap();
    socket
}

/// The status line's code, and the body.
fn ask(node: &Running, user: &str, method: &str, path: &str, body: &str) -> (u16, Vec<u8>) {
    let mut answer = Vec::new();
    send(node, user, method, path, body).read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (status, answer.split_off(end + 4))
}

/// How much the node says that it holds of answers.
fn held(node: &Running) -> u64 {
    let (status, body) = ask(node, "bob", "GET", "/v1/status", "");
    assert_eq!(status, 200);
    let status: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status["answers"]["mostBytes"], MAX);
    status["answers"]["heldBytes"].as_u64().unwrap()
}

/// For the log: what the process takes of memory, in MiB.
fn resident(node: &Running) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", node.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib >> 10
}

#[test]
fn clients_that_take_nothing_hold_no_more_than_their_share() {
    let directory = TempDir::new().unwrap();
    let node = start(&directory);
    // A full block, whose JSON is six times as long.
    let record = "\u{1}".repeat(60_000);
    let body = json!({ "data": vec![record; 17] }).to_string();
    let (status, block) = ask(&node, "alice", "POST", "/mineBlock", &body);
    assert!(status == 200 && block.len() > 6_000_000, "{status}");
    until("the miner's answer was sent", || held(&node) == 0);

    let idle = resident(&node);
    let silent: Vec<_> =
        (0..300).map(|_| send(&node, "alice", "GET", "/v1/blocks/1", "")).collect();
    // As many blocks as fit the share are held: one more would not.
    let length = block.len() as u64;
    let mut max = 0;
    until("alice's share is full", || {
        let now = held(&node);
        max = max.max(now);
        assert!(now <= MAX_OF_USER, "{now}");
        now + length > MAX_OF_USER
    });
    for path in ["/v1/blocks/1", "/v1/blocks/tip", "/chains"] {
        let (status, _) = ask(&node, "bob", "GET", path, "");
        assert_eq!(status, 200, "another user is served: {path}");
        assert!(held(&node) <= 2 * MAX_OF_USER);
    }
    println!(
        "300 readers that take nothing: {} MiB of answers held at most, {idle} to {} MiB resident",
        max >> 20,
        resident(&node)
    );
    drop(silent);
    until("nothing is held for clients that have left", || held(&node) == 0);
    let (status, again) = ask(&node, "alice", "GET", "/v1/blocks/1", "");
    assert_eq!((status, again), (200, block));
    node.stop();
}
