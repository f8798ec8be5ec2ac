//! How many blocks this node mined, and what for.

use std::sync::atomic::{AtomicU64, Ordering};

use super::job::Job;
use crate::node::MinedBlocks;

/// The blocks that are durable; one writer, any readers.
#[derive(Debug, Default)]
pub(in crate::node) struct MinedCounts {
    requests: AtomicU64,
    pool: AtomicU64,
    empty: AtomicU64,
}

impl MinedCounts {
    /// A block is durable.
    pub(in crate::node) fn count(&self, job: &Job) {
        let count = match job {
            Job::Request(_) => &self.requests,
            Job::Pool(job) if job.ids.is_empty() => &self.empty,
            Job::Pool(_) => &self.pool,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(in crate::node) fn get(&self) -> MinedBlocks {
        let Self { requests, pool, empty } = self;
        let [requests, pool, empty] =
            [requests, pool, empty].map(|count| count.load(Ordering::Relaxed));
        MinedBlocks { requests, pool, empty }
    }
}
