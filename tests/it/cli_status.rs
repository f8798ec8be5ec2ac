//! `jenny status`.

use std::io::{BufRead, BufReader};

use rustix::process::{Pid, Signal, kill_process};

use crate::process::{Chain, Jenny, Running, finish};

fn status(node: &Running) -> Jenny {
    Jenny::new("status").arg("--url", &node.url)
}

#[test]
fn an_operator_sees_the_node_at_a_glance() {
    let chain = Chain::long(12);
    let node = Running::dev(&chain.dir());
    node.mine(&["x"]);
    let out = status(&node).done().ok();
    let value = |name: &str| {
        let line = out.lines().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name}: {out}"));
        line[name.len()..].trim().to_owned()
    };
    assert_eq!(value("node"), node.url);
    assert_eq!(value("chain"), "dev");
    assert_eq!(value("id"), chain.hash(0).to_string());
    assert_eq!(value("height"), "13");
    assert!(value("hash rate").ends_with("H/s"));
    for name in ["version", "tip", "time", "work", "sync", "links", "swaps", "queued", "uptime"] {
        assert_ne!(value(name), "", "{out}");
    }
}

#[test]
fn json_is_the_answer_as_it_came() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::dev(dir.path());
    let parse = |text: &str| {
        let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
        value["uptimeSeconds"].take();
        value["check"].take();
        value
    };
    let out = status(&node).words("--json").done().ok();
    assert_eq!(parse(&out), parse(&node.get("/v1/status").1));
    assert_eq!(out.lines().count(), 1);
}

#[test]
fn watching_goes_on_until_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::dev(dir.path());
    let mut child = status(&node).words("--watch --json").spawn();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        assert!(lines.next().unwrap().unwrap().starts_with('{'));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(finish(child).code, Some(130));
}

#[test]
fn a_node_that_is_not_there_or_refuses_is_the_answer_no() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::dev(dir.path());
    let text = status(&node).env("JENNY_PASSWORD", "wrong").done().failed(1);
    assert!(text.contains("answers 401") && text.contains("hint: "), "{text}");
    let url = node.url.clone();
    node.stop();
    let text = Jenny::new("status").env("JENNY_URL", url).done().failed(1);
    assert!(text.contains("no node answers at"), "{text}");
}

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::dev(dir.path());
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", nobody.local_addr().unwrap());
    let mut command = status(&node);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"] {
        command = command.env(name, &proxy);
    }
    command.done().ok();
    nobody.set_nonblocking(true).unwrap();
    assert!(nobody.accept().is_err(), "nothing was sent to the proxy");
}
