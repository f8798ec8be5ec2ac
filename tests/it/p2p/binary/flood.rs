//! A peer that claims giant work and shows one valid header after the other, all in vain.
//!
//! 60,000 headers by default; `JENNY_TEST_FLOOD_HEADERS` asks for more. From 1,000,000 on, memory and
//! the times of REST answers are asserted too.

use std::path::Path;

use jenny_chain::chain::test_util::Headers;
use jenny_chain::chain::{HEADER_BYTES, Spec, TipState};
use jenny_chain::sync::message::{Hello, MAX_HEADERS, Message};

use super::{checking, scripted, setting, store};
use crate::p2p::abuse::watch::{Rest, assert_quick, resident};
use crate::process::until_within;
use crate::process::{PeerNode, Settings};
use crate::support::binary::{BinarySocket, hello};

/// Headers without the variable.
const DEFAULT_HEADERS: u64 = 60_000;

/// From this many headers on, memory and times are asserted.
const LONG: u64 = 1_000_000;

/// By how much longer the node's chain is.
const LONGER: u64 = 1_000;

/// Headers of the flood before the one that is measured.
const WARM_UP: u64 = 20_000;

/// Bytes by which the engine's file grows at least.
const SEGMENT_BYTES: u64 = 2 << 20;

/// How much more memory the flood may cost, in bytes.
const MORE: u64 = 5 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_valid_headers_costs_neither_disk_nor_a_ban() {
    let headers = setting("JENNY_TEST_FLOOD_HEADERS", DEFAULT_HEADERS);
    let directory = tempfile::tempdir().unwrap();
    store(directory.path(), headers + LONGER);
    let node = PeerNode::over(directory, Settings { max_dialled: 0, ..Settings::default() });
    let time = checking(headers + LONGER);
    until_within(time, "the chain is checked", || node.status()["check"]["state"] == "done");
    until_within(time, "the chain is indexed", || node.status()["index"]["lag"] == 0);
    let rest = Rest::watch(&node);
    let (id, data) = (node.process().id(), node.data());
    let tip = node.tip();

    flood(&node, WARM_UP.min(headers), "warm-up").await;
    let before = (resident(id), bytes_in(&data));
    flood(&node, headers, "flood").await;
    let after = (resident(id), bytes_in(&data));

    let slowest = rest.end();
    println!(
        "{headers} headers: resident {} KiB before, {} KiB after; on disk {} bytes before, {} after; REST answered in {slowest:?} at most",
        before.0 >> 10,
        after.0 >> 10,
        before.1,
        after.1
    );
    if headers >= LONG {
        assert!(after.0 < before.0 + MORE, "the memory grew");
        assert_quick(slowest);
    }
    // The address book writes a little, for which the engine may complete a segment of its file;
    // stored headers would be far more.
    let grown = after.1.saturating_sub(before.1);
    let max = SEGMENT_BYTES + headers * HEADER_BYTES as u64 / 8;
    assert!(grown < max, "{grown} bytes were stored");
    assert_eq!((node.tip(), node.reorgs()), (tip, 0));
    assert_eq!(node.process().get("/v1/bans"), (200, "[]".to_owned()));
    let log = node.process().log();
    assert!(!log.contains("broke the protocol") && !log.contains("panicked"), "{log}");
    node.stop_and_verify_within(time);
}

/// Links, claims giant work, and shows this many headers of a branch of its own, as they are
/// asked for; returns when the node has taken the last one. The link stays until then.
async fn flood(node: &PeerNode, count: u64, name: &str) {
    let mut branch = private(name);
    let mut peer = BinarySocket::connect(node.address().parse().unwrap()).await;
    let height = jenny_chain::chain::Height::new(count);
    let nonce = count;
    peer.say(&Message::Hello(Hello { nonce, height, work: scripted::giant(), ..hello() })).await;
    while branch.tip.height().get() < count {
        let after = branch.tip.hash();
        peer.until(|message| match message {
            Message::GetHeaders { locator, .. } => {
                // It goes on where the last answer ended.
                let goes_on = branch.tip.height().get() == 0 || locator[0].1 == after;
                assert!(goes_on, "asked from {} at {}", locator[0].0, branch.tip.height().get());
                Some(())
            }
            _ => None,
        })
        .await;
        let max = (count - branch.tip.height().get()).min(MAX_HEADERS as u64);
        let headers = branch.by_ref().take(usize::try_from(max).unwrap()).collect();
        peer.say(&Message::Headers(headers)).await;
    }
    // What a full last answer leaves open is asked for once more, and there is nothing.
    if count.is_multiple_of(MAX_HEADERS as u64) {
        peer.until(|message| matches!(message, Message::GetHeaders { .. }).then_some(())).await;
        peer.say(&Message::Headers(Vec::new())).await;
    }
    // Messages are taken in order: when this one is answered, the headers were checked.
    peer.say(&Message::GetPeers).await;
    peer.until(|message| matches!(message, Message::Peers(_)).then_some(())).await;
}

/// A branch that is made as it is shown.
pub(super) fn private(name: &str) -> Headers {
    Headers::above(&Spec::dev(), TipState::genesis(&Spec::dev()), vec![name.to_owned()], 1)
}

fn bytes_in(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(it) if it.is_dir() => bytes_in(&entry.path()),
        Ok(it) => it.len(),
        // Gone since it was listed.
        Err(_) => 0,
    });
    bytes.sum()
}
