//! How deep a reorg may go, and the deeper forks that the operator accepted.

use super::StoreError;
use super::database::{Database, insert};
use super::layout::{ACCEPTED_FORK, accepted_fork_key, decode_accepted_fork};
use super::reorg::Branch;
use super::sled::errors::{read_error, write_error};
use crate::chain::{ForkPoint, Hash, Height, Timestamp};

/// Accepted forks that are kept; the one accepted longest ago makes room.
const MAX_ACCEPTED_FORKS: usize = 16;

/// First blocks of the branches that the operator accepted.
pub(super) fn all(database: &Database) -> Result<Vec<Hash>, StoreError> {
    Ok(accepted(&database.chain)?.into_iter().map(|(_, hash)| hash).collect())
}

/// Accepts the branch whose first block this is.
pub(super) fn accept(database: &Database, first: &Hash, now: Timestamp) -> Result<(), StoreError> {
    let chain = &database.chain;
    let mut known = accepted(chain)?;
    known.retain(|(_, hash)| hash != first);
    known.sort_unstable();
    let surplus = (known.len() + 1).saturating_sub(MAX_ACCEPTED_FORKS);
    for (_, oldest) in known.iter().take(surplus) {
        chain.remove(accepted_fork_key(oldest)).map_err(write_error)?;
    }
    insert(chain, &accepted_fork_key(first), &now.as_millis().to_be_bytes())
}

/// Refuses a branch that would disconnect more blocks of a main chain of this height than
/// `max_reorg_depth`, unless the operator accepted it.
pub(super) fn check_depth(
    database: &Database,
    height: Height,
    branch: &Branch,
) -> Result<(), StoreError> {
    let Some(max) = database.options.max_reorg_depth else { return Ok(()) };
    let depth = height.above(branch.fork);
    let Some(first) = branch.hashes.first().filter(|_| depth > max) else { return Ok(()) };
    if all(database)?.contains(first) {
        return Ok(());
    }
    let fork = ForkPoint { below: branch.fork, first: *first };
    Err(StoreError::DeepFork { fork, depth, max })
}

/// When each was accepted, and its first block.
fn accepted(chain: &sled::Tree) -> Result<Vec<(u64, Hash)>, StoreError> {
    let mut forks = Vec::new();
    for entry in chain.scan_prefix(ACCEPTED_FORK).take(MAX_ACCEPTED_FORKS) {
        let (key, value) = entry.map_err(read_error)?;
        forks.push(decode_accepted_fork(&key, &value)?);
    }
    Ok(forks)
}

#[cfg(test)]
mod tests;
