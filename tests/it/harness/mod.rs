//! What the tiers share: nodes in this process with a real listener, a client
//! that can misbehave, and branches mined beside the node.

pub(crate) mod binary;
mod branch;
mod client;
pub(crate) mod log;
mod node;
mod peer;

use std::time::{Duration, Instant};

pub(crate) use branch::Branch;
pub(crate) use client::{Client, Request, Response, basic};
pub(crate) use node::{ApiNode, hopeless, user};
pub(crate) use peer::{PeerNode, Socket, open_node, open_store};

/// Longest wait for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `holds`, polling; panics after [`PATIENCE`].
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
