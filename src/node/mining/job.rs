//! Whose records a block of the miner's holds.

use super::queue::Sequenced;
use crate::chain::Hash;

/// What a block was mined for.
#[derive(Debug)]
pub(in crate::node) enum Job {
    /// A client's request, which waits for the block.
    Request(Sequenced),
    /// Records of the pool.
    Pool(PoolJob),
}

/// Records of the pool in a block on its way to the writer.
#[derive(Debug)]
pub(in crate::node) struct PoolJob {
    /// Their ids.
    pub(in crate::node) ids: Vec<Hash>,
    /// What the queue counts for them until the block is applied or given back.
    pub(in crate::node) size_bytes: u64,
}

impl Job {
    /// What the queue counts for it, in bytes.
    pub(in crate::node) const fn size_bytes(&self) -> u64 {
        match self {
            Self::Request(job) => job.request.size_bytes(),
            Self::Pool(job) => job.size_bytes,
        }
    }
}
