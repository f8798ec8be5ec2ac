//! The records that wait for a block, in memory. No I/O and no clock: a caller gives both.

pub(in crate::node) mod ready;
mod record;
mod relayed;
mod usage;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use self::ready::Ready;
pub use self::record::PoolPlace;
pub(in crate::node) use self::record::{NewRecord, PoolRecord, Stage};
pub use self::usage::PoolUsage;
use crate::chain::{Hash, Height};
use crate::node::random_delay::RandomDelay;
use crate::store::pending_charge;

/// Most records in the pool. What a reorg puts back may exceed it.
pub(in crate::node) const MAX_POOL_RECORDS: usize = 100_000;

/// Most bytes that the records of the pool are charged. What a reorg puts back may exceed it.
pub(in crate::node) const MAX_POOL_BYTES: u64 = 64 << 20;

/// Part of both bounds that relayed records may take, so that clients keep the rest.
const RELAYED_PART: u64 = 2;

/// Sequence of the first batch: what a reorg puts back goes below it.
pub(in crate::node) const FIRST_SEQUENCE: u64 = 1 << 63;

/// A record that moves on once what was written is durable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::node) enum Unsettled {
    /// It waits then.
    Arrived(PoolPlace),
    /// It is gone then.
    Included(PoolPlace),
}

/// The pool has no room for the records of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::node) struct PoolFull;

/// What remains of a batch of which a record was cancelled.
#[derive(Clone, Debug)]
pub(in crate::node) struct Remainder {
    pub(in crate::node) batch: u64,
    pub(in crate::node) records: Vec<NewRecord>,
}

/// The records that wait for a block, by their place and by their id.
#[derive(Debug)]
pub(in crate::node) struct Pool {
    records: BTreeMap<PoolPlace, PoolRecord>,
    by_id: HashMap<Hash, PoolPlace>,
    /// For each batch, how many of its records are neither gone nor in a block.
    batches: HashMap<u64, u32>,
    relayed: BTreeSet<PoolPlace>,
    unchecked: BTreeSet<PoolPlace>,
    /// Those that a block may be mined of.
    ready: Ready,
    /// Of what was written since [`Pool::take_unsettled`].
    unsettled: Vec<Unsettled>,
    bytes: u64,
    relayed_bytes: u64,
    next_sequence: u64,
    /// All sequences in use are at or above it.
    low_sequence: u64,
    max_records: usize,
    max_bytes: u64,
    /// How long relayed records wait before a block is mined of them.
    relayed_delay: RandomDelay,
}

impl Default for Pool {
    fn default() -> Self {
        Self::with_bounds(MAX_POOL_RECORDS, MAX_POOL_BYTES)
    }
}

impl Pool {
    pub(in crate::node) fn with_bounds(max_records: usize, max_bytes: u64) -> Self {
        Self {
            records: BTreeMap::new(),
            by_id: HashMap::new(),
            batches: HashMap::new(),
            relayed: BTreeSet::new(),
            unchecked: BTreeSet::new(),
            ready: Ready::default(),
            unsettled: Vec::new(),
            bytes: 0,
            relayed_bytes: 0,
            next_sequence: FIRST_SEQUENCE,
            low_sequence: FIRST_SEQUENCE,
            max_records,
            max_bytes,
            relayed_delay: RandomDelay::NONE,
        }
    }

    /// Has relayed records wait so long before a block is mined of them, those of one batch alike.
    #[must_use]
    pub(in crate::node) fn with_relayed_delay(self, relayed_delay: RandomDelay) -> Self {
        Self { relayed_delay, ..self }
    }

    /// Sequence for the next batch of a client.
    pub(in crate::node) const fn next_sequence(&mut self) -> u64 {
        let next = self.next_sequence;
        self.next_sequence += 1;
        next
    }

    /// The first of this many consecutive sequences below all others.
    pub(in crate::node) const fn low_sequences(&mut self, count: u64) -> u64 {
        self.low_sequence -= count;
        self.low_sequence
    }

    /// Whether new own records fit, all of them different and none of them in the pool as an own
    /// one. They may take the places of relayed ones.
    pub(in crate::node) fn check_room(&self, records: &[NewRecord]) -> Result<(), PoolFull> {
        if records.is_empty() {
            return Ok(());
        }
        let bytes: u64 = records.iter().map(|record| pending_charge(&record.text)).sum();
        let fits = self.records.len() - self.relayed.len() + records.len() <= self.max_records
            && self.bytes - self.relayed_bytes + bytes <= self.max_bytes;
        if fits { Ok(()) } else { Err(PoolFull) }
    }

    /// Takes a batch for which [`Pool::check_room`] found room. Returns the batches of which
    /// nothing is left, since relayed records made room.
    pub(in crate::node) fn admit(
        &mut self,
        batch: u64,
        records: Vec<NewRecord>,
        now: Duration,
    ) -> Vec<u64> {
        self.insert(batch, records, Stage::Arriving, now);
        let mut finished = Vec::new();
        while self.records.len() > self.max_records || self.bytes > self.max_bytes {
            let Some(place) = self.last_relayed() else { break };
            finished.extend(self.leave_batch(place));
            self.remove(place);
        }
        finished
    }

    /// Takes a batch whatever the bound: what a reorg puts back, or what the disk holds.
    pub(in crate::node) fn restore(&mut self, batch: u64, records: Vec<NewRecord>, now: Duration) {
        self.insert(batch, records, Stage::Waiting, now);
    }

    fn insert(&mut self, batch: u64, records: Vec<NewRecord>, stage: Stage, now: Duration) {
        self.next_sequence = self.next_sequence.max(batch.saturating_add(1));
        self.low_sequence = self.low_sequence.min(batch);
        let mut relayed_due = None;
        for (index, record) in (0..).zip(records) {
            let place = PoolPlace { batch, index };
            let taken = self.by_id.insert(record.id, place);
            debug_assert!(taken.is_none(), "record {} is in the pool twice", record.id);
            let bytes = pending_charge(&record.text);
            self.bytes += bytes;
            if !record.is_own {
                self.relayed.insert(place);
                self.relayed_bytes += bytes;
            }
            if !record.is_checked {
                self.unchecked.insert(place);
            }
            if stage == Stage::Arriving {
                self.unsettled.push(Unsettled::Arrived(place));
            }
            *self.batches.entry(batch).or_default() += 1;
            let due = if record.is_own {
                now
            } else {
                *relayed_due.get_or_insert_with(|| now + self.relayed_delay.draw())
            };
            self.records.insert(place, PoolRecord { record, stage, since: now, due });
            self.sort(place);
        }
    }

    /// A block at `height` was applied that holds these records: those in the pool are no longer
    /// waiting. Returns the batches of which none is left.
    pub(in crate::node) fn include<'a>(
        &mut self,
        ids: impl IntoIterator<Item = &'a Hash>,
        height: Height,
    ) -> Vec<u64> {
        let mut finished = Vec::new();
        for id in ids {
            let Some(&place) = self.by_id.get(id) else { continue };
            let Some(entry) = self.records.get_mut(&place) else { continue };
            if matches!(entry.stage, Stage::InBlock(_)) {
                continue;
            }
            entry.stage = Stage::InBlock(height);
            self.unsettled.push(Unsettled::Included(place));
            self.unchecked.remove(&place);
            self.sort(place);
            finished.extend(self.leave_batch(place));
        }
        finished
    }

    /// What moves on once all that was written so far is durable.
    pub(in crate::node) fn take_unsettled(&mut self) -> Vec<Unsettled> {
        std::mem::take(&mut self.unsettled)
    }

    /// What was written up to a [`Pool::take_unsettled`] is durable: arrived records wait, unless
    /// a later block has them, and those in blocks are gone.
    pub(in crate::node) fn settle(&mut self, unsettled: Vec<Unsettled>) {
        for record in unsettled {
            match record {
                Unsettled::Included(place) => self.remove(place),
                Unsettled::Arrived(place) => {
                    if let Some(entry) = self.records.get_mut(&place)
                        && entry.stage == Stage::Arriving
                    {
                        entry.stage = Stage::Waiting;
                        self.sort(place);
                    }
                }
            }
        }
    }

    /// Removes a record of this node's own that is in no applied block. Returns what remains of
    /// its batch, `None` if there is no such record.
    pub(in crate::node) fn cancel(&mut self, id: &Hash) -> Option<Remainder> {
        let place = *self.by_id.get(id)?;
        if self.relayed.contains(&place) {
            return None;
        }
        if !matches!(self.records.get(&place)?.stage, Stage::Waiting | Stage::Mined) {
            return None;
        }
        let is_last = self.leave_batch(place).is_some();
        self.remove(place);
        let batch = place.batch;
        if is_last {
            return Some(Remainder { batch, records: Vec::new() });
        }
        let first = PoolPlace { batch, index: 0 };
        let last = PoolPlace { batch, index: u32::MAX };
        let rest = self.records.range(first..=last).map(|(_, entry)| entry.record.clone());
        Some(Remainder { batch, records: rest.collect() })
    }

    /// The record was found in a durable block of the main chain: it is gone. Returns its batch if
    /// none of that is left.
    pub(in crate::node) fn found(&mut self, id: &Hash) -> Option<u64> {
        let place = *self.by_id.get(id)?;
        if matches!(self.records.get(&place)?.stage, Stage::InBlock(_)) {
            return None;
        }
        let finished = self.leave_batch(place);
        self.remove(place);
        finished
    }

    /// The record is not on the main chain.
    pub(in crate::node) fn check(&mut self, id: &Hash) {
        let Some(&place) = self.by_id.get(id) else { return };
        self.unchecked.remove(&place);
        if let Some(entry) = self.records.get_mut(&place) {
            entry.record.is_checked = true;
        }
        self.sort(place);
    }

    /// The oldest records of which it is not known whether they are on the main chain, at most
    /// `max`.
    pub(in crate::node) fn unchecked(&self, max: usize) -> Vec<Hash> {
        let places = self.unchecked.iter().take(max);
        places.filter_map(|place| self.records.get(place)).map(|entry| entry.record.id).collect()
    }

    /// The record with this id.
    pub(in crate::node) fn get(&self, id: &Hash) -> Option<&PoolRecord> {
        self.records.get(self.by_id.get(id)?)
    }

    /// The records behind a place, oldest first.
    pub(in crate::node) fn after(
        &self,
        place: Option<PoolPlace>,
    ) -> impl Iterator<Item = (PoolPlace, &PoolRecord)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = place.map_or(Unbounded, Excluded);
        self.records.range((from, Unbounded)).map(|(&place, entry)| (place, entry))
    }

    /// Whether no record is in the pool.
    pub(in crate::node) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How full the pool is.
    pub(in crate::node) fn usage(&self, now: Duration) -> PoolUsage {
        let oldest = self.records.values().map(|entry| entry.since).min();
        PoolUsage {
            records: self.records.len(),
            bytes: self.bytes,
            oldest_wait: oldest.map(|since| now.saturating_sub(since)),
        }
    }

    /// One record fewer of a batch is left. Returns the batch if it was the last one.
    fn leave_batch(&mut self, place: PoolPlace) -> Option<u64> {
        let left = self.batches.get_mut(&place.batch)?;
        *left -= 1;
        if *left > 0 {
            return None;
        }
        self.batches.remove(&place.batch);
        Some(place.batch)
    }

    fn remove(&mut self, place: PoolPlace) {
        let Some(entry) = self.records.remove(&place) else { return };
        let bytes = pending_charge(&entry.record.text);
        self.by_id.remove(&entry.record.id);
        self.unchecked.remove(&place);
        self.ready.remove(place, &entry);
        self.bytes -= bytes;
        if self.relayed.remove(&place) {
            self.relayed_bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests;
