//! Why the node did not do what was asked, split by whom it blames.

use std::sync::Arc;
use std::time::Duration;

use super::{ClockFault, StoreError};
use crate::chain::{Hash, RuleError};

/// Why no block was acknowledged. Nothing was stored, but for [`MineError::Storage`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MineError {
    /// The records do not fit a block of this chain.
    #[error(transparent)]
    TooLarge(#[from] RuleError),
    /// Too many requests wait.
    #[error("too many requests are waiting to be mined; try again later")]
    QueueFull,
    /// No proof of work was found in time.
    #[error(
        "no proof of work was found within {}; try again later",
        humantime::format_duration(*.0)
    )]
    Deadline(Duration),
    /// Too little room on the disk.
    #[error("blocks are refused: {0}")]
    DiskLow(StoreError),
    /// The clock cannot date a block.
    #[error("no block can be mined now: {0}")]
    Clock(#[from] ClockFault),
    /// The block that was mined breaks a rule.
    #[error("the mined block breaks a rule: {0}; send the request again, and report this")]
    Defect(RuleError),
    /// The storage failed after it was given the block, so that nobody knows what is on the disk.
    #[error(
        "the storage failed while it was writing the block; the records may have been stored: \
         look for them once the node is back, before you send them again"
    )]
    Storage,
    /// The node is stopping, or has failed. The block never reached the storage.
    #[error("the node is stopping")]
    Stopping,
}

/// Why offered blocks were not taken. Those before the one at fault may have been.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The first block's parent is not held.
    #[error("the parent of block {0} is not stored")]
    UnknownParent(Hash),
    /// A block breaks a rule.
    #[error("block {hash}: {error}")]
    Rule {
        /// The block's hash.
        hash: Hash,
        /// The rule.
        error: RuleError,
    },
    /// They are of a branch that has more work, and that forks deeper than `max_reorg_depth`:
    /// it waits for the operator.
    #[error("the branch forks deeper than `max_reorg_depth` and waits for the operator")]
    TooDeep,
    /// Too little room on the disk, or the node is stopping or has failed.
    #[error(transparent)]
    Unavailable(#[from] NodeFailure),
}

impl ImportError {
    /// What the writer's refusal of blocks means to those who offered them.
    pub(super) fn of_store(error: StoreError) -> Self {
        match error {
            StoreError::NotHeld(id) => Self::UnknownParent(id.hash),
            StoreError::DeepFork { .. } => Self::TooDeep,
            error => Self::Unavailable(error.into()),
        }
    }
}

/// Why a lookup by hash or record id found nothing out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// More blocks are not indexed than are found in memory.
    #[error("{lag} blocks are not indexed yet; try again later")]
    Indexing {
        /// Blocks that are not indexed.
        lag: u64,
    },
    /// The node is stopping or has failed.
    #[error(transparent)]
    Unavailable(#[from] NodeFailure),
}

/// Why the node cannot serve, or is about to stop.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeFailure {
    /// The node is stopping on request.
    #[error("the node is stopping")]
    Stopping,
    /// The store failed.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// A thread that the node cannot do without panicked: a fault in this program.
    #[error("the {thread} thread panicked: {what}; start the node again and report this")]
    Panicked {
        /// The thread's name.
        thread: &'static str,
        /// The panic's message.
        what: String,
    },
}

impl From<StoreError> for NodeFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}
