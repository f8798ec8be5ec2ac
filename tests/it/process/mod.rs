//! Real processes: the binary as an operator runs it, in directories of its own.

mod branch;
mod chain;
mod command;
mod peer_node;
mod replay;
mod running;
mod signals;
pub(crate) mod tamper;
mod terminal;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

pub(crate) use branch::Branch;
pub(crate) use chain::Chain;
pub(crate) use command::{Done, Jenny, finish, open_here, spawn};
pub(crate) use peer_node::{PeerNode, Settings};
pub(crate) use replay::Replay;
pub(crate) use running::Running;
pub(crate) use terminal::Terminal;

/// Longest wait for something that must happen, on a machine that does much other work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// An address on which nobody listens, now or later, unless the test does: its port is below those
/// that the system gives away by itself, to listeners and to clients alike.
pub(crate) fn quiet_address() -> SocketAddr {
    const FIRST: u16 = 10_000;
    const COUNT: u32 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        // Test processes that run side by side begin at different ports.
        let place = std::process::id() * 101 + u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + u16::try_from(place % COUNT).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// The records above genesis, in order, of a dump in JSON Lines.
pub(crate) fn block_records(dump: &str) -> Vec<String> {
    let block = |line| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let data = dump.lines().skip(1).map(|line| block(line)["data"].clone());
    data.flat_map(|data| serde_json::from_value::<Vec<String>>(data).unwrap()).collect()
}

/// Waits until `holds`, polling; panics after [`PATIENCE`].
#[track_caller]
pub(crate) fn until(what: &str, holds: impl FnMut() -> bool) {
    until_within(PATIENCE, what, holds);
}

/// As [`until`], for what takes long.
#[track_caller]
pub(crate) fn until_within(time: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < time, "never: {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
