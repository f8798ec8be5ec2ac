//! Own records that wait for a block, counted where something adds to them whatever the bounds of the
//! pool are: a backup, or what is salvaged of a damaged database.

use std::collections::HashSet;

use crate::chain::Hash;

/// What a pending record is charged beside its text.
const RECORD_OVERHEAD: u64 = 32;

/// The least that a pending record is charged.
const MIN_CHARGE: u64 = 64;

/// Returns the bytes that a pending record is charged, in memory and against every bound.
pub const fn pending_charge(text: &str) -> u64 {
    let bytes = (text.len() as u64).saturating_add(RECORD_OVERHEAD);
    if bytes < MIN_CHARGE { MIN_CHARGE } else { bytes }
}

/// How many own records may wait where something adds to them. A node holds all that wait in
/// memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WaitingBounds {
    /// Most records.
    pub records: usize,
    /// Most bytes that they are charged.
    pub bytes: u64,
}

impl WaitingBounds {
    /// Those of a database: four times what a pool takes, 256 MiB. A reorg puts records back
    /// whatever the bounds of the pool are, and the backup of a node after one has to be imported.
    pub const OF_A_DATABASE: Self = Self { records: 400_000, bytes: 256 << 20 };
}

/// There are too many own records that wait for a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("with those of the directory, there are more than {} pending records, or {} MiB of them", .0.records, .0.bytes >> 20)]
pub struct TooManyWaiting(pub WaitingBounds);

/// Own records that wait for a block, by their ids. Takes 32 bytes for each.
#[derive(Debug)]
pub struct OwnWaiting {
    ids: HashSet<Hash>,
    /// What they are charged.
    bytes: u64,
    bounds: WaitingBounds,
}

impl OwnWaiting {
    /// None so far.
    pub fn within(bounds: WaitingBounds) -> Self {
        Self { ids: HashSet::new(), bytes: 0, bounds }
    }

    /// Counts a record that waits already, whatever the bounds are.
    pub fn count(&mut self, id: Hash, text: &str) {
        if self.ids.insert(id) {
            self.bytes = self.bytes.saturating_add(pending_charge(text));
        }
    }

    /// Adds a record. Returns whether it is new.
    ///
    /// # Errors
    /// When it is new, and there is no room for it.
    pub fn add(&mut self, id: Hash, text: &str) -> Result<bool, TooManyWaiting> {
        if self.ids.contains(&id) {
            return Ok(false);
        }
        let bytes = self.bytes.saturating_add(pending_charge(text));
        if self.ids.len() >= self.bounds.records || bytes > self.bounds.bytes {
            return Err(TooManyWaiting(self.bounds));
        }
        self.count(id, text);
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
