//! Blocks that are applied together, and the callers that wait for them.

use tokio::sync::oneshot;

use super::mining::job::Job;
use super::records::pool::Unsettled;
use super::records::submission::{Acknowledged, SubmissionReply};
use super::shared::Shared;
use super::{Imported, StoreError};
use crate::chain::ValidBlock;

/// Most blocks that the writer applies before it looks for a flush, one larger batch of offered
/// blocks excepted.
pub(super) const MAX_GROUP_BLOCKS: usize = 1_000;

/// Most bytes of records that the writer applies before it looks for a flush: 8 MiB.
pub(super) const MAX_GROUP_BYTES: u64 = 8 << 20;

/// A submission that waits for the flush, and what its client is told then.
type Submitted = (SubmissionReply, Vec<Acknowledged>);

/// What a group has of records.
#[derive(Debug, Default)]
pub(super) struct GroupRecords {
    pub(super) submitted: Vec<Submitted>,
    pub(super) cancelled: Vec<oneshot::Sender<bool>>,
    /// Records of the pool that move on once the group is durable.
    pub(super) unsettled: Vec<Unsettled>,
}

/// What was applied and is not answered yet. Dropping it says that the node has failed, and that
/// the blocks may have been stored.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) mined: Vec<(Job, Box<ValidBlock>)>,
    pub(super) imported: Vec<(oneshot::Sender<Result<Imported, StoreError>>, Imported)>,
    pub(super) barriers: Vec<oneshot::Sender<()>>,
    pub(super) records: GroupRecords,
    blocks: usize,
    bytes: u64,
}

impl Group {
    /// Counts a block that was applied or stored, or other records that were written.
    pub(super) const fn count(&mut self, bytes: u64) {
        self.blocks += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Whether it takes no more blocks.
    pub(super) const fn is_full(&self) -> bool {
        self.blocks >= MAX_GROUP_BLOCKS || self.bytes >= MAX_GROUP_BYTES
    }

    /// Blocks that were applied or stored.
    pub(super) const fn blocks(&self) -> usize {
        self.blocks
    }

    /// Whether nobody waits, for nothing.
    pub(super) fn is_empty(&self) -> bool {
        let Self { mined, imported, barriers, records, blocks, .. } = self;
        *blocks == 0
            && mined.is_empty()
            && imported.is_empty()
            && barriers.is_empty()
            && records.submitted.is_empty()
    }

    /// Whether it is one block of the miner's.
    pub(super) fn is_one_mined(&self) -> bool {
        self.blocks == 1 && self.mined.len() == 1
    }

    /// Whether `later` fits into the same flush.
    pub(super) const fn has_room_for(&self, later: &Self) -> bool {
        self.blocks.saturating_add(later.blocks) <= MAX_GROUP_BLOCKS
            && self.bytes.saturating_add(later.bytes) <= MAX_GROUP_BYTES
    }

    /// Takes what was applied after it.
    pub(super) fn append(&mut self, later: Self) {
        self.mined.extend(later.mined);
        self.imported.extend(later.imported);
        self.barriers.extend(later.barriers);
        self.records.submitted.extend(later.records.submitted);
        self.records.cancelled.extend(later.records.cancelled);
        self.records.unsettled.extend(later.records.unsettled);
        self.blocks = self.blocks.saturating_add(later.blocks);
        self.bytes = self.bytes.saturating_add(later.bytes);
    }

    /// Responds to everyone, in order: all of it is durable, and its tip is published.
    pub(super) fn respond(self, shared: &Shared) {
        shared.settle_records(self.records.unsettled);
        let mut size_bytes = 0;
        let mined = self.mined.len();
        for (job, block) in self.mined {
            size_bytes += job.size_bytes();
            shared.mined.count(&job);
            if let Job::Request(job) = job {
                job.request.complete(*block);
            }
        }
        if mined > 0 {
            shared.queue.finished(mined, size_bytes);
        }
        // The caller may have gone.
        for (reply, imported) in self.imported {
            let _ = reply.send(Ok(imported));
        }
        for reply in self.barriers {
            let _ = reply.send(());
        }
        for (reply, acknowledged) in self.records.submitted {
            let new = acknowledged.iter().filter(|record| record.is_new).count();
            shared.metrics.accepted_records.add(new as u64);
            reply.send(Ok(acknowledged));
        }
        for reply in self.records.cancelled {
            let _ = reply.send(true);
        }
    }
}
