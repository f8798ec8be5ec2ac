//! Pending records of a backup, put beside those that a database has.

use std::collections::HashSet;

use super::pool::{FIRST_SEQUENCE, MAX_POOL_BYTES, MAX_POOL_RECORDS, NewRecord, charge};
use super::record_pool::pending_batch;
use super::restore::batches;
use crate::chain::{Hash, leaf_hash};
use crate::store::{PendingBatch, StoreError, Writer};

/// How many times the bounds of the pool the pending records of a backup may be. A reorg puts
/// records back whatever the bounds are, and the backup of a node after one has to be imported.
const BACKUP_POOLS: usize = 4;

/// Most own pending records of a database and a backup together.
const MAX_BACKUP_RECORDS: usize = BACKUP_POOLS * MAX_POOL_RECORDS;

/// Most bytes that these are charged. 256 MiB.
const MAX_BACKUP_BYTES: u64 = BACKUP_POOLS as u64 * MAX_POOL_BYTES;

/// Own records of a backup that wait for a block, gathered within [`MAX_BACKUP_RECORDS`] and
/// [`MAX_BACKUP_BYTES`].
#[derive(Debug)]
pub struct PendingBackup {
    /// Own records of the database and of the backup.
    known: HashSet<Hash>,
    /// What these are charged.
    bytes: u64,
    records: Vec<NewRecord>,
    next_sequence: u64,
}

/// The pending records of a backup are too many for a database.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("with those of the directory, there are more than {MAX_BACKUP_RECORDS} pending records, or {} MiB of them", MAX_BACKUP_BYTES >> 20)]
pub struct BackupTooLarge;

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
        let (known, records) = (HashSet::new(), Vec::new());
        let mut backup = Self { known, bytes: 0, records, next_sequence };
        for record in batches.iter().flat_map(|batch| &batch.records) {
            let id = leaf_hash(record.text.as_bytes());
            if is_own(&id)? && backup.known.insert(id) {
                backup.bytes = backup.bytes.saturating_add(charge(&record.text));
            }
        }
        Ok(backup)
    }

    /// Adds a record, unless it is there already.
    ///
    /// # Errors
    /// When the records are more than four pools take.
    pub fn add(&mut self, text: String) -> Result<(), BackupTooLarge> {
        let id = leaf_hash(text.as_bytes());
        if self.known.contains(&id) {
            return Ok(());
        }
        let bytes = self.bytes.saturating_add(charge(&text));
        if self.known.len() >= MAX_BACKUP_RECORDS || bytes > MAX_BACKUP_BYTES {
            return Err(BackupTooLarge);
        }
        self.known.insert(id);
        self.bytes = bytes;
        self.records.push(NewRecord { id, text: text.into(), is_own: true, is_checked: false });
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
