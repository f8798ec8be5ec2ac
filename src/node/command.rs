//! What the writer thread is asked to do.

use tokio::sync::oneshot;

use super::StoreError;
use super::mining::job::Job;
use super::records::submission::{Relayed, Submission};
use crate::chain::{Hash, ValidBlock};
use crate::store::{IndexBatch, IndexStep};

/// Commands that may wait for the writer. The miner and the checks of offered blocks
/// send from threads of their own and wait when it is full. A command holds at
/// most one block of the miner's, or one batch of offered ones; both are
/// bounded where they come from, so the queue's length costs no memory to speak of.
pub(super) const MAX_COMMANDS: usize = 1_024;

/// A command. Dropping its reply says that the node is stopping or has failed.
#[derive(Debug)]
pub(super) enum Command {
    /// Append a block of the miner's, and answer its request, if it has one, once it is durable.
    Append {
        /// The block.
        block: Box<ValidBlock>,
        /// Whose records it holds.
        job: Job,
    },
    /// Take offered blocks, each the child of the one before.
    Import {
        /// The blocks, oldest first.
        blocks: Vec<ValidBlock>,
        /// Which part of their branch they are.
        part: BranchPart,
        /// What became of them, once it is durable; or why they are refused.
        reply: oneshot::Sender<Result<Imported, StoreError>>,
    },
    /// Take records into the pool, and answer once they are durable.
    Submit(Submission),
    /// Take records that a peer relayed into the pool. Needs no flush.
    Relay(Relayed),
    /// Take a pending record out of the pool, and answer once that is durable.
    CancelRecord {
        /// Its id.
        id: Hash,
        /// Whether it was pending.
        reply: oneshot::Sender<bool>,
    },
    /// Accept a branch, however deep it forks, and answer once that is durable.
    AcceptFork {
        /// Hash of its first block above the fork.
        first: Hash,
        /// The answer.
        reply: oneshot::Sender<()>,
    },
    /// Write a batch of the index, in small steps between other commands. Needs no flush.
    Index {
        /// The batch.
        batch: Box<IndexBatch>,
        /// What became of it; or that room is short.
        reply: oneshot::Sender<Result<IndexStep, StoreError>>,
    },
    /// Answer once everything sent before is durable.
    Barrier {
        /// The answer.
        reply: oneshot::Sender<()>,
    },
    /// Finish what came before, and end.
    Stop,
}

/// Which part of a branch offered blocks are, should they not extend the main chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BranchPart {
    /// More of it is to come: it is only stored.
    Partial,
    /// It is to become the main chain once it has more work.
    Last,
    /// As [`BranchPart::Last`], and its headers were read to its end and have more work than the
    /// main chain: it is kept while more of it is being stored.
    Proven,
}

/// What became of blocks that were offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Imported {
    /// All of them are on the main chain already.
    Known,
    /// They extended the main chain.
    Extended,
    /// They are kept as a branch that has no more work than the main chain. One that forks deeper
    /// than `max_reorg_depth` is not kept.
    OnBranch,
    /// They are kept as a branch that has exactly as much work: the first seen stays.
    Tied,
    /// Their branch became the main chain.
    Reorged,
}
