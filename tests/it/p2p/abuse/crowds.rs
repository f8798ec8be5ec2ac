//! Many connections at once, and those that do nothing or too little.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::MORE;
use super::raw::{End, Raw, request};
use super::watch::{peak, resident, sockets};
use crate::process::PATIENCE;
use crate::process::PeerNode;

/// Connections at once.
const CROWD: usize = 1_000;

/// Questions of a peer that takes no answer; the answers would be 500 MB.
const QUESTIONS: usize = 1_000_000;

/// Sockets to peers that a node has at most: 32 links, 32 that are being closed, 256 connections
/// that are being upgraded or refused, 64 that gave up their places; and a few of the watcher's.
const SOCKETS: usize = 32 + 32 + 256 + 64 + 8;

/// A chain of this many bytes.
const BOMB: usize = 60 << 20;

/// What large messages share.
const MESSAGE_BUDGET: usize = 128 << 20;

/// Most memory of a node that is being bombed: twice the budget, since buffers grow by doubling,
/// and what it has besides.
const MAX_MEMORY: u64 = (2 * 128 + 128) << 20;

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
    failures.extend(unread(node, is_full));
    failures.extend(crowd(node));
    failures.extend(line_ends(node));
    failures.extend(closing(node));
    failures.extend(bombs(node, if is_full { 16 } else { 3 }));
    let max = peak(node.process().id());
    if is_full && max > MAX_MEMORY {
        failures.push(format!("{} MiB resident for bombs", max >> 20));
    }
    failures
}

/// A connection on which nothing is ever said.
fn silent(node: &PeerNode) -> Option<String> {
    let mut raw = Raw::connect(node.address());
    (!raw.ends(PATIENCE)).then(|| "a connection without a handshake stays".to_owned())
}

/// A handshake of a byte every now and then.
fn drip(node: &PeerNode) -> Option<String> {
    let mut raw = Raw::connect(node.address());
    let started = Instant::now();
    for byte in "GET / HTTP/1.1\r\nHost: localhost\r\nX: ".bytes().chain(std::iter::repeat(b'x')) {
        if !raw.bytes(&[byte]) || raw.ends(Duration::from_millis(100)) {
            return None;
        }
        if started.elapsed() > PATIENCE {
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
fn unread(node: &PeerNode, is_full: bool) -> Option<String> {
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
    println!("{} MiB wait for a peer that reads nothing", grown >> 20);
    if is_full && grown > MORE {
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

/// Whatever ends the lines of an upgrade, the limits hold behind it.
fn line_ends(node: &PeerNode) -> Option<String> {
    for (more, opcode, length, code) in [
        ("", 1, (64 << 20) + 1, 1009),
        ("Sec-WebSocket-Protocol: jenny.json.1\r\n", 1, (64 << 20) + 1, 1009),
        ("Sec-WebSocket-Protocol: jenny.postcard.1\r\n", 2, (4 << 20) + 1, 1002),
    ] {
        let crlf = request(more);
        let mixed = crlf.replacen("\r\n", "\n", 2);
        for head in [crlf.replace("\r\n", "\n"), mixed, crlf] {
            let mut raw = Raw::connect(node.address());
            if !raw.bytes(head.as_bytes()) || raw.answer() != Some(101) {
                return Some(format!("no upgrade for {head:?}"));
            }
            raw.declare(true, opcode, length);
            let end = raw.ending(PATIENCE);
            if end != End::Code(code) {
                return Some(format!("{end:?} in place of {code} behind {head:?}"));
            }
        }
    }
    None
}

/// Links that are closed for a fault and do not hang up count until their sockets are gone.
fn closing(node: &PeerNode) -> Option<String> {
    let process = node.process().id();
    let before = sockets(process);
    let max = std::thread::scope(|scope| {
        let crowds: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let (mut held, mut max) = (Vec::new(), 0);
                    for _ in 0..CROWD / 5 {
                        let Ok(stream) = TcpStream::connect(node.address()) else { break };
                        let mut raw = Raw::on(stream);
                        if raw.try_upgrade("") == Some(101) {
                            // A reserved opcode.
                            raw.send(true, 3, b"");
                            held.push(raw);
                        }
                        max = max.max(sockets(process));
                    }
                    max
                })
            })
            .collect();
        crowds.into_iter().map(|crowd| crowd.join().unwrap()).max().unwrap_or(0)
    });
    let over = Instant::now() + PATIENCE;
    while sockets(process) > before + 8 {
        if Instant::now() > over {
            return Some("links that were closed keep their sockets".to_owned());
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    (max > before + SOCKETS).then(|| format!("{max} sockets while links are being closed"))
}

/// Large chains on many links at once are more than the budget that they share: each is judged,
/// or closed, in the end.
fn bombs(node: &PeerNode, links: usize) -> Option<String> {
    let bomb = format!("{{\"type\":2,\"payload\":[{}{{}}]}}", "{},".repeat(BOMB / 3));
    assert!(links * bomb.len() > MESSAGE_BUDGET, "they are to wait for each other");
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
    ends.contains(&End::Open).then(|| format!("bombs: {ends:?}"))
}
