//! The branches since the start that wait for the operator, for the log and for status.

use std::sync::{Mutex, PoisonError};

use super::reorg_log::AUDIT;
use crate::chain::{DeepFork, ForkPoint, Hash, Work, replaces};

/// Branches that are remembered; the one with least work makes room for one with more.
const MAX_FORKS: usize = 16;

/// The deep forks since the start.
#[derive(Debug, Default)]
pub(super) struct ForkLog(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    fork: DeepFork,
    is_accepted: bool,
}

impl ForkLog {
    /// Remembers a branch; tells the operator the first time.
    pub(super) fn note(&self, fork: DeepFork, max: u64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.iter_mut().find(|entry| entry.fork.fork.first == fork.fork.first);
        if let Some(entry) = same {
            if entry.fork.work <= fork.work {
                entry.fork = fork;
            }
            return;
        }
        if known.len() >= MAX_FORKS {
            let least = known.iter().enumerate().min_by_key(|(_, entry)| entry.fork.work);
            let Some((place, least)) = least.map(|(place, entry)| (place, entry.fork.work)) else {
                return;
            };
            if least >= fork.work {
                return;
            }
            known.remove(place);
        }
        known.push(Entry { fork, is_accepted: false });
        drop(known);
        warn(&fork, max);
    }

    /// Those that are not accepted and have more work than the main chain; the heaviest first.
    pub(super) fn waiting(&self, work: Work) -> Vec<DeepFork> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = known.iter().filter(|entry| !entry.is_accepted);
        let mut waiting: Vec<_> = waiting.map(|entry| entry.fork).collect();
        waiting.retain(|fork| replaces(fork.work, work));
        waiting.sort_by_key(|fork| std::cmp::Reverse(fork.work));
        waiting
    }

    /// The branch that begins with this block.
    pub(super) fn find(&self, first: &Hash) -> Option<DeepFork> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|entry| entry.fork).find(|fork| fork.fork.first == *first)
    }

    /// The operator accepted the branch.
    pub(super) fn accepted(&self, first: &Hash) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in known.iter_mut().filter(|entry| entry.fork.fork.first == *first) {
            entry.is_accepted = true;
            tracing::warn!(target: AUDIT, hash = %first, depth = entry.fork.depth, "a deep fork was accepted");
        }
    }
}

fn warn(fork: &DeepFork, max: u64) {
    let DeepFork { fork: ForkPoint { below, first }, depth, last, work } = fork;
    tracing::error!(
        target: AUDIT,
        fork = %below, depth, hash = %first, tip_height = %last.height, tip = %last.hash, %work,
        "a branch with more work is refused: it would disconnect {depth} blocks, and \
         max_reorg_depth is {max}; if that branch is the right one, accept it by \
         POST /v1/forks/{first}/accept, or by `jenny repair --accept-fork {first}` while the \
         node is stopped"
    );
}

#[cfg(test)]
mod tests;
