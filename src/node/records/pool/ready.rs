//! The records that a block may be mined of: they wait, and are known not to be on the main chain.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::{Pool, PoolPlace, PoolRecord, Stage};
use crate::chain::{Hash, Spec};

/// Those records.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// Their places, oldest first.
    places: BTreeSet<PoolPlace>,
    bytes: u64,
    /// Relayed records that wait until they are due, by that time.
    delayed: BTreeSet<(Duration, PoolPlace)>,
}

/// What the next block may be mined of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::node) struct ReadySum {
    /// How long the oldest record has waited, a relayed one since it was due.
    pub(in crate::node) wait: Duration,
    /// Whether the records fill a block.
    pub(in crate::node) fills_block: bool,
    /// About the memory that the records of the next block take, in bytes.
    pub(in crate::node) size_bytes: u64,
}

/// Records of the pool for one block, oldest first.
#[derive(Clone, Debug, Default)]
pub(in crate::node) struct Picked {
    pub(in crate::node) ids: Vec<Hash>,
    pub(in crate::node) texts: Vec<Arc<str>>,
}

impl Ready {
    fn insert(&mut self, place: PoolPlace, text: &str) {
        if self.places.insert(place) {
            self.bytes += text.len() as u64;
        }
    }

    pub(super) fn remove(&mut self, place: PoolPlace, entry: &PoolRecord) {
        self.delayed.remove(&(entry.due, place));
        if self.places.remove(&place) {
            self.bytes -= entry.record.text.len() as u64;
        }
    }
}

impl Pool {
    /// Files a record by what a block may be mined of.
    pub(super) fn sort(&mut self, place: PoolPlace) {
        let Some(entry) = self.records.get(&place) else { return };
        if entry.stage != Stage::Waiting || !entry.record.is_checked {
            self.ready.remove(place, entry);
        } else if entry.record.is_own {
            self.ready.insert(place, &entry.record.text);
        } else {
            self.ready.delayed.insert((entry.due, place));
        }
    }

    /// Takes up the relayed records that are due by now.
    fn take_up_due(&mut self, now: Duration) {
        while let Some(&(due, place)) = self.ready.delayed.first()
            && due <= now
        {
            self.ready.delayed.pop_first();
            if let Some(entry) = self.records.get(&place) {
                self.ready.insert(place, &entry.record.text);
            }
        }
    }

    /// When the next relayed record is due, `None` if none waits for that.
    pub(in crate::node) fn next_due(&self) -> Option<Duration> {
        self.ready.delayed.first().map(|&(due, _)| due)
    }

    /// What the next block may be mined of, `None` if there is no record for it.
    pub(in crate::node) fn ready(&mut self, spec: &Spec, now: Duration) -> Option<ReadySum> {
        self.take_up_due(now);
        let oldest = self.records.get(self.ready.places.first()?)?;
        let (count, bytes) = (self.ready.places.len() as u64, self.ready.bytes);
        let (max_count, max_bytes) = (u64::from(spec.max_block_records()), spec.max_block_bytes());
        let strings = count.min(max_count) * size_of::<String>() as u64;
        Some(ReadySum {
            wait: now.saturating_sub(oldest.due),
            fills_block: count >= max_count || bytes >= max_bytes,
            size_bytes: bytes.min(max_bytes) + strings,
        })
    }

    /// The oldest records that a block may be mined of, as many as fit it. They go on waiting.
    /// Relayed ones are among them once [`Pool::ready`] found them due.
    pub(in crate::node) fn pick(&self, spec: &Spec) -> Picked {
        let mut picked = Picked::default();
        let mut room = spec.max_block_bytes();
        for place in self.ready.places.iter().take(spec.max_block_records() as usize) {
            let Some(entry) = self.records.get(place) else { break };
            let Some(rest) = room.checked_sub(entry.record.text.len() as u64) else { break };
            room = rest;
            picked.ids.push(entry.record.id);
            picked.texts.push(Arc::clone(&entry.record.text));
        }
        picked
    }

    /// A block of these records was found: they wait no more until the writer applies it or
    /// gives it back. Returns false, and changes nothing, if one of them does not wait any more.
    pub(in crate::node) fn hand_over(&mut self, ids: &[Hash]) -> bool {
        let all_wait = self.are_at(ids, Stage::Waiting);
        if all_wait {
            self.move_all(ids, Stage::Waiting, Stage::Mined);
        }
        all_wait
    }

    /// Whether all of them are still in the block that the writer has yet to apply.
    pub(in crate::node) fn are_mined(&self, ids: &[Hash]) -> bool {
        self.are_at(ids, Stage::Mined)
    }

    /// Their block was not applied: those that no other block has wait again.
    pub(in crate::node) fn give_back(&mut self, ids: &[Hash]) {
        self.move_all(ids, Stage::Mined, Stage::Waiting);
    }

    fn are_at(&self, ids: &[Hash], stage: Stage) -> bool {
        ids.iter().all(|id| self.get(id).is_some_and(|entry| entry.stage == stage))
    }

    fn move_all(&mut self, ids: &[Hash], from: Stage, to: Stage) {
        for id in ids {
            let Some(&place) = self.by_id.get(id) else { continue };
            if let Some(entry) = self.records.get_mut(&place)
                && entry.stage == from
            {
                entry.stage = to;
                self.sort(place);
            }
        }
    }
}

#[cfg(test)]
mod tests;
