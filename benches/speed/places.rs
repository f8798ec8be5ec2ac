//! Records of a long chain: looked up by their ids, and proven.
//!
//! `JENNY_TEST_CHAIN=DIRECTORY` keeps the chain there for the next run.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jenny_chain::chain::{Receipt, leaf_hash};

use crate::client::Client;
use crate::node::RunningNode;
use crate::{percentile, say, stored};

/// Bytes of the one record of each block.
const RECORD_BYTES: usize = 300;
/// Longest that the index may take.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// How much is measured.
pub(crate) struct Size {
    pub(crate) blocks: u64,
    /// Records that are looked up, and as many that are proven.
    pub(crate) looked_up: usize,
}

/// Everything.
pub(crate) fn run(home: &Path, size: &Size) {
    let data =
        std::env::var_os("JENNY_TEST_CHAIN").map_or_else(|| home.join("long"), PathBuf::from);
    if !data.join("db").exists() {
        stored::store(&data, size.blocks, 1, RECORD_BYTES);
    }
    let node = RunningNode::start(&data, &[]);
    let mut client = Client::connect(&node);
    let blocks = client.height();
    println!("    a chain of {blocks} blocks");
    index(&mut client, blocks);
    for (name, suffix, wanted) in [("look-up", "", "< 2"), ("receipt", "/receipt", "< 5")] {
        let times = ask(&mut client, blocks, size.looked_up, suffix);
        say(&format!("{name} of a record, p50, ms"), percentile(times.clone(), 50), "");
        say(&format!("{name} of a record, p99, ms"), percentile(times, 99), wanted);
    }
    println!("    {:.0} MiB resident at most", node.peak_mib());
    node.stop();
}

/// Waits until every block is in the index.
fn index(client: &mut Client, blocks: u64) {
    let started = Instant::now();
    while client.status()["index"]["height"] != blocks {
        assert!(started.elapsed() < PATIENCE, "{}", client.status()["index"]);
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("    indexed after {:.1} s", started.elapsed().as_secs_f64());
}

/// Asks for records of random blocks, one after the other. Returns milliseconds for each.
fn ask(client: &mut Client, blocks: u64, count: usize, suffix: &str) -> Vec<f64> {
    let mut seed = 7_u64;
    let mut times = Vec::new();
    for _ in 0..count {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let height = 1 + (seed >> 16) % blocks;
        let record = stored::record(height, 0, RECORD_BYTES);
        let path = format!("/v1/records/{}{suffix}", leaf_hash(record.as_bytes()));
        let started = Instant::now();
        let body = client.get(&path);
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if suffix.is_empty() {
            let found: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(found["height"], height);
        } else {
            let verified = Receipt::parse(&body).unwrap().verify(None).unwrap();
            assert_eq!(verified.block.height.get(), height);
        }
    }
    times
}
