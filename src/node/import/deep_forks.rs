//! Offered branches that fork deeper than `max_reorg_depth`.

use crate::chain::{BlockId, DeepFork, ForkPoint, TipState, replaces};
use crate::node::shared::Shared;
use crate::node::{ImportError, StoreError};

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
