//! What the tiers share: nodes in this process with a real listener, a client
//! that can misbehave, and branches mined beside the node.

pub(crate) mod binary;
mod client;
pub(crate) mod log;
mod node;
mod peer;
pub(crate) mod proxy;
pub(crate) mod random;

use std::time::{Duration, Instant};

use jenny_chain::chain::Block;
use jenny_chain::chain::test_util::Branch;

pub(crate) use client::{Client, Request, Response, basic};
pub(crate) use node::{ApiNode, Setup, user};
pub(crate) use peer::{PeerNode, Socket, open_node, open_store};

/// Longest wait for something that must happen, on a machine that does much other work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Mines `count` blocks on the genesis of `dev`, of one record each that begins with `name` and is
/// at least `bytes` long.
pub(crate) fn mined(count: u64, name: &str, bytes: usize) -> Vec<Block> {
    let mut branch = Branch::dev();
    branch.grow_with(count, |height| vec![format!("{name} {:<bytes$}", height.get())]);
    branch.blocks
}

/// Waits until `holds`, polling; panics after [`PATIENCE`].
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
