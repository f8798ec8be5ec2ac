//! The swaps since the start, for the log and for status.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::{DisplacedBlock, Displacement, SwapSummary};
use crate::chain::{Hash, Height, Timestamp};
use crate::store::Swap;

/// Displaced blocks that a summary names, and that the log lists one by one.
const MAX_NAMED: usize = 256;

/// Summaries kept, newest first: at most 16 of 256 blocks, 160 KiB.
const MAX_RECENT: usize = 16;

/// Target of the log for what must be on record line by line: no limit of repeated lines leaves
/// any out. A displaced block cost more work and disk than its line does.
const AUDIT: &str = "audit";

/// Reorgs whose disconnected blocks are remembered.
const MAX_REORGS: usize = 1_000;

/// Disconnected blocks that are remembered by their hash, 32 bytes each: 2 MiB.
const MAX_HASHES: usize = 65_536;

/// Counts swaps and remembers the latest.
#[derive(Debug, Default)]
pub(super) struct SwapLog(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    count: u64,
    recent: VecDeque<SwapSummary>,
    /// Newest first.
    reorgs: VecDeque<Reorg>,
    /// Hashes in all of `reorgs`.
    hashes: usize,
}

/// A reorg with the hashes of all the blocks that it disconnected, from `fork` + 1 on.
#[derive(Debug)]
struct Reorg {
    what: Displacement,
    hashes: Vec<Hash>,
}

impl SwapLog {
    /// Logs, counts and keeps a swap.
    pub(super) fn record(&self, swap: &Swap, time: Timestamp) {
        let summary = summarise(swap, time);
        warn(&summary);
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.count += 1;
        log.recent.truncate(MAX_RECENT - 1);
        log.recent.push_front(summary);
        log.remember(Reorg::of(swap, time));
    }

    /// The latest reorg that disconnected this block; `None` if it is not remembered.
    pub(super) fn displacement(&self, height: Height, hash: &Hash) -> Option<Displacement> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.reorgs.iter().find(|reorg| reorg.disconnected(height, hash)).map(|reorg| reorg.what)
    }

    /// How many there were, and the latest, newest first.
    pub(super) fn get(&self) -> (u64, Vec<SwapSummary>) {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (log.count, log.recent.iter().cloned().collect())
    }
}

impl Log {
    /// Keeps a reorg, and forgets the oldest ones above the bounds.
    fn remember(&mut self, mut reorg: Reorg) {
        reorg.hashes.truncate(MAX_HASHES);
        self.hashes = self.hashes.saturating_add(reorg.hashes.len());
        self.reorgs.push_front(reorg);
        while self.reorgs.len() > MAX_REORGS || self.hashes > MAX_HASHES {
            let Some(oldest) = self.reorgs.pop_back() else { break };
            self.hashes = self.hashes.saturating_sub(oldest.hashes.len());
        }
    }
}

impl Reorg {
    fn of(swap: &Swap, time: Timestamp) -> Self {
        let what = Displacement {
            time,
            fork: swap.fork,
            depth: swap.displaced.len() as u64,
            new_height: swap.new_tip.header.height,
            new_hash: swap.new_tip.hash,
        };
        Self { what, hashes: swap.displaced.clone() }
    }

    fn disconnected(&self, height: Height, hash: &Hash) -> bool {
        let place = height.above(self.what.fork).checked_sub(1);
        let place = place.and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.hashes.get(place)) == Some(hash)
    }
}

fn summarise(swap: &Swap, time: Timestamp) -> SwapSummary {
    let heights = std::iter::successors(Some(swap.fork.next()), |height| Some(height.next()));
    let displaced = heights.zip(&swap.displaced).take(MAX_NAMED);
    SwapSummary {
        time,
        fork: swap.fork,
        depth: swap.displaced.len() as u64,
        displaced: displaced.map(|(height, &hash)| DisplacedBlock { height, hash }).collect(),
        new_height: swap.new_tip.header.height,
        new_hash: swap.new_tip.hash,
    }
}

fn warn(swap: &SwapSummary) {
    tracing::warn!(
        target: AUDIT,
        fork = %swap.fork,
        depth = swap.depth,
        height = %swap.new_height,
        hash = %swap.new_hash,
        "swapped to a branch with more work"
    );
    for block in &swap.displaced {
        tracing::warn!(target: AUDIT, height = %block.height, hash = %block.hash, "displaced block");
    }
    let unnamed = swap.depth.saturating_sub(swap.displaced.len() as u64);
    if unnamed > 0 {
        tracing::warn!(target: AUDIT, "and {unnamed} more displaced blocks above them");
    }
}

#[cfg(test)]
mod tests;
