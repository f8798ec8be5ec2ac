//! The swaps since the start, for the log and for status.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::{DisplacedBlock, SwapSummary};
use crate::chain::Timestamp;
use crate::store::Swap;

/// Displaced blocks that a summary names, and that the log lists one by one.
const MAX_NAMED: usize = 256;

/// Summaries kept, newest first: at most 16 of 256 blocks, 160 KiB.
const MAX_RECENT: usize = 16;

/// Target of the log for what must be on record line by line: no limit of repeated lines leaves
/// any out. A displaced block cost more work and disk than its line does.
const AUDIT: &str = "audit";

/// Counts swaps and remembers the latest.
#[derive(Debug, Default)]
pub(super) struct SwapLog(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    count: u64,
    recent: VecDeque<SwapSummary>,
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
    }

    /// How many there were, and the latest, newest first.
    pub(super) fn get(&self) -> (u64, Vec<SwapSummary>) {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (log.count, log.recent.iter().cloned().collect())
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
