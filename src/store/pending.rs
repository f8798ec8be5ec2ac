//! The records that wait for a block, on disk: batches under ascending numbers, in chunks.

use std::sync::Arc;

use super::database::{Database, insert, touch};
use super::layout::{
    CHUNK_BYTES, damaged_pending, decode_pending, encode_pending, parse_pending_key, pending_key,
};
use super::sled::errors::{read_error, write_error};
use super::{StoreError, Writer};

/// A record that waits for a block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingRecord {
    /// Whether a client of this node sent it.
    pub is_own: bool,
    /// The record.
    pub text: Arc<str>,
}

/// Origin of a record that a peer relayed.
const ORIGIN_RELAYED: u8 = 0;
/// Origin of a record that a client of this node sent.
const ORIGIN_OWN: u8 = 1;

/// Records that came together, and stay on disk until none of them waits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingBatch {
    /// Its place among the others: smaller ones are older.
    pub sequence: u64,
    /// The records, in order.
    pub records: Vec<PendingRecord>,
}

impl Writer {
    /// Writes a batch of records that wait. A kill leaves all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError::DiskLow`] when room is short: nothing was written. Any other error is final.
    pub fn append_pending(&mut self, batch: &PendingBatch) -> Result<(), StoreError> {
        self.check_room()?;
        self.write(|writer| put(&writer.database, batch))
    }

    /// Removes a batch of which no record waits any more.
    ///
    /// # Errors
    /// Every error is final.
    pub fn remove_pending(&mut self, sequence: u64) -> Result<(), StoreError> {
        self.write(|writer| remove(&writer.database, sequence))
    }
}

/// Writes a batch in place of what its number had, in one step.
pub(super) fn put(database: &Database, batch: &PendingBatch) -> Result<(), StoreError> {
    let sequence = batch.sequence;
    let records = batch.records.iter();
    let pairs = records
        .map(|record| (if record.is_own { ORIGIN_OWN } else { ORIGIN_RELAYED }, &*record.text));
    let value = encode_pending(&pairs.collect::<Vec<_>>())?;
    let old: Result<Vec<_>, _> =
        database.pending.scan_prefix(sequence.to_be_bytes()).keys().collect();
    let old = old.map_err(read_error)?;
    if old.is_empty() && value.len() <= CHUNK_BYTES {
        return insert(&database.pending, &pending_key(sequence, 0), &value);
    }
    let mut step = sled::Batch::default();
    for key in old {
        step.remove(key);
    }
    let mut keys = Vec::new();
    for (number, chunk) in (0_u16..).zip(value.chunks(CHUNK_BYTES)) {
        let key = pending_key(sequence, number);
        step.insert(&key[..], chunk);
        keys.push((key, chunk.len()));
    }
    database.pending.apply_batch(step).map_err(write_error)?;
    keys.iter().try_for_each(|(key, length)| touch(&database.pending, key, *length))
}

fn remove(database: &Database, sequence: u64) -> Result<(), StoreError> {
    for key in database.pending.scan_prefix(sequence.to_be_bytes()).keys() {
        database.pending.remove(key.map_err(read_error)?).map_err(write_error)?;
    }
    Ok(())
}

/// Reads all batches, oldest first.
pub(super) fn load(database: &Database) -> Result<Vec<PendingBatch>, StoreError> {
    let mut batches = Vec::new();
    let mut open: Option<(u64, u16, Vec<u8>)> = None;
    let mut finish = |open: Option<(u64, u16, Vec<u8>)>| -> Result<(), StoreError> {
        let Some((sequence, _, value)) = open else { return Ok(()) };
        batches.push(decode_batch(sequence, &value)?);
        Ok(())
    };
    for entry in &database.pending {
        let (key, value) = entry.map_err(read_error)?;
        let (sequence, chunk) = parse_pending_key(&key)?;
        touch(&database.pending, &key, value.len())?;
        match &mut open {
            Some((at, last, whole)) if *at == sequence => {
                if last.checked_add(1) != Some(chunk) {
                    return Err(damaged_pending(sequence, "a part of it is missing"));
                }
                *last = chunk;
                whole.extend_from_slice(&value);
            }
            _ => {
                if chunk != 0 {
                    return Err(damaged_pending(sequence, "its first part is missing"));
                }
                finish(open.replace((sequence, chunk, value.to_vec())))?;
            }
        }
    }
    finish(open)?;
    Ok(batches)
}

/// A batch from its chunks together.
pub(super) fn decode_batch(sequence: u64, value: &[u8]) -> Result<PendingBatch, StoreError> {
    let records = decode_pending(sequence, value)?.into_iter().map(|(origin, text)| match origin {
        ORIGIN_RELAYED => Ok(PendingRecord { is_own: false, text: text.into() }),
        ORIGIN_OWN => Ok(PendingRecord { is_own: true, text: text.into() }),
        _ => Err(damaged_pending(sequence, "a record is of an unknown origin")),
    });
    Ok(PendingBatch { sequence, records: records.collect::<Result<_, _>>()? })
}

#[cfg(test)]
mod tests;
