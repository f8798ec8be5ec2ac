//! `jenny status`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use rustix::process::{Pid, Signal, kill_process};

use crate::process::{Chain, Jenny, Running, finish, quiet_address};

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
        value["index"].take();
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
    assert!(text.contains("responded with 401") && text.contains("hint: "), "{text}");
    let url = node.url.clone();
    node.stop();
    let text = Jenny::new("status").env("JENNY_URL", url).done().failed(1);
    assert!(text.contains("no node responds at"), "{text}");
}

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::dev(dir.path());
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", nobody.local_addr().unwrap());
    let mut command = status(&node);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"] {
        command = command.env(name, &proxy);
    }
    command.done().ok();
    nobody.set_nonblocking(true).unwrap();
    assert!(nobody.accept().is_err(), "nothing was sent to the proxy");
}

#[test]
fn a_closed_standard_output_is_an_error_and_ends_the_watch() {
    let dir = tempfile::tempdir().unwrap();
    let node = Running::dev(dir.path());
    for flags in ["", "--json", "--watch", "--watch --json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = status(&node).words(flags);
        command.0.stdout(writer);
        let text = command.done().failed(1);
        assert!(text.contains("cannot be written to standard output"), "{flags}: {text}");
    }
}

#[test]
fn what_a_hostile_node_says_controls_no_terminal() {
    for body in [
        "\u{1b}]0;owned\u{7} not json at all \u{9b}31m",
        "{\"ok\":1}\u{1b}[31m\n{}",
        "[\"\u{9b}2J\"]",
        "{}",
        "{\"status\":\"ok\",\"tip\":{\"height\":\"7\"}}",
    ] {
        let url = answering(body);
        for flags in ["", "--json"] {
            let text = Jenny::new("status").arg("--url", &url).words(flags).done().failed(1);
            assert!(text.contains("an invalid status"), "{text}");
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        }
    }
    let url = answering(
        "{\"version\":\"\u{9b}2J\u{7f}\u{202e}\", \"chain\":{\"id\":\"\u{9b}\"}, \"tip\":{\"height\":1}}",
    );
    for flags in ["", "--json"] {
        let out = Jenny::new("status").arg("--url", &url).words(flags).done().ok();
        assert!(out.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{out:?}");
        assert!(flags.is_empty() || out.lines().count() == 1, "{out}");
    }
}

/// The URL of a server that sends this response to every request. It ends with the test's process.
fn answering(body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let answer = head + body;
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            // What is asked for does not matter, nor whether the client stays.
            let _ = socket.read(&mut [0; 4_096]);
            let _ = socket.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn watching_goes_on_when_the_node_starts_again() {
    let dir = tempfile::tempdir().unwrap();
    let address = quiet_address().to_string();
    let run = || {
        let command = Jenny::new("run").words("--chain dev").arg("--data-dir", dir.path());
        Running::start(command.arg("--api-listen", &address))
    };
    let node = run();
    let mut child = status(&node).words("--watch --json").spawn();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("\"height\":0"));
    node.stop();
    // Before that it may be told of a node that stops.
    assert!(errors.any(|error| error.unwrap().contains("no node responds at")));
    let node = run();
    node.mine(&["x"]);
    assert!(lines.any(|line| line.unwrap().contains("\"height\":1")));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_check_needs_no_user_and_tells_a_node_that_is_ready_by_its_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let password = dir.path().join("password");
    std::fs::write(&password, "a long password").unwrap();
    let data = dir.path().join("data");
    let init = Jenny::new("init").words("--chain dev --user alice").arg("--data-dir", &data);
    init.arg("--password-file", &password).done().ok();
    let run = Jenny::new("run").words("--api-listen 127.0.0.1:0").arg("--data-dir", &data);
    let node = Running::start(run);
    let check = || Jenny::new("status").words("--check").arg("--url", &node.url).done();
    assert_eq!(check().ok(), format!("{} is ready\n", node.url));
    // The variables of a client do not matter: they may name a file that is not there.
    let with = Jenny::new("status").words("--check").arg("--url", &node.url);
    with.env("JENNY_USER", "bob").env("JENNY_PASSWORD_FILE", "/nowhere").done().ok();
    let url = node.url.clone();
    node.stop();
    let gone = Jenny::new("status").words("--check").arg("--url", &url).done().failed(1);
    assert!(gone.contains("no node responds at"), "{gone}");

    let other = answering("{}");
    let other = Jenny::new("status").words("--check").arg("--url", &other).done().failed(1);
    assert!(other.contains("is not a jenny node"), "{other}");
    Jenny::new("status").words("--check --watch").done().failed(2);
}
