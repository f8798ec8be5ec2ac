//! The reorgs since the start, for the log and for status.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::{Disconnection, ReorgSummary};
use crate::chain::{BlockId, Hash, Timestamp};
use crate::store::Reorg;

/// Disconnected blocks that a summary names, and that the log lists one by one.
const MAX_NAMED: usize = 256;

/// Summaries kept, newest first: at most 16 of 256 blocks, 160 KiB.
const MAX_RECENT: usize = 16;

/// Target of the log for what must be on record line by line: no limit of repeated lines leaves
/// any out. A disconnected block cost more work and disk than its line does.
const AUDIT: &str = "audit";

/// Reorgs whose disconnected blocks are remembered.
const MAX_REORGS: usize = 1_000;

/// Disconnected blocks that are remembered by their hash, 32 bytes each: 2 MiB.
const MAX_HASHES: usize = 65_536;

/// Counts reorgs and remembers the latest.
#[derive(Debug, Default)]
pub(super) struct ReorgLog(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    count: u64,
    recent: VecDeque<ReorgSummary>,
    /// Newest first.
    reorgs: VecDeque<PastReorg>,
    /// Hashes in all of `reorgs`.
    hashes: usize,
}

/// A reorg with the hashes of all the blocks that it disconnected, from `fork` + 1 on.
#[derive(Debug)]
struct PastReorg {
    what: Disconnection,
    hashes: Vec<Hash>,
}

impl ReorgLog {
    /// Logs, counts and keeps a reorg.
    pub(super) fn record(&self, reorg: &Reorg, time: Timestamp) {
        let summary = summarise(reorg, time);
        warn(&summary);
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.count += 1;
        log.recent.truncate(MAX_RECENT - 1);
        log.recent.push_front(summary);
        log.remember(PastReorg::of(reorg, time));
    }

    /// The latest reorg that disconnected this block; `None` if it is not remembered.
    pub(super) fn disconnection(&self, id: BlockId) -> Option<Disconnection> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.reorgs.iter().find(|reorg| reorg.disconnected(id)).map(|reorg| reorg.what)
    }

    /// How many there were, and the latest, newest first.
    pub(super) fn get(&self) -> (u64, Vec<ReorgSummary>) {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (log.count, log.recent.iter().cloned().collect())
    }
}

impl Log {
    /// Keeps a reorg, and forgets the oldest ones above the bounds.
    fn remember(&mut self, mut reorg: PastReorg) {
        reorg.hashes.truncate(MAX_HASHES);
        self.hashes = self.hashes.saturating_add(reorg.hashes.len());
        self.reorgs.push_front(reorg);
        while self.reorgs.len() > MAX_REORGS || self.hashes > MAX_HASHES {
            let Some(oldest) = self.reorgs.pop_back() else { break };
            self.hashes = self.hashes.saturating_sub(oldest.hashes.len());
        }
    }
}

impl PastReorg {
    fn of(reorg: &Reorg, time: Timestamp) -> Self {
        let what = Disconnection {
            time,
            fork: reorg.fork,
            depth: reorg.disconnected.len() as u64,
            new_tip: reorg.new_tip.id(),
        };
        Self { what, hashes: reorg.disconnected.clone() }
    }

    fn disconnected(&self, id: BlockId) -> bool {
        let place = id.height.above(self.what.fork).checked_sub(1);
        let place = place.and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.hashes.get(place)) == Some(&id.hash)
    }
}

fn summarise(reorg: &Reorg, time: Timestamp) -> ReorgSummary {
    let heights = std::iter::successors(Some(reorg.fork.next()), |height| Some(height.next()));
    let disconnected = heights.zip(&reorg.disconnected).take(MAX_NAMED);
    ReorgSummary {
        time,
        fork: reorg.fork,
        depth: reorg.disconnected.len() as u64,
        disconnected: disconnected.map(|(height, &hash)| BlockId { height, hash }).collect(),
        new_tip: reorg.new_tip.id(),
    }
}

fn warn(reorg: &ReorgSummary) {
    tracing::warn!(
        target: AUDIT,
        fork = %reorg.fork,
        depth = reorg.depth,
        height = %reorg.new_tip.height,
        hash = %reorg.new_tip.hash,
        "reorganised to a branch with more work"
    );
    for block in &reorg.disconnected {
        tracing::warn!(target: AUDIT, height = %block.height, hash = %block.hash, "disconnected block");
    }
    let unnamed = reorg.depth.saturating_sub(reorg.disconnected.len() as u64);
    if unnamed > 0 {
        tracing::warn!(target: AUDIT, "and {unnamed} more disconnected blocks above them");
    }
}

#[cfg(test)]
mod tests;
