//! Pending records of a backup, put beside those that a database has.

use super::pool::{FIRST_SEQUENCE, MAX_POOL_BYTES, MAX_POOL_RECORDS, NewRecord};
use super::record_pool::pending_batch;
use super::restore::batches;
use crate::chain::{Hash, leaf_hash};
use crate::store::{OwnWaiting, PendingBatch, StoreError, TooManyWaiting, WaitingBounds, Writer};

/// A pool fits four times.
const _: () = {
    let bounds = WaitingBounds::OF_A_DATABASE;
    assert!(bounds.records == 4 * MAX_POOL_RECORDS && bounds.bytes == 4 * MAX_POOL_BYTES);
};

/// Own records of a backup that wait for a block, gathered within [`WaitingBounds::OF_A_DATABASE`].
#[derive(Debug)]
pub struct PendingBackup {
    /// Own records of the database and of the backup.
    waiting: OwnWaiting,
    records: Vec<NewRecord>,
    next_sequence: u64,
}

impl PendingBackup {
    /// Begins with the batches of the database. `is_own` says of an id whether it is marked as
    /// own.
    ///
    /// # Errors
    /// Those of `is_own`.
    pub fn new<E>(
        batches: &[PendingBatch],
        is_own: &mut dyn FnMut(&Hash) -> Result<bool, E>,
    ) -> Result<Self, E> {
        let next = batches.last().map_or(0, |batch| batch.sequence.saturating_add(1));
        let next_sequence = next.max(FIRST_SEQUENCE);
        let mut waiting = OwnWaiting::within(WaitingBounds::OF_A_DATABASE);
        for record in batches.iter().flat_map(|batch| &batch.records) {
            let id = leaf_hash(record.text.as_bytes());
            if is_own(&id)? {
                waiting.count(id, &record.text);
            }
        }
        Ok(Self { waiting, records: Vec::new(), next_sequence })
    }

    /// Adds a record, unless it is there already.
    ///
    /// # Errors
    /// When the records are more than four pools take.
    pub fn add(&mut self, text: String) -> Result<(), TooManyWaiting> {
        let id = leaf_hash(text.as_bytes());
        if self.waiting.add(id, &text)? {
            self.records.push(NewRecord { id, text: text.into(), is_own: true, is_checked: false });
        }
        Ok(())
    }

    /// Writes the added records as own ones, behind those of the database. Nothing is durable
    /// before the writer's next commit. A node that starts on the database finds out which of them
    /// are on its chain, and mines the others. Returns how many were written.
    ///
    /// # Errors
    /// [`StoreError::DiskLow`] when room is short. Any other error is final.
    pub fn store(self, writer: &mut Writer) -> Result<usize, StoreError> {
        let count = self.records.len();
        for (sequence, records) in (self.next_sequence..).zip(batches(self.records)) {
            let ids: Vec<_> = records.iter().map(|record| record.id).collect();
            writer.mark_own(&ids, sequence)?;
            writer.append_pending(&pending_batch(sequence, &records))?;
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
