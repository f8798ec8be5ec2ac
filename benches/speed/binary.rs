//! Catching up over the binary dialect, beside sled alone in the same run.

use std::path::Path;
use std::time::{Duration, Instant};

use jenny_chain::chain::Work;

use crate::client::Client;
use crate::node::RunningNode;
use crate::{baseline, median, row, say, stalled, stored};

/// Blocks of the short chain.
const SHORT: u64 = 100_000;
/// Blocks of the long one.
const LONG: u64 = 1_000_000;
/// Blocks of a MiB.
const LARGE: u64 = 512;
/// Blocks whose way to a peer is timed.
const TIMED: u64 = 300;

/// Rounds of sled alone and of three ways to catch up, one after the other.
const ROUNDS: usize = 9;

/// What one of [`ROUNDS`] came to: blocks per second of sled alone, and three ways to catch up.
struct Round {
    sled: f64,
    single: CatchUp,
    double: CatchUp,
    hindered: CatchUp,
}

/// What one catch-up came to.
struct CatchUp {
    blocks_per_second: f64,
    /// Largest resident sizes of the fresh node and of those ahead, in MiB.
    fresh: f64,
    ahead: f64,
}

/// Everything, in rounds of this node and the baseline.
pub(crate) fn run() {
    let home = tempfile::tempdir().unwrap();
    let short = home.path().join("short");
    stored::store(&short, SHORT, 1, 300);
    let one = RunningNode::start(&short, &[]);
    let copy = home.path().join("copy");
    stored::store(&copy, SHORT, 1, 300);
    let two = RunningNode::start(&copy, &[]);
    let mut rounds: Vec<Round> = Vec::new();
    for _ in 0..ROUNDS {
        let sled = baseline::sled_alone(1_000, SHORT);
        let single = catch_up(&[&one], &[], SHORT);
        let double = catch_up(&[&one, &two], &[], SHORT);
        let stall = stalled::start(SHORT, Work::from_bytes(work_of(SHORT)));
        let hindered = catch_up(&[&one], &[&stall], SHORT);
        rounds.push(Round { sled, single, double, hindered });
    }
    compare("catch-up, 100,000 blocks, blocks/s : sled alone", ">= 0.5", &rounds, |round| {
        (round.single.blocks_per_second, round.sled)
    });
    compare("two peers ahead, blocks/s : one", ">= 1", &rounds, |round| {
        (round.double.blocks_per_second, round.single.blocks_per_second)
    });
    compare("one of two peers stalled, blocks/s : one", ">= 0.8", &rounds, |round| {
        (round.hindered.blocks_per_second, round.single.blocks_per_second)
    });
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    say("resident at most, fresh node, MiB", of(|round| round.single.fresh), "< 200");
    say("resident at most, node ahead, MiB", of(|round| round.single.ahead), "< 200");
    let (sled, speed) = (of(|round| round.sled), of(|round| round.single.blocks_per_second));
    one.stop();
    two.stop();
    latency(home.path());
    large(home.path());
    long(home.path(), speed, sled);
}

/// Prints the round of the median ratio, and the smallest and the largest one.
fn compare(name: &str, wanted: &str, rounds: &[Round], rates: impl Fn(&Round) -> (f64, f64)) {
    let mut pairs: Vec<_> = rounds.iter().map(rates).collect();
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (ours, baseline) = pairs[ROUNDS / 2];
    row(name, ours, baseline, wanted);
    let ratio = |which: usize| pairs[which].0 / pairs[which].1;
    println!("    {ROUNDS} rounds, ratios {:.2} to {:.2}", ratio(0), ratio(ROUNDS - 1));
}

/// Work of this many `dev` blocks, genesis with them: two each.
fn work_of(blocks: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&(2 * (blocks + 1)).to_be_bytes());
    bytes
}

fn long(home: &Path, short_speed: f64, short_sled: f64) {
    let sled = baseline::sled_alone(1_000, LONG);
    let data = home.join("long");
    stored::store(&data, LONG, 1, 300);
    let ahead = RunningNode::start(&data, &[]);
    let done = catch_up(&[&ahead], &[], LONG);
    let speed = done.blocks_per_second;
    row("sled alone, 1,000,000 blocks, blocks/s : 100,000", sled, short_sled, "");
    row("catch-up, 1,000,000 blocks, blocks/s : sled alone", speed, sled, ">= 0.5");
    row("catch-up, 1,000,000 blocks, blocks/s : 100,000", speed, short_speed, ">= 0.75");
    say("resident at most, fresh node, MiB", done.fresh, "< 200");
    say("resident at most, node ahead, MiB", done.ahead, "< 200");
    ahead.stop();
}

fn large(home: &Path) {
    let data = home.join("large");
    stored::store(&data, LARGE, 16, 65_536);
    let started = Instant::now();
    stored::store(&home.join("again"), LARGE, 16, 65_536);
    let alone = LARGE as f64 / started.elapsed().as_secs_f64();
    let bare = baseline::sled_chunks(LARGE);
    let ahead = RunningNode::start(&data, &[]);
    let done = catch_up(&[&ahead], &[], LARGE);
    row("catch-up, blocks of 1 MiB, MiB/s : sled alone", done.blocks_per_second, bare, ">= 0.5");
    row("the same : mined and stored without a node", done.blocks_per_second, alone, "");
    say("resident at most, fresh node, MiB", done.fresh, "");
    say("resident at most, node ahead, MiB", done.ahead, "");
    ahead.stop();
}

/// Catches a fresh node up with running ones, beside other peers.
fn catch_up(ahead: &[&RunningNode], others: &[&str], blocks: u64) -> CatchUp {
    let home = tempfile::tempdir().unwrap();
    let mut arguments = vec!["--chain", "dev"];
    for url in ahead.iter().map(|node| node.p2p.as_str()).chain(others.iter().copied()) {
        arguments.extend(["--peer", url]);
    }
    let fresh = RunningNode::start(&home.path().join("data"), &arguments);
    let started = Instant::now();
    let mut client = Client::connect(&fresh);
    let mut max = 0.0_f64;
    while client.height() < blocks {
        assert!(started.elapsed() < Duration::from_secs(600), "at {}", client.height());
        max = ahead.iter().map(|node| node.resident_mib()).fold(max, f64::max);
        std::thread::sleep(Duration::from_millis(10));
    }
    let blocks_per_second = blocks as f64 / started.elapsed().as_secs_f64();
    let done = CatchUp { blocks_per_second, fresh: fresh.peak_mib(), ahead: max };
    fresh.stop();
    done
}

/// From the request for a block to the moment that a peer has it on disk.
fn latency(home: &Path) {
    let miner = RunningNode::start(&home.join("miner"), &["--chain", "dev"]);
    let arguments = ["--chain", "dev", "--peer", &miner.p2p];
    let peer = RunningNode::start(&home.join("peer"), &arguments);
    let (mut poster, mut reader) = (Client::connect(&miner), Client::connect(&peer));
    let (mut from_request, mut from_answer) = (Vec::new(), Vec::new());
    for number in 1..=TIMED {
        let started = Instant::now();
        poster.send_record(number);
        poster.receive_ok();
        let answered = Instant::now();
        while reader.height() < number {
            assert!(started.elapsed() < Duration::from_secs(60), "block {number} did not come");
        }
        if number > 10 {
            from_request.push(started.elapsed().as_secs_f64() * 1e3);
            from_answer.push(answered.elapsed().as_secs_f64() * 1e3);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    say("a mined block on a peer's disk, after the request, ms", median(from_request), "");
    say("the same, after the answer, ms", median(from_answer), "< 3");
    peer.stop();
    miner.stop();
}
