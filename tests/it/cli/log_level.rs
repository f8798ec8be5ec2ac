//! The level of the log of a running node: `PUT /v1/log-level` and SIGUSR1.

use std::fs::{File, read_to_string};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::process::{Jenny, PATIENCE, Running, until};

fn run(dir: &Path) -> Jenny {
    Jenny::new("run").arg("--data-dir", dir).words("--chain dev --api-listen 127.0.0.1:0")
}

/// Sends a request on a connection of its own, and waits for the response.
fn ask(node: &Running, head: &str, body: &str) -> String {
    let mut socket = TcpStream::connect(node.url.strip_prefix("http://").unwrap()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let request = format!(
        "{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).unwrap();
    response
}

/// Sends a request without credentials, whose refusal is a line at `debug`.
fn anonymous(node: &Running, path: &str) {
    let response = ask(node, &format!("GET {path} HTTP/1.1"), "");
    assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
}

/// As the default user.
fn put_level(node: &Running, body: &str) {
    let head = "PUT /v1/log-level HTTP/1.1\r\nAuthorization: Basic amVubnk6MTIzNA==";
    let response = ask(node, head, body);
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[test]
fn a_request_changes_the_level_of_a_part_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::start(run(dir.path()).words("--log-level warn,audit=info"));
    anonymous(&node, "/before");
    put_level(&node, r#"{"level":"debug","target":"jenny_chain::p2p"}"#);
    anonymous(&node, "/elsewhere");
    put_level(&node, r#"{"level":"debug","target":"jenny_chain::api"}"#);
    anonymous(&node, "/during");
    put_level(&node, r#"{"level":"configured"}"#);
    anonymous(&node, "/after");
    let ended = node.end(Signal::TERM);
    for path in ["/before", "/elsewhere", "/after"] {
        assert!(!ended.err.contains(path), "{path}: {}", ended.err);
    }
    let said =
        ["about=\"jenny_chain::p2p=debug\"", "DEBUG request refused", "about=\"configured\""];
    for text in said {
        assert_eq!(ended.err.matches(text).count(), 1, "{text}: {}", ended.err);
    }
}

#[test]
fn sigusr1_switches_debug_on_and_off() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::start(run(dir.path()));
    anonymous(&node, "/before");
    node.signal(Signal::USR1);
    until("it is told", || node.log().contains("a signal changed the log level"));
    let log = node.log();
    let line = log.lines().find(|line| line.contains("a signal changed")).unwrap();
    assert!(line.contains("level=jenny_chain=debug"), "{line}");
    anonymous(&node, "/during");
    until("a line at debug", || node.log().contains("\"/during\""));
    node.signal(Signal::USR1);
    until("its end is told", || node.log().contains("a signal ended the temporary log level"));
    anonymous(&node, "/after");
    let ended = node.end(Signal::TERM);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let line = ended.err.lines().find(|line| line.contains("\"/during\"")).unwrap();
    assert!(line.contains("DEBUG request refused") && line.contains(" request_id=\""), "{line}");
    for path in ["/before", "/after"] {
        assert!(!ended.err.contains(path), "{path}: {}", ended.err);
    }
}

#[test]
fn json_lines_of_a_request_carry_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::start(run(dir.path()).words("--log-format json --log-level debug"));
    node.mine(&["x"]);
    anonymous(&node, "/nowhere");
    let ended = node.end(Signal::TERM);
    let lines = ended.err.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let spans: Vec<_> = lines
        .filter(|line| ["request refused", "changed by a request"].contains(&said(line)))
        .map(|line| line["span"].clone())
        .collect();
    assert_eq!(spans.len(), 2, "{}", ended.err);
    for (span, (method, route, user)) in
        spans.iter().zip([("POST", "/mineBlock", Some("jenny")), ("GET", "unknown", None)])
    {
        assert!(span["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{span}");
        assert_eq!((&span["method"], &span["route"]), (&method.into(), &route.into()));
        assert_eq!(span["user"].as_str(), user);
    }
}

fn said(line: &Value) -> &str {
    line["message"].as_str().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn sigusr1_ends_no_node_that_starts_or_stops() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let mut command = run(&dir.path().join("data"));
    command.0.stdout(Stdio::null()).stderr(File::create(&log).unwrap());
    let mut child = command.spawn();
    let (pid, file) = (Pid::from_child(&child), format!("/proc/{}/status", child.id()));
    let is_held_back = || {
        let status = read_to_string(&file).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
        let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
        mask & 1 << (Signal::USR1.as_raw() - 1) != 0
    };
    until("the signal is held back", is_held_back);
    let text = || read_to_string(&log).unwrap();
    until("it is ready", || {
        kill_process(pid, Signal::USR1).unwrap();
        text().contains("ready api=")
    });
    kill_process(pid, Signal::TERM).unwrap();
    let ended = loop {
        kill_process(pid, Signal::USR1).unwrap();
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
    };
    assert_eq!(ended.code(), Some(0), "{}", text());
    assert!(text().contains("a signal changed the log level"), "{}", text());
}
