//! The latest reorgs, for the log and for status.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::{Disconnection, ReorgSummary};
use crate::chain::{BlockId, Hash, HashPattern, Height, Timestamp};
use crate::store::{RecordedReorg, Reorg};

/// Disconnected blocks that a summary names, and that the log lists one by one.
const MAX_NAMED: usize = 256;

/// Reorgs that the status names.
const MAX_RECENT: usize = 16;

/// Target of the log for what must be on record line by line: no limit of repeated lines leaves
/// any out. A disconnected block cost more work and disk than its line does.
pub const AUDIT: &str = "audit";

/// Target of the log for records that clients send, below [`AUDIT`]: any client may cause as many
/// lines as it sends requests, so they are limited as all others are.
pub const AUDIT_RECORDS: &str = "audit::records";

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
    /// Newest first.
    reorgs: VecDeque<PastReorg>,
    /// Hashes in all of `reorgs`.
    hashes: usize,
}

/// A block that a reorg disconnected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct DisconnectedBlock {
    /// The reorg's number.
    pub(super) number: u64,
    /// When it was done.
    pub(super) time: Timestamp,
    pub(super) id: BlockId,
}

/// A reorg with the hashes of all the blocks that it disconnected, from `fork` + 1 on.
#[derive(Debug)]
struct PastReorg {
    what: Disconnection,
    hashes: Vec<Hash>,
}

impl ReorgLog {
    /// Continues with the reorgs on record, newest first.
    pub(super) fn of(recorded: Vec<RecordedReorg>) -> Self {
        let mut log = Log::default();
        for reorg in recorded.into_iter().rev() {
            log.count = reorg.number;
            log.remember(PastReorg::recorded(reorg));
        }
        Self(Mutex::new(log))
    }

    /// Logs, counts and keeps a reorg.
    pub(super) fn record(&self, reorg: &Reorg, time: Timestamp) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.count += 1;
        let past = PastReorg::of(log.count, reorg, time);
        let summary = past.summary();
        log.remember(past);
        drop(log);
        warn(&summary);
    }

    /// The latest reorg that disconnected this block; `None` if it is not remembered.
    pub(super) fn disconnection(&self, id: BlockId) -> Option<Disconnection> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.reorgs.iter().find(|reorg| reorg.disconnected(id)).map(|reorg| reorg.what)
    }

    /// The number of the latest reorg, and the blocks that the reorgs above `number` disconnected:
    /// by number and height in ascending order, the last `max` of them.
    pub(super) fn blocks_above(&self, number: u64, max: usize) -> (u64, Vec<DisconnectedBlock>) {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = log.reorgs.iter().take_while(|reorg| reorg.what.number > number);
        let mut blocks: Vec<_> = new.flat_map(PastReorg::blocks_downwards).take(max).collect();
        blocks.reverse();
        (log.count, blocks)
    }

    /// The blocks that this reorg disconnected, lowest first, from a height on, at most `max`;
    /// `None` if it is not remembered.
    pub(super) fn blocks_of(
        &self,
        number: u64,
        from: Option<Height>,
        max: usize,
    ) -> Option<Vec<BlockId>> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reorg = log.reorgs.iter().find(|reorg| reorg.what.number == number)?;
        let is_wanted = |block: &BlockId| from.is_none_or(|from| block.height >= from);
        Some(reorg.blocks().filter(is_wanted).take(max).collect())
    }

    /// The blocks that reorgs disconnected whose hashes match, latest reorg first, each once, at
    /// most `max`.
    pub(super) fn matching(&self, pattern: &HashPattern, max: usize) -> Vec<BlockId> {
        let (low, high) = pattern.range();
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let blocks = log.reorgs.iter().flat_map(PastReorg::blocks);
        let near = blocks.filter(|block| (low..=high).contains(&block.hash));
        let mut found = Vec::new();
        for block in near.filter(|block| pattern.matches(&block.hash)) {
            if found.len() < max && !found.contains(&block) {
                found.push(block);
            }
        }
        found
    }

    /// How many there were, and the latest, newest first.
    pub(super) fn get(&self) -> (u64, Vec<ReorgSummary>) {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (log.count, log.page(None, MAX_RECENT))
    }

    /// The latest reorgs with a number below `before`, newest first, at most `max`.
    pub(super) fn page(&self, before: Option<u64>, max: usize) -> Vec<ReorgSummary> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).page(before, max)
    }
}

impl Log {
    fn page(&self, before: Option<u64>, max: usize) -> Vec<ReorgSummary> {
        let is_wanted = |reorg: &&PastReorg| before.is_none_or(|before| reorg.what.number < before);
        self.reorgs.iter().filter(is_wanted).take(max).map(PastReorg::summary).collect()
    }

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
    fn recorded(reorg: RecordedReorg) -> Self {
        let RecordedReorg { number, time, fork, depth, disconnected, new_tip } = reorg;
        Self { what: Disconnection { number, time, fork, depth, new_tip }, hashes: disconnected }
    }

    fn of(number: u64, reorg: &Reorg, time: Timestamp) -> Self {
        let what = Disconnection {
            number,
            time,
            fork: reorg.fork,
            depth: reorg.disconnected.len() as u64,
            new_tip: reorg.new_tip.id(),
        };
        Self { what, hashes: reorg.disconnected.clone() }
    }

    fn summary(&self) -> ReorgSummary {
        ReorgSummary {
            number: self.what.number,
            time: self.what.time,
            fork: self.what.fork,
            depth: self.what.depth,
            disconnected: self.blocks().take(MAX_NAMED).collect(),
            new_tip: self.what.new_tip,
        }
    }

    /// The disconnected blocks, lowest first.
    fn blocks(&self) -> impl Iterator<Item = BlockId> + '_ {
        let fork = self.what.fork;
        let ids = (1..).zip(&self.hashes);
        ids.map(move |(above, &hash)| BlockId { height: fork.ahead(above), hash })
    }

    /// The same, highest first.
    fn blocks_downwards(&self) -> impl Iterator<Item = DisconnectedBlock> + '_ {
        let Disconnection { number, time, .. } = self.what;
        let blocks: Vec<_> =
            self.blocks().map(|id| DisconnectedBlock { number, time, id }).collect();
        blocks.into_iter().rev()
    }

    fn disconnected(&self, id: BlockId) -> bool {
        let place = id.height.above(self.what.fork).checked_sub(1);
        let place = place.and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.hashes.get(place)) == Some(&id.hash)
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
