//! What the writer thread is asked to do.

use tokio::sync::oneshot;

use super::mining::queue::Sequenced;
use super::{Imported, StoreError};
use crate::chain::{Hash, ValidBlock};

/// Commands that may wait for the writer. The miner and the checks of offered blocks
/// send from threads of their own and wait when it is full. A command holds at
/// most one block of the miner's, or one batch of offered ones; both are
/// bounded where they come from, so the queue's length costs no memory to speak of.
pub(super) const MAX_COMMANDS: usize = 1_024;

/// A command. Dropping its reply says that the node is stopping or has failed.
#[derive(Debug)]
pub(super) enum Command {
    /// Append a block of the miner's, and answer its request once it is durable.
    Append {
        /// The block.
        block: Box<ValidBlock>,
        /// The request whose records it holds.
        job: Sequenced,
    },
    /// Take offered blocks, each the child of the one before.
    Import {
        /// The blocks, oldest first.
        blocks: Vec<ValidBlock>,
        /// Whether more of their branch is to come: beside the main chain it is only stored.
        is_partial: bool,
        /// Whether their branch is known to have more work than the main chain.
        is_proven: bool,
        /// What became of them, once it is durable; or why they are refused.
        reply: oneshot::Sender<Result<Imported, StoreError>>,
    },
    /// Accept a branch, however deep it forks, and answer once that is durable.
    AcceptFork {
        /// Hash of its first block above the fork.
        first: Hash,
        /// The answer.
        reply: oneshot::Sender<()>,
    },
    /// Answer once everything sent before is durable.
    Barrier {
        /// The answer.
        reply: oneshot::Sender<()>,
    },
    /// Finish what came before, and end.
    Stop,
}
