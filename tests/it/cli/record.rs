//! `jenny record` against a real node.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Jenny, Running};

fn record(node: &Running, words: &str) -> Jenny {
    Jenny::new("record").words(words).arg("--url", &node.url)
}

fn id(text: &str) -> String {
    Jenny::new("record").words(&format!("id {text}")).done().ok().trim().to_owned()
}

#[test]
fn a_record_is_added_found_listed_and_cancelled() {
    let directory = TempDir::new().unwrap();
    let node = Running::idle(directory.path());
    let (a, b) = (id("a"), id("b"));
    let added = record(&node, "add a b").done().ok();
    assert_eq!(added, format!("{a} pending\n{b} pending\n"));
    let listed = record(&node, "list").done().ok();
    assert!(listed.starts_with("pending  2\n") && listed.contains(&a), "{listed}");
    let waited = record(&node, &format!("wait {a} --timeout 0")).done().failed(1);
    assert!(waited.contains("is in no block"), "{waited}");
    node.mine(&["a"]);
    let found = record(&node, &format!("wait {a} --json")).done().ok();
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!((&found["state"], &found["height"]), (&"included".into(), &1.into()));
    assert_eq!(record(&node, &format!("cancel {b}")).done().ok(), format!("cancelled {b}\n"));
    let failed = record(&node, &format!("cancel {b}")).done().failed(1);
    assert!(failed.contains("no record with this id"), "{failed}");
    let failed = record(&node, &format!("get {b}")).done().failed(1);
    assert!(failed.contains("has no record"), "{failed}");
    node.stop();
}

#[test]
fn a_file_is_sent_line_by_line_and_twice_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let node = Running::idle(&directory.path().join("data"));
    let file = directory.path().join("records");
    let lines: Vec<_> = (0..2_500).chain([7]).map(|number| format!("line {number}")).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let add = |words: &str| record(&node, &format!("add {words}")).arg("--file", &file);
    let sent = add("").done().ok();
    assert!(sent.starts_with("sent 2501 lines\n1 lines repeat"), "{sent}");
    let count = || {
        let listed = record(&node, "list --json").done().ok();
        serde_json::from_str::<Value>(&listed).unwrap()["records"].as_array().unwrap().len()
    };
    assert_eq!(count(), 2_500);
    add("").done().ok();
    assert_eq!(count(), 2_500);
    let sent = add("--from-line 2500 --number-lines --json").done().ok();
    assert_eq!(sent, "{\"included\":0,\"lines\":2,\"repeated\":0}\n");
    assert_eq!(count(), 2_502);
    node.stop();
}
