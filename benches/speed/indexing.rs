//! What the index costs those for whom it is built: a node with it and one without, in turns.

use std::path::Path;
use std::time::{Duration, Instant};

use jenny_chain::chain::{Block, Spec, Timestamp, TipState, test_util};
use jenny_chain::node::{Links, Node, NodeConfig, NodeHandle};
use jenny_chain::store::{Options, open};

use crate::{median, row};

/// Blocks of the chain that is caught up with, a record of 300 bytes each.
const BLOCKS: u64 = 50_000;
/// Blocks that are imported at a time.
const BATCH: usize = 1_000;
/// Clients that mine side by side.
const CLIENTS: u64 = 32;
/// How long they do.
const MINING: Duration = Duration::from_secs(5);
/// Turns of each node.
const ROUNDS: usize = 5;

/// Everything.
pub(crate) fn run() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let blocks = chain();
    let (mut caught_up, mut mined, mut built) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (without, _) = runtime.block_on(catch_up(&blocks, false));
        let (with, indexed) = runtime.block_on(catch_up(&blocks, true));
        caught_up.push((with, without));
        built.push(indexed);
        let without = runtime.block_on(mine(false));
        mined.push((runtime.block_on(mine(true)), without));
    }
    compare("catch-up with the index, blocks/s : without", ">= 0.6", caught_up);
    compare("mining with the index, blocks/s : without", ">= 0.9", mined);
    let built = median(built);
    println!("{:<44} {built:>12.0}", "indexed until the end of a catch-up, blocks/s");
}

fn compare(name: &str, wanted: &str, mut pairs: Vec<(f64, f64)>) {
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (with, without) = pairs[ROUNDS / 2];
    row(name, with, without, wanted);
    let ratio = |(with, without): (f64, f64)| with / without;
    let (least, largest) = (ratio(pairs[0]), ratio(pairs[ROUNDS - 1]));
    println!("    {ROUNDS} rounds, ratios {least:.2} to {largest:.2}");
}

fn chain() -> Vec<Block> {
    let spec = Spec::dev();
    let mut state = TipState::genesis(&spec);
    let mine = |height| {
        let record = format!("{height:0300}");
        let now = Timestamp::from_millis(1_700_000_000_000 + height);
        let block = test_util::mine(&spec, &state, vec![record], now);
        state.extend(&block);
        block.block().clone()
    };
    (1..=BLOCKS).map(mine).collect()
}

fn start(directory: &Path, builds_index: bool) -> (Node, NodeHandle) {
    let options = Options { chain: Some(Spec::dev()), ..Options::default() };
    let opened = open(directory, &options, &mut |_| {}).unwrap();
    let config = NodeConfig { builds_index, ..NodeConfig::default() };
    let node = Node::start(opened, config, Links::none());
    let handle = node.handle();
    (node, handle)
}

async fn stop(node: Node) {
    tokio::task::spawn_blocking(|| node.stop()).await.unwrap().unwrap();
}

/// Imports the chain in batches. Returns blocks per second, and how many of them were indexed in
/// a second until all were.
async fn catch_up(blocks: &[Block], builds_index: bool) -> (f64, f64) {
    let home = tempfile::tempdir().unwrap();
    let (node, handle) = start(home.path(), builds_index);
    let started = Instant::now();
    for batch in blocks.chunks(BATCH) {
        handle.import(batch.to_vec()).await.unwrap();
    }
    let rate = BLOCKS as f64 / started.elapsed().as_secs_f64();
    while builds_index && handle.status().indexed.get() < BLOCKS {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let indexed = BLOCKS as f64 / started.elapsed().as_secs_f64();
    stop(node).await;
    (rate, indexed)
}

/// Blocks per second of clients that each mine one record after the other.
async fn mine(builds_index: bool) -> f64 {
    let home = tempfile::tempdir().unwrap();
    let (node, handle) = start(home.path(), builds_index);
    let started = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let handle = handle.clone();
            tokio::spawn(async move {
                let mut mined = 0_u64;
                while started.elapsed() < MINING {
                    handle.mine(vec![format!("{client} {mined:0300}")]).await.unwrap();
                    mined += 1;
                }
                mined
            })
        })
        .collect();
    let mut mined = 0;
    for client in clients {
        mined += client.await.unwrap();
    }
    let rate = mined as f64 / started.elapsed().as_secs_f64();
    stop(node).await;
    rate
}
