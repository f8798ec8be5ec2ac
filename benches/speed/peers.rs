//! Speed over links of the JSON dialect: catching up, mining with a peer beside, and a block's way to a peer.

use std::net::TcpStream;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::client::Client;
use crate::node::RunningNode;
use crate::{CLIENTS, post, say};

/// Blocks of a round of mining.
const ROUND: u64 = 40_000;
/// Times that mining alone and with a peer are compared: a comparison varies by a tenth.
const PAIRS: usize = 7;
/// Blocks whose way to a peer is timed.
const TIMED: usize = 500;

/// Catches a fresh node up with a running one.
pub(crate) fn sync(ahead: &RunningNode, blocks: u64) {
    let home = tempfile::tempdir().unwrap();
    let before = ahead.resident_mib();
    let started = Instant::now();
    let arguments = ["--chain", "dev", "--peer", &ahead.p2p];
    let fresh = RunningNode::start_json(&home.path().join("data"), &arguments);
    let mut client = Client::connect(&fresh);
    let mut max = before;
    while client.height() < blocks {
        assert!(started.elapsed() < Duration::from_secs(300), "at {}", client.height());
        max = max.max(ahead.resident_mib());
        std::thread::sleep(Duration::from_millis(50));
    }
    let rate = blocks as f64 / started.elapsed().as_secs_f64();
    say("catching up over JSON, blocks/s", rate, ">= 10000");
    say("resident at most while catching up, MiB", fresh.peak_mib(), "< 200");
    say("resident at most of the one ahead, MiB", max, "< 200");
    fresh.stop();
}

/// As [`sync`], with a chain of its own.
pub(crate) fn sync_alone(blocks: u64) {
    let home = tempfile::tempdir().unwrap();
    let ahead = RunningNode::start(&home.path().join("data"), &["--chain", "dev"]);
    post(&ahead, CLIENTS, blocks);
    sync(&ahead, blocks);
    ahead.stop();
}

/// Who follows the miner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Peer {
    None,
    /// A client that takes every block and says so, as a node on a machine of its own costs the
    /// miner.
    Client,
    /// A second node on this machine.
    Node,
}

/// What mining came to, in blocks per second.
struct Mined {
    rate: f64,
    /// For each second of processor time of the miner.
    of_miner: f64,
    /// Seconds from the last answer until the peer had the block.
    behind: f64,
}

/// Mines without a peer and with one that keeps up. A node on the same machine shares its
/// processors with the client and the miner; what the link alone costs shows with a peer that
/// only reads, and per second of the miner's processor time.
pub(crate) fn mining() {
    for (name, clients, blocks) in [("1 client", 1, 3_000), ("32 clients", CLIENTS, ROUND)] {
        let mut rounds = Vec::new();
        for _ in 0..PAIRS {
            let [alone, client, node] =
                [Peer::None, Peer::Client, Peer::Node].map(|peer| mine(clients, blocks, peer));
            rounds.push((alone, client, node));
        }
        let with_client = rounds.iter().map(|(alone, client, _)| (client, alone)).collect();
        compare(&format!("mineBlock, peer that reads, {name}"), with_client);
        let with_node = rounds.iter().map(|(alone, _, node)| (node, alone)).collect();
        compare(&format!("mineBlock, node as peer, {name}"), with_node);
    }
}

/// Prints the pair of the median ratio.
fn compare(name: &str, mut pairs: Vec<(&Mined, &Mined)>) {
    let ratio = |(with, alone): &(&Mined, &Mined)| with.rate / alone.rate;
    pairs.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let (with, alone) = pairs[PAIRS / 2];
    crate::row(&format!("{name}, blocks/s"), with.rate, alone.rate, ">= 0.8");
    crate::row(&format!("{name}, /CPU s"), with.of_miner, alone.of_miner, "");
    let behind = pairs.iter().map(|(with, _)| with.behind).fold(0.0, f64::max);
    let (least, max) = (ratio(&pairs[0]), ratio(&pairs[PAIRS - 1]));
    println!("    {PAIRS} pairs, ratios {least:.2} to {max:.2}; at most {behind:.3} s behind");
}

fn mine(clients: usize, blocks: u64, peer: Peer) -> Mined {
    let home = tempfile::tempdir().unwrap();
    let miner = RunningNode::start(&home.path().join("miner"), &["--chain", "dev"]);
    let arguments = ["--chain", "dev", "--peer", &miner.p2p];
    let node = (peer == Peer::Node)
        .then(|| RunningNode::start_json(&home.path().join("peer"), &arguments));
    let client = (peer == Peer::Client).then(|| follow(&miner, blocks));
    let before = miner.cpu_seconds();
    let rate = post(&miner, clients, blocks);
    let of_miner = blocks as f64 / (miner.cpu_seconds() - before);
    let ended = Instant::now();
    if let Some(node) = node {
        let mut client = Client::connect(&node);
        while client.height() < blocks {
            assert!(ended.elapsed() < Duration::from_secs(60), "at {}", client.height());
            std::thread::sleep(Duration::from_millis(1));
        }
        node.stop();
    }
    if let Some(client) = client {
        client.join().unwrap();
    }
    let behind = ended.elapsed().as_secs_f64();
    miner.stop();
    Mined { rate, of_miner, behind }
}

/// A peer of the miner that reads every block until it was sent the last one.
fn follow(miner: &RunningNode, blocks: u64) -> JoinHandle<()> {
    let mut reader = Reader::connect(miner);
    std::thread::spawn(move || reader.read_until(blocks))
}

/// A client of the JSON dialect that responds as a peer that holds what it was sent.
struct Reader {
    socket: WebSocket<TcpStream>,
    /// The last block, as the message that brought it.
    tip: String,
    /// Whether a question came before the first block did.
    owes_answer: bool,
}

impl Reader {
    fn connect(miner: &RunningNode) -> Self {
        let stream = TcpStream::connect(miner.p2p.trim_start_matches("ws://")).unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut socket, _) = client(miner.p2p.as_str(), stream).unwrap();
        socket.send(Message::text(r#"{"type":0,"payload":{}}"#)).unwrap();
        Self { socket, tip: String::new(), owes_answer: false }
    }

    fn read_until(&mut self, height: u64) {
        let wanted = format!("\"height\":{height},");
        while !self.tip.contains(&wanted) {
            let Message::Text(text) = self.socket.read().unwrap() else { continue };
            if text.starts_with(r#"{"type":1"#) {
                text.as_str().clone_into(&mut self.tip);
            } else {
                self.owes_answer = true;
            }
            if self.owes_answer && !self.tip.is_empty() {
                self.socket.send(Message::text(self.tip.clone())).unwrap();
                self.owes_answer = false;
            }
        }
    }
}

/// Times mined blocks from the request, and from its answer, to a peer.
pub(crate) fn latency() {
    let home = tempfile::tempdir().unwrap();
    let miner = RunningNode::start(&home.path().join("data"), &["--chain", "dev"]);
    let mut poster = Client::connect(&miner);
    poster.send_record(0);
    poster.receive_ok();
    let mut peer = Reader::connect(&miner);
    let (mut from_request, mut from_answer) = (Vec::new(), Vec::new());
    // The first one may take the way of a peer that is behind.
    for number in 1..=TIMED as u64 {
        let started = Instant::now();
        poster.send_record(number);
        poster.receive_ok();
        let answered = Instant::now();
        peer.read_until(number + 1);
        if number > 10 {
            from_request.push(started.elapsed());
            from_answer.push(answered.elapsed());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    for (name, mut times, wanted) in [
        ("a mined block at a peer, after the request, ms", from_request, ""),
        ("the same, after the answer, ms", from_answer, "< 3"),
    ] {
        times.sort();
        say(name, times[times.len() / 2].as_secs_f64() * 1e3, wanted);
    }
    miner.stop();
}
