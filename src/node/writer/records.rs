//! The writer's part in records: submissions, what a block takes out of the pool, what a reorg
//! puts back, and what was not checked against the main chain.

mod relayed;

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;

use super::WriterThread;
use crate::chain::{Block, Hash, Height, leaf_hash};
use crate::node::StoreError;
use crate::node::group::Group;
use crate::node::index::find::find_on_chain;
use crate::node::records::pool::{NewRecord, PoolFull, Stage};
use crate::node::records::record_pool::pending_batch;
use crate::node::records::restore::restore;
use crate::node::records::submission::{
    Acknowledged, OnChain, RecordState, Submission, SubmitError, Submitted,
};
use crate::store::ReorgPlan;

/// Records that one call of [`WriterThread::check_records`] looks for on the main chain.
const CHECKED_AT_A_TIME: usize = 256;

/// Ids of the records of blocks that are applied and not published: no lookup finds those. They
/// are kept from the first submission on, until the writer is idle.
#[derive(Debug, Default)]
pub(super) struct Unpublished {
    is_kept: bool,
    blocks: VecDeque<(Height, Vec<Hash>)>,
    /// How often each id is in them.
    counts: HashMap<Hash, u32>,
}

impl Unpublished {
    /// A block was applied.
    fn add(&mut self, height: Height, ids: Vec<Hash>) {
        if !self.is_kept {
            return;
        }
        for id in &ids {
            *self.counts.entry(*id).or_default() += 1;
        }
        self.blocks.push_back((height, ids));
    }

    /// Forgets the blocks that are published by now.
    fn published(&mut self, tip: Height) {
        while self.blocks.front().is_some_and(|(height, _)| *height <= tip) {
            for id in self.blocks.pop_front().map_or_else(Vec::new, |(_, ids)| ids) {
                if let Some(count) = self.counts.get_mut(&id) {
                    *count -= 1;
                    if *count == 0 {
                        self.counts.remove(&id);
                    }
                }
            }
        }
    }

    fn contains(&self, id: &Hash) -> bool {
        self.counts.contains_key(id)
    }
}

fn ids(block: &Block) -> Vec<Hash> {
    block.records.iter().map(|record| leaf_hash(record.as_bytes())).collect()
}

impl WriterThread {
    /// Takes all records of a submission or none, and responds once they are durable.
    pub(super) fn submit(
        &mut self,
        submission: Submission,
        group: &mut Group,
    ) -> Result<(), StoreError> {
        let Submission { records, mut reply } = submission;
        self.keep_unpublished(group)?;
        let (mut fresh, mut known) = (Vec::new(), Vec::new());
        let mut acknowledged = Vec::with_capacity(records.len());
        for record in records {
            let id = record.id;
            let relayed = self.shared.records.lock().relayed_as_own(&id);
            if let Some(own) = relayed {
                // It is in memory alone.
                let state = RecordState::Pending { is_checked: own.is_checked };
                fresh.push(own);
                acknowledged.push(Acknowledged { id, state, is_new: false });
                continue;
            }
            let (state, is_new) = match self.find_submitted(&record) {
                Some(state) => (state, false),
                None => match self.find_on_chain(&record)? {
                    OnChain::At(_) => (RecordState::Included, false),
                    on_chain => {
                        let is_checked = on_chain == OnChain::Absent;
                        let text = record.text;
                        fresh.push(NewRecord { id, text, is_own: true, is_checked });
                        (RecordState::Pending { is_checked }, true)
                    }
                },
            };
            if !is_new && !self.store.is_own(&id)? {
                known.push(id);
            }
            acknowledged.push(Acknowledged { id, state, is_new });
        }
        let begun = self.store.begun_writes();
        let taken = self.take(fresh, &known, group);
        if self.store.begun_writes() > begun {
            reply.begin();
        }
        match taken {
            Ok(Ok(())) => group.records.submitted.push((reply, acknowledged)),
            Ok(Err(PoolFull)) => reply.send(Err(SubmitError::PoolFull)),
            Err(error @ StoreError::DiskLow { .. }) => {
                self.note_refusal(&error);
                reply.send(Err(SubmitError::Unavailable(error.into())));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// From now on the ids of unpublished blocks are kept. Those that were applied before are
    /// published first, which delays no reply: the flush of the submission comes behind theirs.
    fn keep_unpublished(&mut self, group: &mut Group) -> Result<(), StoreError> {
        if !self.unpublished.is_kept {
            self.settle(std::mem::take(group))?;
            self.unpublished.is_kept = true;
        }
        self.unpublished.published(self.shared.tip().header.height);
        Ok(())
    }

    /// The state of a record that is in the pool, or in a block that is not published yet.
    fn find_submitted(&self, record: &Submitted) -> Option<RecordState> {
        if let Some(entry) = self.shared.records.lock().get(&record.id) {
            let is_checked = entry.record.is_checked;
            return Some(match entry.stage {
                Stage::InBlock(_) => RecordState::Included,
                Stage::Arriving | Stage::Waiting | Stage::Mined => {
                    RecordState::Pending { is_checked }
                }
            });
        }
        self.unpublished.contains(&record.id).then_some(RecordState::Included)
    }

    /// Whether the published chain has a record. Mostly the caller has looked already.
    fn find_on_chain(&self, record: &Submitted) -> Result<OnChain, StoreError> {
        if let Some(place) = record.found {
            let header = self.shared.reader.view().header(place.block.height)?;
            if header.is_some_and(|header| header.hash == place.block.hash) {
                return Ok(OnChain::At(place));
            }
        }
        self.find(&record.id)
    }

    fn find(&self, id: &Hash) -> Result<OnChain, StoreError> {
        find_on_chain(&self.shared.reader, &self.tail, id)
    }

    /// Writes new records, and marks known ones as own: their client was told of them.
    fn take(
        &mut self,
        fresh: Vec<NewRecord>,
        known: &[Hash],
        group: &mut Group,
    ) -> Result<Result<(), PoolFull>, StoreError> {
        if let Err(full) = self.shared.records.lock().check_room(&fresh) {
            return Ok(Err(full));
        }
        let now = (self.shared.config.steady)();
        if !known.is_empty() {
            self.store.mark_own(known, 0)?;
            let mut pool = self.shared.records.lock();
            for id in known {
                pool.make_own(id);
            }
            group.count(0);
        }
        if !fresh.is_empty() {
            let sequence = self.shared.records.lock().next_sequence();
            let ids: Vec<_> = fresh.iter().map(|record| record.id).collect();
            let batch = pending_batch(sequence, &fresh);
            self.store.mark_own(&ids, sequence)?;
            self.store.append_pending(&batch)?;
            let bytes = fresh.iter().map(|record| record.text.len() as u64).sum();
            let finished = {
                let mut pool = self.shared.records.lock();
                for id in &ids {
                    pool.release_relayed(id);
                }
                pool.admit(sequence, fresh, now)
            };
            self.remove_batches(&finished)?;
            group.count(bytes);
        }
        self.note_success();
        Ok(Ok(()))
    }

    /// A block was applied: what it holds waits no more.
    pub(super) fn include(&mut self, block: &Block) -> Result<(), StoreError> {
        if self.shared.records.lock().is_empty() && !self.unpublished.is_kept {
            return Ok(());
        }
        let (ids, height) = (ids(block), block.header.height);
        self.include_ids(&ids, height)?;
        self.unpublished.add(height, ids);
        Ok(())
    }

    fn include_ids(&mut self, ids: &[Hash], height: Height) -> Result<(), StoreError> {
        let finished = self.shared.records.lock().include(ids, height);
        self.remove_batches(&finished)
    }

    fn remove_batches(&mut self, finished: &[u64]) -> Result<(), StoreError> {
        finished.iter().try_for_each(|&sequence| self.store.remove_pending(sequence))
    }

    /// Takes a pending record back, for good, and responds once that is durable.
    pub(super) fn cancel(
        &mut self,
        id: &Hash,
        reply: oneshot::Sender<bool>,
        group: &mut Group,
    ) -> Result<(), StoreError> {
        let Some(rest) = self.shared.records.lock().cancel(id) else {
            let _ = reply.send(false);
            return Ok(());
        };
        self.shared.records.note_withdrawal();
        self.store.cancel_pending(id, &pending_batch(rest.batch, &rest.records))?;
        group.count(0);
        group.records.cancelled.push(reply);
        Ok(())
    }

    /// Puts own records of the blocks that a reorg is about to disconnect into the pool.
    pub(super) fn restore(&mut self, plan: &ReorgPlan) -> Result<(), StoreError> {
        let Self { shared, store, tail, .. } = self;
        let now = (shared.config.steady)();
        let mut find = |id: &Hash| {
            shared.reader.heartbeat().beat();
            find_on_chain(&shared.reader, tail, id)
        };
        let count = restore(store, &shared.records, plan, &mut find, now)?;
        if count > 0 {
            shared.metrics.restored_records.add(count as u64);
            tracing::warn!(records = count, "a reorg puts records back into the pool");
        }
        Ok(())
    }

    /// After a reorg: what the new branch holds waits no more.
    pub(super) fn include_branch(&mut self, plan: &ReorgPlan) -> Result<(), StoreError> {
        let view = self.shared.reader.view();
        let (mut next, tip) = (plan.fork().next(), view.tip().header.height);
        while next <= tip && !self.shared.records.lock().is_empty() {
            for block in view.blocks(next, tip)? {
                self.heartbeat().beat();
                let records = block.records.iter();
                let ids: Vec<_> = records.map(|record| leaf_hash(record.as_bytes())).collect();
                self.include_ids(&ids, block.header.height)?;
                next = block.header.height.next();
            }
        }
        self.unpublished = Unpublished::default();
        self.commit_records()?;
        self.shared.records.note_change();
        Ok(())
    }

    /// Looks for a few records on the main chain of which that is not known: at the start, and
    /// while the index lagged behind. Returns whether there are more that can be looked for.
    pub(super) fn check_records(&mut self) -> Result<bool, StoreError> {
        // Nothing is on its way to the disk, so that all blocks are published.
        self.unpublished = Unpublished::default();
        let unchecked = self.shared.records.lock().unchecked(CHECKED_AT_A_TIME);
        if unchecked.is_empty() {
            return Ok(false);
        }
        let mut is_known = true;
        for id in &unchecked {
            self.heartbeat().beat();
            match self.find(id)? {
                OnChain::At(_) => {
                    let finished = self.shared.records.lock().found(id);
                    self.remove_batches(finished.as_slice())?;
                    self.shared.records.note_change();
                }
                OnChain::Absent => self.shared.records.lock().check(id),
                OnChain::Unknown(_) => {
                    is_known = false;
                    break;
                }
            }
        }
        self.store.commit()?;
        self.shared.queue.demand_changed();
        Ok(is_known)
    }

    /// Makes what was written of records durable, while nothing else is on its way to the disk.
    fn commit_records(&mut self) -> Result<(), StoreError> {
        let unsettled = self.shared.records.lock().take_unsettled();
        self.store.commit()?;
        self.shared.settle_records(unsettled);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
