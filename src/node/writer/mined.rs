//! The writer's part in blocks of the miner's: a request's, and the pool's.

use super::WriterThread;
use crate::chain::ValidBlock;
use crate::node::group::Group;
use crate::node::mining::job::{Job, PoolJob};
use crate::node::{MineError, StoreError};

impl WriterThread {
    /// Applies a block of the miner's, or gives it back when the chain has moved.
    pub(super) fn append(
        &mut self,
        block: Box<ValidBlock>,
        job: Job,
        group: &mut Group,
    ) -> Result<(), StoreError> {
        if block.header().previous_hash != self.store.applied().hash() {
            match job {
                Job::Request(job) => self.shared.queue.put_back(job.take_back(*block)),
                Job::Pool(job) => self.give_back(&job),
            }
            return Ok(());
        }
        if let Job::Pool(job) = &job
            && !self.shared.records.lock().are_mined(&job.ids)
        {
            // One was cancelled, or another block has it. The miner has built on this one.
            self.shared.queue.chain_moved(self.store.applied().clone());
            self.give_back(job);
            return Ok(());
        }
        let begun = self.store.begun_writes();
        let appended = self.store.append(&block);
        // What comes after a failure of the syncer's never reaches the storage.
        if let Job::Request(job) = &job
            && self.store.begun_writes() > begun
        {
            job.request.store();
        }
        match appended {
            Ok(()) => {
                self.note_success();
                self.include(block.block())?;
                if matches!(job, Job::Request(_)) && !block.block().records.is_empty() {
                    self.store.mark_own_block(block.id())?;
                }
                group.count(job.size_bytes());
                group.mined.push((job, block));
                Ok(())
            }
            Err(error @ StoreError::DiskLow { .. }) => {
                self.note_refusal(&error);
                // The miner has built on this block.
                self.shared.queue.chain_moved(self.store.applied().clone());
                match job {
                    Job::Request(job) => {
                        self.shared.queue.finished(1, job.request.size_bytes());
                        job.request.refuse(MineError::DiskLow(error));
                    }
                    Job::Pool(job) => {
                        self.shared.queue.rest_pool();
                        self.give_back(&job);
                    }
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// A block of the pool's is not applied: its records wait again.
    fn give_back(&self, job: &PoolJob) {
        self.shared.records.lock().give_back(&job.ids);
        self.shared.queue.finished(1, job.size_bytes);
    }
}
