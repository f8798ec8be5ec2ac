//! Speed over links of the JSON dialect: catching up, mining with a peer beside, and a block's way to a peer.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::client::Client;
use crate::node::RunningNode;
use crate::{CLIENTS, post};

/// Blocks of a round of mining.
const ROUND: u64 = 20_000;
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
    let mut most = before;
    while client.height() < blocks {
        assert!(started.elapsed() < Duration::from_secs(300), "at {}", client.height());
        most = most.max(ahead.resident_mib());
        std::thread::sleep(Duration::from_millis(50));
    }
    let rate = blocks as f64 / started.elapsed().as_secs_f64();
    say("catching up over JSON, blocks/s", rate, ">= 10000");
    say("resident at most while catching up, MiB", fresh.peak_mib(), "< 200");
    say("resident at most of the one ahead, MiB", most, "< 200");
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

/// What mining came to, in blocks per second.
struct Mined {
    rate: f64,
    /// For each second of processor time of the miner.
    of_miner: f64,
    /// For each second of processor time of the miner and its peer.
    of_both: f64,
}

/// Mines without a peer and with one that keeps up. Where processors are fewer than the
/// client, the node and its peer together keep busy, the plain ratio says how they share them;
/// what the link costs the miner shows per second of processor time.
pub(crate) fn mining() {
    for (name, clients, blocks) in [("1 client", 1, 3_000), ("32 clients", CLIENTS, ROUND)] {
        let mut rounds = Vec::new();
        for _ in 0..3 {
            let alone = mine(clients, blocks, false);
            rounds.push((mine(clients, blocks, true), alone));
        }
        let ratio = |(with, alone): &(Mined, Mined)| with.rate / alone.rate;
        rounds.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
        let (with, alone) = &rounds[1];
        let say = |what: &str, with: f64, alone: f64, wanted: &str| {
            crate::row(&format!("mineBlock with a peer, {name}, {what}"), with, alone, wanted);
        };
        say("blocks/s", with.rate, alone.rate, ">= 0.8");
        say("/CPU s of the miner", with.of_miner, alone.of_miner, "");
        say("/CPU s of both", with.of_both, alone.of_both, "");
    }
}

fn mine(clients: usize, blocks: u64, with_peer: bool) -> Mined {
    let home = tempfile::tempdir().unwrap();
    let miner = RunningNode::start(&home.path().join("miner"), &["--chain", "dev"]);
    let arguments = ["--chain", "dev", "--peer", &miner.p2p];
    let peer = with_peer.then(|| RunningNode::start_json(&home.path().join("peer"), &arguments));
    let before = miner.cpu_seconds();
    let rate = post(&miner, clients, blocks);
    let mut of_both = 0.0;
    if let Some(peer) = peer {
        let ended = Instant::now();
        let mut client = Client::connect(&peer);
        while client.height() < blocks {
            assert!(ended.elapsed() < Duration::from_secs(60), "at {}", client.height());
            std::thread::sleep(Duration::from_millis(1));
        }
        let behind = ended.elapsed().as_secs_f64();
        println!("    the peer was there {behind:.3} s after the last answer");
        of_both += peer.cpu_seconds();
        peer.stop();
    }
    let of_miner = miner.cpu_seconds() - before;
    of_both += of_miner;
    miner.stop();
    let blocks = blocks as f64;
    Mined { rate, of_miner: blocks / of_miner, of_both: blocks / of_both }
}

/// Times mined blocks from the request, and from its answer, to a peer.
pub(crate) fn latency() {
    let home = tempfile::tempdir().unwrap();
    let miner = RunningNode::start(&home.path().join("data"), &["--chain", "dev"]);
    let mut poster = Client::connect(&miner);
    let stream = TcpStream::connect(miner.p2p.trim_start_matches("ws://")).unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut peer, _) = client(miner.p2p.as_str(), stream).unwrap();
    poster.send_record(0);
    poster.receive_ok();
    peer.send(Message::text(r#"{"type":0,"payload":{}}"#)).unwrap();
    let mut tip = String::new();
    let (mut from_request, mut from_answer) = (Vec::new(), Vec::new());
    // The first one may take the way of a peer that is behind.
    for number in 1..=TIMED as u64 {
        let started = Instant::now();
        poster.send_record(number);
        poster.receive_ok();
        let answered = Instant::now();
        let wanted = format!("\"height\":{},", number + 1);
        while !tip.contains(&wanted) {
            receive(&mut peer, &mut tip);
        }
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

/// Takes one message, and answers as a peer that holds what it was sent.
fn receive(peer: &mut WebSocket<TcpStream>, tip: &mut String) {
    let Message::Text(text) = peer.read().unwrap() else { return };
    if text.starts_with(r#"{"type":1"#) {
        text.as_str().clone_into(tip);
    } else if text.starts_with(r#"{"type":0"#) && !tip.is_empty() {
        peer.send(Message::text(tip.clone())).unwrap();
    }
}

fn say(name: &str, value: f64, wanted: &str) {
    println!("{name:<44} {value:>12.2} {:>12} {:>7}  {wanted}", "", "");
}
