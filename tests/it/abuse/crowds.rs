//! Many connections at once, and those that do nothing or too little.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::MORE;
use super::raw::{End, Raw};
use super::watch::resident;
use crate::process::PATIENCE;
use crate::seed::PeerNode;

/// Connections at once.
const CROWD: usize = 1_000;

/// Questions of a peer that takes no answer; the answers would be 500 MB.
const QUESTIONS: usize = 1_000_000;

/// A node ends a handshake that takes longer than 5 s; this is when it must have done so.
const HANDSHAKE: Duration = Duration::from_secs(8);

/// Runs them all; what went wrong.
pub(super) fn all(node: &PeerNode, is_full: bool) -> Vec<String> {
    let mut failures = Vec::new();
    std::thread::scope(|scope| {
        // Those that take real time, at the same time.
        let slow = [
            scope.spawn(|| silent(node)),
            scope.spawn(|| drip(node)),
            scope.spawn(|| half_a_message(node)),
        ];
        failures.extend(slow.into_iter().filter_map(|case| case.join().unwrap()));
    });
    failures.extend(unread(node));
    failures.extend(crowd(node));
    failures.extend(bombs(node, if is_full { 16 } else { 3 }, if is_full { 60 } else { 20 }));
    failures
}

/// A connection on which nothing is ever said.
fn silent(node: &PeerNode) -> Option<String> {
    let mut raw = Raw::connect(node.address());
    (!raw.ends(HANDSHAKE)).then(|| "a connection without a handshake stays".to_owned())
}

/// A handshake of a byte every now and then.
fn drip(node: &PeerNode) -> Option<String> {
    let mut raw = Raw::connect(node.address());
    let started = Instant::now();
    for byte in "GET / HTTP/1.1\r\nHost: localhost\r\nX: ".bytes().chain(std::iter::repeat(b'x')) {
        if !raw.bytes(&[byte]) || raw.ends(Duration::from_millis(100)) {
            return None;
        }
        if started.elapsed() > HANDSHAKE {
            return Some("a handshake in drips stays".to_owned());
        }
    }
    None
}

/// A link whose message never ends costs what it declared at most, and is not in the way.
fn half_a_message(node: &PeerNode) -> Option<String> {
    let mut raw = Raw::link(node.address());
    raw.declare(true, 1, 60 << 20);
    raw.bytes(b"{\"type\":2,\"payload\":[");
    for _ in 0..20 {
        raw.bytes(b" ");
        if raw.ending(Duration::from_millis(100)) != End::Open {
            return None;
        }
    }
    let mut other = Raw::link(node.address());
    (!other.is_alive()).then(|| "half a message blocks another link".to_owned())
}

/// Questions whose answers nobody takes fill no memory, and hold nobody up.
fn unread(node: &PeerNode) -> Option<String> {
    let question = b"\x81\x8a\0\0\0\0{\"type\":0}";
    let questions = question.repeat(1_000);
    let mut raw = Raw::link(node.address());
    // The first one waits for this peer's tip, and others with it.
    raw.bytes(question);
    while !raw.frame(PATIENCE).unwrap().unwrap().payload.starts_with(b"{\"type\":1") {}
    let before = resident(node.process().id());
    for _ in 0..QUESTIONS / 1_000 {
        // A node that reads on has to answer them all with one block.
        if !raw.bytes_within(&questions, Duration::from_millis(500)) {
            break;
        }
    }
    let grown = resident(node.process().id()).saturating_sub(before);
    if grown > MORE {
        return Some(format!("{} MiB wait for a peer that reads nothing", grown >> 20));
    }
    let mut other = Raw::link(node.address());
    (!other.is_alive()).then(|| "unread answers block another link".to_owned())
}

/// More connections than there are places; afterwards there is room again.
fn crowd(node: &PeerNode) -> Option<String> {
    let connect = || {
        let crowd = (0..CROWD).map_while(|_| TcpStream::connect(node.address()).ok());
        crowd.map(Raw::on).collect::<Vec<_>>()
    };
    // First those that say nothing and leave, then those that all ask for an upgrade.
    drop(connect());
    let mut crowd = connect();
    for raw in &mut crowd {
        raw.ask("");
    }
    let upgraded = crowd.iter_mut().filter_map(Raw::answer).filter(|status| *status == 101).count();
    drop(crowd);
    // The node has to see first that they are gone.
    let over = Instant::now() + PATIENCE;
    while !Raw::link(node.address()).is_alive() {
        if Instant::now() > over {
            return Some(format!("no link after a crowd of which {upgraded} were upgraded"));
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    None
}

/// Large chains on many links at once share one budget: each is judged, or closed, in the end.
fn bombs(node: &PeerNode, links: usize, mib: usize) -> Option<String> {
    let bomb = format!("{{\"type\":2,\"payload\":[{}{{}}]}}", "{},".repeat((mib << 20) / 3));
    let ends: Vec<_> = std::thread::scope(|scope| {
        let sending: Vec<_> = (0..links)
            .map(|_| {
                scope.spawn(|| {
                    let mut raw = Raw::link(node.address());
                    raw.text(&bomb);
                    raw.ending(PATIENCE)
                })
            })
            .collect();
        sending.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    ends.contains(&End::Open).then(|| format!("{mib} MiB bombs: {ends:?}"))
}
