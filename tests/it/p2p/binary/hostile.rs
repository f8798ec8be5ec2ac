//! Three hostile kinds at once and one honest peer: a source that drips headers, links that claim
//! work and drip a worthless branch, and links in JSON whose upgrade ends in bare line feeds and that
//! announce messages which they never end. The node catches up all the same.
//!
//! 20,000 blocks by default. `JENNY_TEST_HOSTILE_BLOCKS=200000` is the long form: it also asserts the
//! pace against an undisturbed run, the resident memory and the times of REST answers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jenny_chain::chain::{Header, Height, Spec};
use jenny_chain::sync::message::{Hello, Message};

use super::flood::private;
use super::{checking, scripted, setting, store};
use crate::p2p::abuse::watch::{Rest, peak};
use crate::process::until_within;
use crate::process::{Branch, PeerNode, Settings};
use crate::support::binary::{BinarySocket, genesis, hello};

/// Blocks without the variable.
const DEFAULT_BLOCKS: u64 = 20_000;

/// From this many blocks on, times and memory are asserted.
const LONG: u64 = 200_000;

/// Pause between two headers of a dripping source.
const DRIP: Duration = Duration::from_millis(1_800);

/// Links of each kind: they claim work, and they send bombs.
const CLAIMANTS: u64 = 3;
const BOMBS: u64 = 6;

/// Most memory that the node may take in the long form.
const MEMORY: u64 = 250 << 20;

/// Longest that 99 of 100 REST answers may take in the long form.
const REST: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hostile_kinds_at_once_do_not_keep_a_node_from_one_honest_peer() {
    let blocks = setting("JENNY_TEST_HOSTILE_BLOCKS", DEFAULT_BLOCKS);
    let directory = tempfile::tempdir().unwrap();
    store(directory.path(), blocks);
    let honest = PeerNode::over(directory, Settings { max_dialled: 0, ..Settings::default() });
    let (tip, time) = (honest.tip(), checking(blocks) * 3);

    let undisturbed = fresh();
    let base = catch_up(&undisturbed, &honest, &tip, time);
    undisturbed.stop_and_verify_within(time);

    let node = fresh();
    let hostile = Hostile::begin(&node, &honest).await;
    let rest = Rest::watch(&node);
    let took = catch_up(&node, &honest, &tip, time);
    let answers = rest.times();
    let p99 = answers[answers.len() * 99 / 100];
    let memory = peak(node.process().id());
    println!(
        "{blocks} blocks: {base:?} undisturbed, {took:?} beside {} hostile links; {} MiB at most; REST answers: 99 % within {p99:?}",
        1 + CLAIMANTS + BOMBS,
        memory >> 20
    );
    hostile.end();
    let links = node.process().get("/v1/peers").1;
    assert!(links.contains("\"dialled\""), "the honest link is gone: {links}");
    let log = node.process().log();
    assert!(!log.contains("internal error: "), "{log}");
    if blocks >= LONG {
        assert!(took < base * 3, "{took:?} is more than three times {base:?}");
        assert!(memory < MEMORY, "{memory} bytes");
        assert!(p99 < REST, "{p99:?}");
    }
    node.stop_and_verify_within(time);
    honest.stop_and_verify_within(time);
}

/// A node without blocks.
fn fresh() -> PeerNode {
    PeerNode::set_up(&Branch::new(Spec::dev()), Settings::default())
}

/// Links the honest peer; returns the time until the node has its tip.
fn catch_up(node: &PeerNode, honest: &PeerNode, tip: &str, time: Duration) -> Duration {
    let started = Instant::now();
    node.try_dial(&honest.url).unwrap();
    until_within(time, "the node has the honest tip", || node.tip() == tip);
    started.elapsed()
}

/// The hostile links, until they are ended.
struct Hostile {
    stop: Arc<AtomicBool>,
    bombs: Vec<std::thread::JoinHandle<()>>,
    links: Vec<tokio::task::JoinHandle<()>>,
}

impl Hostile {
    async fn begin(node: &PeerNode, honest: &PeerNode) -> Self {
        let address = node.address().parse().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let mut links = Vec::new();
        // The first headers of the honest chain are all that a dripping source needs.
        let (mut source, _) = BinarySocket::ready(honest.address().parse().unwrap()).await;
        let locator = vec![(Height::GENESIS, genesis())];
        source.say(&Message::GetHeaders { locator, stop: None }).await;
        let headers = source
            .until(|message| match message {
                Message::Headers(headers) => Some(headers),
                _ => None,
            })
            .await;
        let mut headers = headers.into_iter();
        links.push(tokio::spawn(drip(BinarySocket::connect(address).await, 1_000, move || {
            headers.next()
        })));
        for number in 0..CLAIMANTS {
            let mut branch = private(&format!("worthless {number}"));
            let peer = BinarySocket::connect(address).await;
            links.push(tokio::spawn(drip(peer, 2_000 + number, move || branch.next())));
        }
        let bombs = (0..BOMBS).map(|_| {
            let (stop, address) = (Arc::clone(&stop), node.address().to_owned());
            std::thread::spawn(move || bomb(&address, &stop))
        });
        Self { bombs: bombs.collect(), stop, links }
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.links.iter().for_each(tokio::task::JoinHandle::abort);
        for bomb in self.bombs {
            bomb.join().unwrap();
        }
    }
}

/// Claims giant work, shows one header at a time and sends no body, until the node hangs up.
async fn drip(
    mut peer: BinarySocket,
    nonce: u64,
    mut next: impl FnMut() -> Option<Header> + Send + 'static,
) {
    let height = Height::new(1_000_000_000);
    peer.say(&Message::Hello(Hello { nonce, height, work: scripted::giant(), ..hello() })).await;
    while let Ok(message) = peer.heard().await {
        if matches!(message, Message::GetHeaders { .. }) {
            tokio::time::sleep(DRIP).await;
            let answer = Message::Headers(next().into_iter().collect());
            if peer.try_say(&answer).await.is_err() {
                return;
            }
        }
    }
}

/// Announces a long message in JSON after an upgrade in bare line feeds, sends a part of it at
/// once and the rest in drops; begins again when the node hangs up.
fn bomb(address: &str, stop: &AtomicBool) {
    const LENGTH: u64 = 48 << 20;
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut stream) = TcpStream::connect(address) else { return };
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        let head = [
            "GET / HTTP/1.1",
            &format!("Host: {address}"),
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            "\n",
        ]
        .join("\n");
        let mut bytes = head.into_bytes();
        // A final text frame, masked with zeros.
        bytes.extend([0x81, 0x80 | 127]);
        bytes.extend(LENGTH.to_be_bytes());
        bytes.extend([0; 4]);
        bytes.extend(br#"{"type":2,"payload":["#);
        bytes.resize(bytes.len() + (2 << 20), b' ');
        if stream.write_all(&bytes).is_err() {
            continue;
        }
        let mut reply = [0; 4 << 10];
        while !stop.load(Ordering::Relaxed) {
            std::thread::park_timeout(Duration::from_millis(100));
            if stream.write_all(&[b' '; 4 << 10]).is_err()
                || matches!(stream.read(&mut reply), Ok(0))
            {
                break;
            }
        }
    }
}
