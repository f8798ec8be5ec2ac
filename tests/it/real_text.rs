//! Real text, through a node that is killed three times on the way.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::process::{Jenny, Running, block_records};

/// The licences that Debian's base system ships.
const TEXTS: &str = "/usr/share/common-licenses";
/// Lines of one block.
const LINES: usize = 7;

#[test]
fn every_line_comes_back_in_order_and_once() {
    let lines = lines();
    if lines.is_empty() {
        println!("SKIPPED: there are no texts in {TEXTS}");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut node = Running::dev(directory.path());
    let blocks: Vec<_> = lines.chunks(LINES).collect();
    let mut kills = 0;
    let mut next = 0;
    while next < blocks.len() {
        if kills < 3 && next == (kills + 1) * blocks.len() / 4 {
            kills += 1;
            node.signal(Signal::KILL);
            drop(node);
            node = Running::dev(directory.path());
        }
        let body = serde_json::json!({ "data": blocks[next] }).to_string();
        let (status, text) = node.post("/mineBlock", &body).unwrap();
        assert_eq!(status, 200, "{text}");
        next += 1;
    }
    assert_eq!(kills, 3);

    let (status, chains) = node.get("/chains");
    assert_eq!(status, 200);
    node.stop();
    let dump = Jenny::new("dump").arg("--data-dir", directory.path()).done().ok();
    assert_eq!(block_records(&dump), lines);
    Jenny::new("verify").arg("--data-dir", directory.path()).done().ok();
    // Block by block, and byte by byte.
    let array = format!("[{}]", dump.lines().collect::<Vec<_>>().join(","));
    assert!(array == chains, "GET /chains and dump differ");
    println!("{} lines of {} files in {} blocks", lines.len(), files().len(), blocks.len());
}

fn files() -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(Path::new(TEXTS)) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Every line of every text. What is not UTF-8 in them is replaced, as records are text.
fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    for file in files() {
        let text = fs::read(file).unwrap();
        lines.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
    }
    lines
}
