//! Branches that wait for the operator, since they fork deeper than `max_reorg_depth`.

use std::sync::{Mutex, PoisonError};

use crate::chain::{BlockId, DeepFork, ForkPoint, Hash, TipState, Work, replaces};
use crate::node::shared::Shared;
use crate::node::{ImportError, StoreError};

/// Branches that are remembered; the one with least work makes room for one with more.
const MAX_FORKS: usize = 16;

/// Target of the log for what must be on record: no limit of repeated lines leaves any out.
const AUDIT: &str = "audit";

/// The deep forks since the start.
#[derive(Debug, Default)]
pub(in crate::node) struct ForkLog(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    fork: DeepFork,
    is_accepted: bool,
}

impl ForkLog {
    /// Remembers a branch; tells the operator the first time.
    pub(in crate::node) fn note(&self, fork: DeepFork, max: u64) {
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
    pub(in crate::node) fn waiting(&self, work: Work) -> Vec<DeepFork> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = known.iter().filter(|entry| !entry.is_accepted);
        let mut waiting: Vec<_> = waiting.map(|entry| entry.fork).collect();
        waiting.retain(|fork| replaces(fork.work, work));
        waiting.sort_by_key(|fork| std::cmp::Reverse(fork.work));
        waiting
    }

    /// The branch that begins with this block.
    pub(in crate::node) fn find(&self, first: &Hash) -> Option<DeepFork> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|entry| entry.fork).find(|fork| fork.fork.first == *first)
    }

    /// The operator accepted the branch.
    pub(in crate::node) fn accepted(&self, first: &Hash) {
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

/// Offered blocks are of a branch that forks too deep.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooDeep {
    fork: ForkPoint,
    depth: u64,
    max: u64,
}

impl TooDeep {
    /// The branch ends here: it waits for the operator when it has more work.
    pub(super) fn judge(&self, shared: &Shared, tip: &TipState) -> Result<(), ImportError> {
        let work = tip.total_work();
        if !replaces(work, shared.tip().total_work) {
            return Ok(());
        }
        let fork = DeepFork { fork: self.fork, depth: self.depth, last: tip.id(), work };
        shared.forks.note(fork, self.max);
        Err(ImportError::TooDeep)
    }
}

/// Whether a block on top of `parent` is of a branch that forks deeper than may be, and that the
/// operator did not accept.
pub(super) fn too_deep(
    shared: &Shared,
    parent: &TipState,
    block: Option<&BlockId>,
) -> Result<Option<TooDeep>, StoreError> {
    let (Some(max), Some(&BlockId { hash: first, .. })) = (shared.reader.max_reorg_depth(), block)
    else {
        return Ok(None);
    };
    let tip = shared.tip();
    if parent.hash() == tip.hash {
        return Ok(None);
    }
    let fork = shared.reader.fork_point(parent.id())?;
    let fork = fork.unwrap_or(ForkPoint { below: parent.height(), first });
    let depth = tip.header.height.above(fork.below);
    if depth <= max || shared.reader.accepted_forks()?.contains(&fork.first) {
        return Ok(None);
    }
    Ok(Some(TooDeep { fork, depth, max }))
}

#[cfg(test)]
mod tests;
