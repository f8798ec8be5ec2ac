//! The records that peers relayed. They are in memory alone, take at most half of the pool, and
//! make room for those of clients.

use std::collections::HashSet;
use std::time::Duration;

use super::{NewRecord, Pool, PoolPlace, RELAYED_PART, Stage};
use crate::chain::Hash;
use crate::store::pending_charge;

impl Pool {
    /// Takes relayed records that are known not to be on the main chain, as far as there is room
    /// for them and they are not in the pool. They wait at once. Returns how many were taken.
    pub(in crate::node) fn admit_relayed(
        &mut self,
        records: Vec<NewRecord>,
        now: Duration,
    ) -> usize {
        let (mut count, mut bytes) = self.room_for_relayed();
        let (mut taken, mut ids) = (Vec::new(), HashSet::new());
        for record in records {
            debug_assert!(!record.is_own && record.is_checked, "{} is not relayed", record.id);
            let Some(rest) = bytes.checked_sub(pending_charge(&record.text)) else { continue };
            if count > 0 && !self.by_id.contains_key(&record.id) && ids.insert(record.id) {
                (count, bytes) = (count - 1, rest);
                taken.push(record);
            }
        }
        let taken_count = taken.len();
        if taken_count > 0 {
            let batch = self.next_sequence();
            self.insert(batch, taken, Stage::Waiting, now);
            // Nothing of it is on the disk that would have to be removed.
            self.batches.remove(&batch);
        }
        taken_count
    }

    /// Records and charged bytes that may still be relayed.
    fn room_for_relayed(&self) -> (usize, u64) {
        let part = usize::try_from(RELAYED_PART).unwrap_or(usize::MAX);
        let count = (self.max_records / part).saturating_sub(self.relayed.len());
        let bytes = (self.max_bytes / RELAYED_PART).saturating_sub(self.relayed_bytes);
        // What a reorg puts back may exceed the bounds.
        let all_count = self.max_records.saturating_sub(self.records.len());
        let all_bytes = self.max_bytes.saturating_sub(self.bytes);
        (count.min(all_count), bytes.min(all_bytes))
    }

    /// The relayed record with this id that is in no block, as an own one that may enter the pool
    /// in its place: see [`Pool::release_relayed`].
    pub(in crate::node) fn relayed_as_own(&self, id: &Hash) -> Option<NewRecord> {
        let place = self.by_id.get(id)?;
        let entry = self.records.get(place)?;
        let is_out = !matches!(entry.stage, Stage::InBlock(_));
        (self.relayed.contains(place) && is_out)
            .then(|| NewRecord { is_own: true, ..entry.record.clone() })
    }

    /// Removes the relayed record with this id, if there is one: an own one takes its place.
    pub(in crate::node) fn release_relayed(&mut self, id: &Hash) {
        if let Some(place) = self.by_id.get(id).filter(|place| self.relayed.contains(place)) {
            self.remove(*place);
        }
    }

    /// A client sent a record that was relayed before and is in a block: it is an own one now.
    pub(in crate::node) fn make_own(&mut self, id: &Hash) {
        let Some(place) = self.by_id.get(id) else { return };
        if self.relayed.remove(place)
            && let Some(entry) = self.records.get_mut(place)
        {
            entry.record.is_own = true;
            self.relayed_bytes -= pending_charge(&entry.record.text);
        }
    }

    /// The newest relayed record that is in no block.
    pub(super) fn last_relayed(&self) -> Option<PoolPlace> {
        let is_out = |place: &PoolPlace| {
            let stage = self.records.get(place).map(|entry| entry.stage);
            !matches!(stage, Some(Stage::InBlock(_)))
        };
        self.relayed.iter().rev().copied().find(is_out)
    }
}

#[cfg(test)]
mod tests;
