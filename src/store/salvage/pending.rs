//! Records that wait for a block: those of the damaged pool, and own ones of blocks that are left out.

mod aside;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use self::aside::Aside;
pub use self::aside::RETURNED_FILE;
use super::marks::Marks;
use super::source::Source;
use super::{Salvaged, scan};
use crate::chain::{Hash, leaf_hash};
use crate::store::layout::parse_pending_key;
use crate::store::pending::decode_batch;
use crate::store::{
    Opened, OwnWaiting, PendingBatch, PendingRecord, StoreError, TooManyWaiting, WaitingBounds,
    Writer,
};

/// Above the numbers of all batches of records of blocks that are left out: below those of a pool, so
/// that they come first.
const RETURNED_BELOW: u64 = 1 << 62;

/// Numbers that the batches of one salvage may take: those of more than 4 TiB of records.
const RETURNED_NUMBERS: u64 = 1 << 32;

/// Most records of such a batch.
const MAX_RETURNED_RECORDS: usize = 1_024;

/// Most bytes of such a batch, one larger record excepted. 1 MiB.
const MAX_RETURNED_BYTES: usize = 1 << 20;

/// Own records of blocks that are left out, on their way into the fresh pool.
pub(super) struct Returned {
    /// Own records that wait in the fresh database.
    waiting: OwnWaiting,
    /// Those that are put aside. 32 bytes for each.
    aside_ids: HashSet<Hash>,
    batch: Vec<PendingRecord>,
    bytes: usize,
    /// Number of the next batch.
    sequence: u64,
    /// Takes the records above the bounds.
    aside: Aside,
    /// Records that were returned.
    pub(super) count: u64,
    /// Records that were given, with repetitions.
    pub(super) seen: u64,
}

impl Returned {
    /// Begins below all batches of the source, which may be those of an earlier salvage. `waiting`
    /// are the own records of these batches.
    pub(super) fn below(
        source: &Source,
        into: &Path,
        waiting: OwnWaiting,
    ) -> Result<Self, StoreError> {
        let mut lowest = RETURNED_BELOW;
        scan(&source.database.pending, b"", &mut |key, _| {
            if let Ok((sequence, _)) = parse_pending_key(key) {
                lowest = lowest.min(sequence);
            }
            Ok(())
        })?;
        Ok(Self {
            waiting,
            aside_ids: HashSet::new(),
            batch: Vec::new(),
            bytes: 0,
            sequence: lowest.saturating_sub(RETURNED_NUMBERS),
            aside: Aside::beside(into),
            count: 0,
            seen: 0,
        })
    }

    pub(super) fn push(
        &mut self,
        writer: &mut Writer,
        marks: &mut Marks,
        text: String,
    ) -> Result<(), StoreError> {
        self.seen = self.seen.saturating_add(1);
        let id = leaf_hash(text.as_bytes());
        if self.aside_ids.contains(&id) {
            return Ok(());
        }
        match self.waiting.add(id, &text) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(TooManyWaiting(_)) => {
                self.aside_ids.insert(id);
                marks.found([text.as_str()].into_iter());
                return self.aside.push(text);
            }
        }
        let is_full = self.batch.len() >= MAX_RETURNED_RECORDS
            || self.bytes.saturating_add(text.len()) > MAX_RETURNED_BYTES;
        if is_full && !self.batch.is_empty() {
            self.finish(writer, marks)?;
        }
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(text.len());
        self.batch.push(PendingRecord { is_own: true, text: text.into() });
        Ok(())
    }

    /// Writes what is left. Returns how many records are in the file beside the database.
    pub(super) fn finish_all(
        &mut self,
        writer: &mut Writer,
        marks: &mut Marks,
    ) -> Result<u64, StoreError> {
        self.finish(writer, marks)?;
        self.aside.finish()
    }

    /// Writes what was not written yet.
    fn finish(&mut self, writer: &mut Writer, marks: &mut Marks) -> Result<(), StoreError> {
        let records = std::mem::take(&mut self.batch);
        self.bytes = 0;
        if records.is_empty() {
            return Ok(());
        }
        let sequence = self.sequence;
        self.sequence = sequence.saturating_add(1);
        for record in &records {
            marks.mark(writer, &leaf_hash(record.text.as_bytes()), sequence)?;
        }
        writer.append_pending(&PendingBatch { sequence, records })
    }
}

/// Copies the batches that are whole. Returns the own records of them.
pub(super) fn salvage_batches(
    source: &Source,
    opened: &mut Opened,
    marks: &mut Marks,
    bounds: WaitingBounds,
    found: &mut Salvaged,
) -> Result<OwnWaiting, StoreError> {
    let mut waiting = OwnWaiting::within(bounds);
    // A pool is bounded, and so is this.
    let mut parts: BTreeMap<u64, BTreeMap<u16, Vec<u8>>> = BTreeMap::new();
    let is_read = scan(&source.database.pending, b"", &mut |key, value| {
        if let Ok((sequence, chunk)) = parse_pending_key(key) {
            parts.entry(sequence).or_default().insert(chunk, value.to_vec());
        }
        Ok(())
    })?;
    if !is_read {
        found.unread.push("some of the records that waited for a block");
    }
    for (sequence, parts) in parts {
        let is_complete = (0..).zip(parts.keys()).all(|(number, chunk)| number == *chunk);
        let value = parts.into_values().flatten().collect::<Vec<_>>();
        let Some(batch) = decode_batch(sequence, &value).ok().filter(|_| is_complete) else {
            found.lost_batches.push(sequence);
            continue;
        };
        marks.found(batch.records.iter().map(|record| &*record.text));
        found.pending = found.pending.saturating_add(batch.records.len() as u64);
        for record in &batch.records {
            let id = leaf_hash(record.text.as_bytes());
            if record.is_own && marks.are_lost() {
                // A node takes an own record without its mark for a cancelled one, and drops it.
                marks.mark(&mut opened.writer, &id, sequence)?;
            }
            if opened.reader.is_own(&id)? {
                waiting.count(id, &record.text);
            }
        }
        opened.writer.append_pending(&batch)?;
    }
    Ok(waiting)
}
