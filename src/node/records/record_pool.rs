//! The pool as threads share it, and word of what left it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::pool::{NewRecord, Pool, PoolUsage, Unsettled};
use crate::chain::{Hash, leaf_hash};
use crate::store::{PendingBatch, PendingRecord};

/// The pool as threads share it. The lock is held for memory alone, never across I/O.
#[derive(Debug)]
pub(in crate::node) struct RecordPool {
    pool: Mutex<Pool>,
    /// Counts changes of what is durable.
    changes: watch::Sender<u64>,
    /// Counts records that were taken back.
    withdrawals: AtomicU64,
}

impl RecordPool {
    pub(in crate::node) fn new(pool: Pool) -> Self {
        Self {
            pool: Mutex::new(pool),
            changes: watch::Sender::new(0),
            withdrawals: AtomicU64::new(0),
        }
    }

    /// The pool. A panic elsewhere left it whole: what may panic in it is a broken invariant that
    /// ends the node.
    pub(in crate::node) fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was written up to a [`Pool::take_unsettled`] is durable: callers that wait for records
    /// are told.
    pub(in crate::node) fn settle(&self, unsettled: Vec<Unsettled>) {
        if !unsettled.is_empty() {
            self.lock().settle(unsettled);
            self.note_change();
        }
    }

    /// Records entered or left by another way.
    pub(in crate::node) fn note_change(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A record was taken back: a block that holds it is mined in vain.
    pub(in crate::node) fn note_withdrawal(&self) {
        self.withdrawals.fetch_add(1, Ordering::Release);
    }

    /// How many records were taken back.
    pub(in crate::node) fn withdrawals(&self) -> u64 {
        self.withdrawals.load(Ordering::Acquire)
    }

    /// To be waited on: changes whenever records entered or left.
    pub(in crate::node) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// How full the pool is.
    pub(in crate::node) fn usage(&self, now: Duration) -> PoolUsage {
        self.lock().usage(now)
    }
}

/// Puts what the disk holds into the empty `pool`, all of it unchecked. `is_own` says of an id
/// whether it is marked as own: a record that its client cancelled is not. Returns the batches of
/// which nothing waits.
pub(in crate::node) fn load<E>(
    pool: &mut Pool,
    batches: Vec<PendingBatch>,
    is_own: &mut dyn FnMut(&Hash) -> Result<bool, E>,
    now: Duration,
) -> Result<Vec<u64>, E> {
    let (mut finished, mut seen) = (Vec::new(), HashSet::new());
    for PendingBatch { sequence, records } in batches {
        let mut waiting = Vec::with_capacity(records.len());
        for PendingRecord { is_own: was_sent, text } in records {
            let id = leaf_hash(text.as_bytes());
            let is_own = is_own(&id)?;
            if (is_own || !was_sent) && seen.insert(id) {
                waiting.push(NewRecord { id, text, is_own, is_checked: false });
            }
        }
        if waiting.is_empty() {
            finished.push(sequence);
        }
        pool.restore(sequence, waiting, now);
    }
    Ok(finished)
}

/// What the disk is to hold of a batch.
pub(in crate::node) fn pending_batch(sequence: u64, records: &[NewRecord]) -> PendingBatch {
    let records = records.iter().map(|record| PendingRecord {
        is_own: record.is_own,
        text: std::sync::Arc::clone(&record.text),
    });
    PendingBatch { sequence, records: records.collect() }
}

#[cfg(test)]
mod tests;
