//! `jenny events`.

use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::Value;

use crate::process::{Jenny, Running};

fn events(node: &Running, flags: &str) -> Jenny {
    Jenny::new("events").words(flags).arg("--url", &node.url)
}

fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

fn node(directory: &Path) -> Running {
    let command = Jenny::new("run").words("--chain dev --api-listen 127.0.0.1:0");
    Running::start(command.env("JENNY_STORE_MIN_FREE", "0").arg("--data-dir", directory))
}

#[test]
fn events_are_printed_once_and_the_file_keeps_the_position() {
    let directory = tempfile::tempdir().unwrap();
    let node = node(&directory.path().join("data"));
    let file = directory.path().join("position");
    let status: Value = serde_json::from_str(&node.get("/v1/status").1).unwrap();
    let start = format!("0-{}-0", status["chain"]["id"].as_str().unwrap());
    node.mine(&["a", "b"]);
    let events = |flags| events(&node, flags).arg("--position-file", &file);

    let out = events("").arg("--after", &start).done().ok();
    let first = lines(&out);
    let expected = ["block.connected", "record.included"];
    assert_eq!(names(&first)[..2], expected);
    assert_eq!(names(&first)[2..], [expected[0], expected[1], expected[1]]);
    let last = first.last().unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{last}\n"));

    node.mine(&["c"]);
    let out = events("--types block.connected").arg("--after", &start).done().ok();
    assert_eq!(names(&lines(&out)), ["block.connected"]);
    // The filter left out the record, which is not to come again.
    assert_eq!(events("").done().ok(), "");
    node.stop();
}

#[test]
fn following_prints_events_as_they_happen() {
    let directory = tempfile::tempdir().unwrap();
    let node = node(&directory.path().join("data"));
    let status: Value = serde_json::from_str(&node.get("/v1/status").1).unwrap();
    let start = format!("0-{}-0", status["chain"]["id"].as_str().unwrap());
    let mut child = events(&node, "--follow --types block.connected").arg("--after", start).spawn();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut height = || {
        let line: Value = serde_json::from_str(&out.next().unwrap().unwrap()).unwrap();
        line["data"]["height"].as_u64().unwrap()
    };
    assert_eq!(height(), 0);
    for expected in 1..4 {
        node.mine(&["a"]);
        assert_eq!(height(), expected);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    node.stop();
}

#[test]
fn a_position_that_is_gone_is_said_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let node = node(&directory.path().join("data"));
    let after = format!("7-{}-1", "ab".repeat(32));
    let text = events(&node, "--follow").arg("--after", after).done().failed(1);
    assert!(text.contains("is not stored") && text.contains("hint: read the chain anew"), "{text}");
    events(&node, "--after tip").done().failed(2);
    node.stop();
}
