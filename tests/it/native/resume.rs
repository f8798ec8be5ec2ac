//! kill -9 while a node catches up, over and over: it goes on where it was.
//!
//! 5 kills on a chain of 60,000 blocks by default; `JENNY_TEST_NATIVE_KILLS` and
//! `JENNY_TEST_NATIVE_BLOCKS` ask for more.

use std::time::{Duration, Instant};

use jenny_chain::chain::Spec;
use serde_json::Value;

use super::{RECORD, checking, setting, store};
use crate::crash::Random;
use crate::proxy::Cable;
use crate::seed::{Branch, PeerNode, Settings};

/// Kills without the variable.
const DEFAULT_KILLS: u64 = 5;

/// Blocks without the variable.
const DEFAULT_BLOCKS: u64 = 60_000;

/// From this many blocks for each kill on, little may be fetched twice.
const LONG: u64 = 30_000;

/// Longest until the height moves.
const STUCK: Duration = Duration::from_secs(60);

/// Bytes of a header on the wire.
const HEADER: u64 = 132;

/// Bytes of a body on the wire: its record, with two lengths and a count.
const BODY: u64 = RECORD as u64 + 5;

#[test]
fn a_node_killed_while_it_catches_up_goes_on_where_it_was() {
    let kills = setting("JENNY_TEST_NATIVE_KILLS", DEFAULT_KILLS);
    let blocks = setting("JENNY_TEST_NATIVE_BLOCKS", DEFAULT_BLOCKS);
    let seed = setting("JENNY_TEST_SEED", u64::from(std::process::id()));
    println!("{kills} kills, {blocks} blocks, JENNY_TEST_SEED={seed}");
    let mut random = Random::new(seed);
    let directory = tempfile::tempdir().unwrap();
    store(directory.path(), blocks);
    let serving = PeerNode::over(directory, Settings { max_dialled: 0, ..Settings::default() });
    let tip = serving.tip();
    let cable = Cable::new();
    cable.lead_to(serving.address());
    let flags = format!("--peer {}", cable.url());
    let settings = Settings { flags, max_dialled: 1, ..Settings::default() };
    let started = Instant::now();
    let mut node = PeerNode::set_up(&Branch::new(Spec::dev()), settings);

    let (mut height, mut starts) = (0, Vec::new());
    for kill in 0..kills {
        // Anywhere in what is left, so that all of them come before the end.
        let to = height + 1 + random.below(2 * (blocks - height) / (kills - kill + 1));
        let held = height;
        height = reach(&node, to, height);
        assert!(height < blocks, "kill {kill} of {kills} comes too late");
        std::thread::sleep(random.delay(Duration::from_millis(5)));
        assert_eq!(resumes_from(&node), held);
        starts.push(held);
        node.kill();
        node.restart();
        let held = node.height();
        assert!(held >= height, "{height} was served, and {held} is held after kill {kill}");
        height = held;
    }
    starts.push(height);
    assert_eq!(reach(&node, blocks, height), blocks);
    assert_eq!(resumes_from(&node), height);
    assert_eq!(node.tip(), tip);

    // What came over the cable, received by then or not.
    let (headers, bodies) = cable.brought();
    let twice = (headers / HEADER).saturating_sub(blocks);
    println!(
        "{blocks} blocks in {:?}, from heights {starts:?}: {twice} headers came twice",
        started.elapsed()
    );
    let twice = (bodies / BODY).saturating_sub(blocks);
    println!("{twice} bodies came twice, {} of 1,000", 1_000 * twice / blocks);
    if blocks / kills.max(1) >= LONG {
        assert!(twice * 20 < blocks, "more than 5 % was fetched twice");
    }
    let log = [node.process().log(), serving.process().log()].concat();
    assert!(!log.contains("broke the protocol") && !log.contains("panicked"), "{log}");
    node.stop_and_verify_within(checking(blocks));
    serving.stop_and_verify_within(checking(blocks));
}

/// Waits until the node is so high; the height never falls. Answers it.
fn reach(node: &PeerNode, to: u64, mut last: u64) -> u64 {
    let mut moved = Instant::now();
    while last < to {
        let status: Value = node.status();
        let height = status["tip"]["height"].as_u64().unwrap();
        assert!(height >= last, "{height} after {last}");
        if height > last {
            (last, moved) = (height, Instant::now());
        }
        assert!(moved.elapsed() < STUCK, "{status}\n{}", node.process().log());
        std::thread::park_timeout(Duration::from_millis(2));
    }
    last
}

/// The height above which this run says that it goes on.
fn resumes_from(node: &PeerNode) -> u64 {
    let log = node.process().log();
    let line = log.lines().find(|line| line.contains("resuming above what is held"));
    let line = line.unwrap_or_else(|| panic!("never said where it goes on: {log}"));
    let height = line.split(' ').find_map(|word| word.strip_prefix("height="));
    height.unwrap_or_else(|| panic!("no height: {line}")).parse().unwrap()
}
