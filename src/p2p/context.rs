//! What the tasks of the peer network share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::P2pConfig;
use super::event::Event;
use super::refused::Refused;
use super::sent_block::SentBlock;
use super::socket::budget::Budget;
use super::socket::debts::Debts;
use crate::chain::Hash;
use crate::node::NodeHandle;
use crate::sync::LinkId;

/// Events that may wait for the driver. When it is full, links are not read from.
pub(super) const MAX_EVENTS: usize = 256;

/// Whole chains imported at a time. Each holds a blocking thread and waits for another one: far
/// fewer than the runtime has, which are 512.
pub(super) const MAX_CHAINS: usize = 16;

/// What the tasks share.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) node: NodeHandle,
    pub(super) config: P2pConfig,
    pub(super) events: mpsc::Sender<Event>,
    /// For large messages of all links together.
    pub(super) budget: Arc<Budget>,
    /// What links cost that is of no use.
    pub(super) debts: Arc<Debts>,
    /// One permit for each message whose bodies are being checked.
    pub(super) checks: Arc<Semaphore>,
    /// One permit for each whole chain that is being imported.
    pub(super) chains: Arc<Semaphore>,
    pub(super) sources: Sources,
    pub(super) refused: Refused,
    /// The last single block that was sent, as a message.
    pub(super) last_block: Mutex<Option<SentBlock>>,
    /// Ends what is not a link yet.
    pub(super) stop: CancellationToken,
}

impl Context {
    /// Tells the driver. Without one nobody needs to know: every link is closed then.
    pub(super) async fn tell(&self, event: Event) {
        let _ = self.events.send(event).await;
    }
}

/// Blocks whose link is remembered.
const MAX_BLOCK_SOURCES: usize = 256;

/// Which link of the JSON dialect brought which block, so that a new tip is not told to the one
/// that brought it. Noted before the import, since the new tip may be seen before that returns.
#[derive(Debug, Default)]
pub(super) struct Sources(Mutex<VecDeque<(LinkId, Hash)>>);

impl Sources {
    /// A link brought blocks, of which this is the last one.
    pub(super) fn note(&self, link: LinkId, last: Hash) {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sources.len() >= MAX_BLOCK_SOURCES {
            sources.pop_front();
        }
        sources.push_back((link, last));
    }

    /// The link that brought this block last, `None` if none did of late.
    pub(super) fn link_of(&self, block: Hash) -> Option<LinkId> {
        let sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sources.iter().rev().find(|(_, last)| *last == block).map(|(link, _)| *link)
    }
}

#[cfg(test)]
mod tests;
