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

use std::time::{Duration, Instant};

pub(crate) use branch::Branch;
pub(crate) use chain::Chain;
pub(crate) use command::{Done, Jenny, finish, open_here, spawn};
pub(crate) use peer_node::{PeerNode, Settings};
pub(crate) use replay::Replay;
pub(crate) use running::Running;
pub(crate) use terminal::Terminal;

/// Longest wait for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The records above genesis, in order, of a dump in JSON Lines.
pub(crate) fn block_records(dump: &str) -> Vec<String> {
    let block = |line| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let data = dump.lines().skip(1).map(|line| block(line)["data"].clone());
    data.flat_map(|data| serde_json::from_value::<Vec<String>>(data).unwrap()).collect()
}

/// Waits until `holds`, polling; panics after [`PATIENCE`].
pub(crate) fn until(what: &str, holds: impl FnMut() -> bool) {
    until_within(PATIENCE, what, holds);
}

/// As [`until`], for what takes long.
pub(crate) fn until_within(time: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < time, "never: {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
