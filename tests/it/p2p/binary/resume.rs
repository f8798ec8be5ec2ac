//! kill -9 while a node catches up, over and over: it goes on where it was.
//!
//! 5 kills on a chain of 60,000 blocks by default; `JENNY_TEST_SYNC_KILLS` and
//! `JENNY_TEST_SYNC_BLOCKS` ask for more.

use std::time::{Duration, Instant};

use jenny_chain::chain::Spec;
use serde_json::Value;

use super::{RECORD, checking, setting, store};
use crate::process::until;
use crate::process::{Branch, PeerNode, Settings};
use crate::support::proxy::Cable;
use crate::support::random::Random;

/// Kills without the variable.
const DEFAULT_KILLS: u64 = 5;

/// Blocks without the variable.
const DEFAULT_BLOCKS: u64 = 60_000;

/// From this many blocks for each kill on, little may be fetched twice.
const LONG: u64 = 30_000;

/// More blocks than the cable passes on at a time: as many as it may let through beyond its limit.
const PIECE: u64 = 256;

/// Longest until the height moves, or bytes come.
const STUCK: Duration = Duration::from_secs(60);

/// Bytes of a header on the wire.
const HEADER: u64 = 132;

/// Bytes of a body on the wire: its record, with two lengths and a count.
const BODY: u64 = RECORD as u64 + 5;

#[test]
fn a_node_killed_while_it_catches_up_goes_on_where_it_was() {
    let kills = setting("JENNY_TEST_SYNC_KILLS", DEFAULT_KILLS);
    let blocks = setting("JENNY_TEST_SYNC_BLOCKS", DEFAULT_BLOCKS);
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
    // Anywhere in what is left. The cable brings no more than that before the kill, so that all
    // kills come before the end, however slow this test is.
    let mut brings = |kill: u64, height: u64| {
        let left = (blocks - height).checked_sub(PIECE * (kills - kill));
        let left = left.expect("too few blocks for so many kills");
        cable.hold_after(BODY * (1 + random.within(0, 2 * left / (kills - kill + 1))));
        random.delay(Duration::from_millis(5))
    };
    let (mut height, mut starts) = (0, Vec::new());
    let mut delay = brings(0, height);
    let mut node = PeerNode::set_up(&Branch::new(Spec::dev()), settings);
    for kill in 0..kills {
        let held = height;
        bring(&cable);
        until("it says where it goes on", || resumes_from(&node).is_some());
        assert_eq!(resumes_from(&node), Some(held));
        height = node.height();
        assert!(height >= held, "{height} after {held}");
        assert!(height < blocks, "kill {kill} of {kills} comes too late");
        std::thread::sleep(delay);
        starts.push(held);
        node.kill();
        // What is under way is lost with the connection, and nothing comes over the next one
        // until the height is known.
        cable.cut();
        cable.restore();
        node.restart();
        let held = node.height();
        assert!(held >= height, "{height} was served, and {held} is held after kill {kill}");
        height = held;
        if kill + 1 < kills {
            delay = brings(kill + 1, height);
        } else {
            cable.hold_nothing();
        }
    }
    starts.push(height);
    assert_eq!(reach(&node, blocks, height), blocks);
    assert_eq!(resumes_from(&node), Some(height));
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

/// Waits until the cable has brought what it may.
fn bring(cable: &Cable) {
    let (mut brought, mut moved) = (cable.brought(), Instant::now());
    while !cable.is_holding() {
        let now = cable.brought();
        if now != brought {
            (brought, moved) = (now, Instant::now());
        }
        assert!(moved.elapsed() < STUCK, "{brought:?} bytes came");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// Waits until the node is at this height; the height never falls. Returns it.
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
/// `None` before it says so.
fn resumes_from(node: &PeerNode) -> Option<u64> {
    let log = node.process().log();
    let mut lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let line = lines.find(|line| line.contains("resuming above the stored blocks"))?;
    let height = line.split_whitespace().find_map(|word| word.strip_prefix("height="));
    Some(height.unwrap_or_else(|| panic!("no height: {line}")).parse().unwrap())
}
