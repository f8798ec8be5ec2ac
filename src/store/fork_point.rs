//! How deep a reorg may go, and the deeper forks that the operator accepted.

use super::layout::{ACCEPTED_FORK, accepted_fork_key, decode_accepted_fork, decode_block};
use super::reorg::Branch;
use super::sled::errors::{guarded, read_error, write_error};
use super::writer::insert;
use super::{Reader, StoreError, Writer};
use crate::chain::{BlockId, ForkPoint, Hash, Timestamp};

/// Accepted forks that are kept; the one accepted longest ago makes room.
const MAX_ACCEPTED: usize = 16;

impl Writer {
    /// Accepts the branch whose first block this is, whatever it displaces. Durable when it
    /// returns.
    ///
    /// # Errors
    /// Every error is final.
    pub fn accept_fork(&mut self, first: &Hash, now: Timestamp) -> Result<(), StoreError> {
        let mut known = guarded(|| accepted(&self.database.chain))?;
        known.retain(|(_, hash)| hash != first);
        known.sort_unstable();
        let surplus = (known.len() + 1).saturating_sub(MAX_ACCEPTED);
        self.write(|writer| {
            let chain = &writer.database.chain;
            for (_, oldest) in known.iter().take(surplus) {
                chain.remove(accepted_fork_key(oldest)).map_err(write_error)?;
            }
            insert(chain, &accepted_fork_key(first), &now.as_millis().to_be_bytes())
        })?;
        self.commit()?;
        Ok(())
    }

    /// Refuses a branch that would disconnect more blocks than `max_reorg_depth`, unless the
    /// operator accepted it.
    pub(super) fn check_depth(&self, branch: &Branch) -> Result<(), StoreError> {
        let Some(max) = self.database.options.max_reorg_depth else { return Ok(()) };
        let depth = self.applied.height().above(branch.fork);
        let Some(first) = branch.hashes.first().filter(|_| depth > max) else { return Ok(()) };
        let known = guarded(|| accepted(&self.database.chain))?;
        if known.iter().any(|(_, hash)| hash == first) {
            return Ok(());
        }
        let fork = ForkPoint { below: branch.fork, first: *first };
        Err(StoreError::DeepFork { fork, depth, max })
    }
}

impl Reader {
    /// Most blocks that a reorg may disconnect unless the operator accepts it; `None` if any
    /// number.
    pub fn max_reorg_depth(&self) -> Option<u64> {
        self.database.options.max_reorg_depth
    }

    /// First blocks of the branches that the operator accepted, at most 16.
    ///
    /// # Errors
    /// When something is damaged, or the disk fails.
    pub fn accepted_forks(&self) -> Result<Vec<Hash>, StoreError> {
        let known = guarded(|| accepted(&self.database.chain))?;
        Ok(known.into_iter().map(|(_, hash)| hash).collect())
    }

    /// Where the branch that ends in this block leaves the main chain. `None` if the block is on
    /// the main chain, or not held. Costs time in the blocks between it and the main chain.
    ///
    /// # Errors
    /// When something is damaged, or the disk fails.
    pub fn fork_point(&self, id: BlockId) -> Result<Option<ForkPoint>, StoreError> {
        let view = self.view();
        guarded(|| {
            let (mut at, mut first) = (id, None);
            loop {
                if view.header(at.height)?.is_some_and(|header| header.hash == at.hash) {
                    return Ok(first.map(|first| ForkPoint { below: at.height, first }));
                }
                let Some(value) = self.held(at)? else { return Ok(None) };
                first = Some(at.hash);
                let Some(parent) = decode_block(at.height, &value)?.0.parent() else {
                    return Ok(None);
                };
                at = parent;
            }
        })
    }
}

/// When each was accepted, and its first block.
fn accepted(chain: &sled::Tree) -> Result<Vec<(u64, Hash)>, StoreError> {
    let mut forks = Vec::new();
    for entry in chain.scan_prefix(ACCEPTED_FORK).take(MAX_ACCEPTED) {
        let (key, value) = entry.map_err(read_error)?;
        forks.push(decode_accepted_fork(&key, &value)?);
    }
    Ok(forks)
}

#[cfg(test)]
mod tests;
