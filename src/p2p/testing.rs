//! What the tasks of a network share, without a network.

use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::P2pConfig;
use super::budget::Budget;
use super::context::{Context, MAX_CHAINS, MAX_EVENTS, Sources};
use super::event::Event;
use super::refused::Refused;
use crate::node::NodeHandle;

/// The context of a node's network, and what its driver would be told.
pub(super) fn context(node: NodeHandle) -> (Arc<Context>, mpsc::Receiver<Event>) {
    let (events, told) = mpsc::channel(MAX_EVENTS);
    let config = P2pConfig::default();
    let context = Context {
        node,
        events,
        budget: Budget::new(config.max_message),
        config,
        checks: Arc::new(Semaphore::new(2)),
        chains: Arc::new(Semaphore::new(MAX_CHAINS)),
        sources: Sources::default(),
        refused: Refused::default(),
        last_block: Mutex::default(),
        stop: CancellationToken::new(),
    };
    (Arc::new(context), told)
}
