//! Speed and memory of the node beside sled alone and a bare hash loop, from one run.
//!
//! `cargo bench --bench speed` prints ours, the baseline and the ratio. Shared machines
//! drift: the ratios are what counts, and they are reports, never assertions.
#![expect(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark ends at its first surprise, and prints rates"
)]

mod baseline;
mod binary;
mod client;
mod indexing;
mod node;
mod peers;
mod places;
mod postgres;
mod records;
mod stalled;
mod stored;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::client::{Client, exchange};
use crate::node::RunningNode;

/// Blocks of the chain that dump, start and memory are measured on.
const BLOCKS: u64 = 100_000;
/// Blocks that one client posts.
const ALONE: u64 = 3_000;
/// Clients that post side by side.
const CLIENTS: usize = 32;

fn main() {
    // `cargo test --benches` and `cargo bench -- --list` call this too.
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    println!("{:<44} {:>12} {:>12} {:>7}  wanted", "", "ours", "baseline", "ratio");
    if std::env::args().any(|argument| argument == "peers") {
        peers::mining();
        peers::latency();
        peers::sync_alone(BLOCKS);
        return;
    }
    if std::env::args().any(|argument| argument == "sync") {
        binary::run();
        return;
    }
    if std::env::args().any(|argument| argument == "index") {
        indexing::run();
        return;
    }
    if std::env::args().any(|argument| argument == "records") {
        records::run();
        return;
    }
    mining();

    let baseline_1 = baseline::sled_alone(1, ALONE);
    let baseline_32 = baseline::sled_alone(CLIENTS as u64, 50_000);
    let baseline_1000 = baseline::sled_alone(1_000, BLOCKS);

    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let running = RunningNode::start(&data, &["--chain", "dev"]);
    let alone = post(&running, 1, ALONE);
    row("durable POST /mineBlock, 1 client, blocks/s", alone, baseline_1, ">= 0.5");
    let together = post(&running, CLIENTS, BLOCKS - ALONE);
    row("durable POST /mineBlock, 32 clients, blocks/s", together, baseline_32, ">= 10000/s");
    println!("{:<44} {:>12} {baseline_1000:>12.0}", "sled alone, groups of 1,000, blocks/s", "");
    running.stop();
    peers::mining();
    peers::latency();

    let started = Instant::now();
    let output = home.path().join("dump.jsonl");
    let status = Command::new(env!("CARGO_BIN_EXE_jenny"))
        .args(["dump", "--format", "jsonl", "--data-dir"])
        .arg(&data)
        .arg("--output")
        .arg(&output)
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let rate = (BLOCKS + 1) as f64 / started.elapsed().as_secs_f64();
    println!(
        "{:<44} {rate:>12.0} {:>12} {:>7}  >= 200000",
        "dump --format jsonl, blocks/s", "", ""
    );

    for (name, wanted) in [("start after writing", ""), ("second start", "< 0.5")] {
        let started = Instant::now();
        let running = RunningNode::start(&data, &[]);
        let ready = started.elapsed().as_secs_f64();
        let name = format!("ready, 100,000 blocks, {name}, s");
        println!("{name:<44} {ready:>12.3} {:>12} {:>7}  {wanted}", "", "");
        if wanted.is_empty() {
            running.stop();
            continue;
        }
        std::thread::sleep(Duration::from_secs(2));
        let rest = running.resident_mib();
        println!("{:<44} {rest:>12.1} {:>12} {:>7}  < 100", "resident at rest, MiB", "", "");
        peers::sync(&running, BLOCKS);
        let (rate, peak) = read_chain(&running);
        println!("{:<44} {rate:>12.0}", "GET /chains, blocks/s");
        println!(
            "{:<44} {peak:>12.1} {:>12} {:>7}  < 150",
            "resident while serving /chains, MiB", "", ""
        );
        running.stop();
    }
}

/// Posts `blocks` one-record blocks over `clients` connections. Returns blocks per second.
fn post(running: &RunningNode, clients: usize, blocks: u64) -> f64 {
    exchange(running, clients, blocks, 200, Client::send_record)
}

/// Reads the whole chain. Returns blocks per second and the largest resident size seen.
fn read_chain(running: &RunningNode) -> (f64, f64) {
    let started = Instant::now();
    let mut peak = 0.0_f64;
    let mut client = Client::connect(running);
    let blocks = client.count_chain(&mut || peak = peak.max(running.resident_mib()));
    assert_eq!(blocks, BLOCKS + 1);
    (blocks as f64 / started.elapsed().as_secs_f64(), peak)
}

/// Hash rate of the miner on a chain that is never mined, against a bare loop on as many threads.
fn mining() {
    let home = tempfile::tempdir().unwrap();
    let spec = home.path().join("hard.json");
    std::fs::write(
        &spec,
        r#"{"name":"hard","genesis_timestamp":1655424000000,"pow_limit_bits":"03010000",
            "target_block_time_ms":10000,"retarget_window":0,"max_future_ms":120000,
            "max_record_bytes":65536,"max_block_records":4096,"max_block_bytes":1048576}"#,
    )
    .unwrap();
    let threads = std::thread::available_parallelism().unwrap().get();
    let bare = baseline::bare_midstate(threads, Duration::from_secs(5));
    let data = home.path().join("data");
    let chain = spec.to_str().unwrap();
    let running = RunningNode::start(&data, &["--chain", chain]);
    let mut client = Client::connect(&running);
    client.send_record(0);
    assert_eq!(client.receive().0, 503);
    let ours = client.hash_rate();
    running.stop();
    row("miner, hashes/s on all cores", ours, bare, ">= 0.8");
}

fn median(values: Vec<f64>) -> f64 {
    percentile(values, 50)
}

/// The value below which this many hundredths of all are.
fn percentile(mut values: Vec<f64>, hundredths: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() * hundredths / 100]
}

fn row(name: &str, ours: f64, baseline: f64, wanted: &str) {
    println!("{name:<44} {ours:>12.0} {baseline:>12.0} {:>7.2}  {wanted}", ours / baseline);
}

fn say(name: &str, value: f64, wanted: &str) {
    println!("{name:<44} {value:>12.2} {:>12} {:>7}  {wanted}", "", "");
}
