//! Branches beside the main chain: counting and checking what is held of them.

use std::collections::HashSet;

use super::StoreError;
use super::database::{Database, touch};
use super::layout::parse_branch_key;
use super::sled::errors::read_error;
use crate::chain::{BlockId, Hash, Height};

/// Ends of branches that are named; further ones are only counted.
const MAX_ENDS: usize = 16;

/// What is held beside the main chain.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Branches {
    /// Blocks.
    pub blocks: u64,
    /// Branches: blocks that no other block beside the main chain builds on.
    pub count: u64,
    /// Where the first 16 of them end, highest first.
    pub ends: Vec<BlockId>,
}

/// Checks every block beside the main chain alone: its hash, proof of work and records. Goes
/// down from the highest, so that it remembers the parents of one height only.
pub(super) fn check_branches(database: &Database) -> Result<Branches, StoreError> {
    let mut found = Branches::default();
    let mut at = None;
    let (mut needed, mut needed_below) = (HashSet::new(), HashSet::new());
    for entry in database.branches.iter().rev() {
        let (key, value) = entry.map_err(read_error)?;
        touch(&database.branches, &key, value.len())?;
        let id @ BlockId { height, hash } = parse(&key)?;
        if database.raw_block(height)?.is_some_and(|main| main.starts_with(hash.as_bytes())) {
            // A copy that a reorg left; the main chain's own was checked.
            continue;
        }
        if at != Some(height) {
            let below = std::mem::take(&mut needed_below);
            needed = if at == Some(height.next()) { below } else { HashSet::new() };
            at = Some(height);
        }
        let damaged = |what: String| StoreError::Damaged {
            what: format!("block {id}, which is beside the main chain: {what}"),
        };
        let block = database.complete(height, &value).map_err(|error| match error {
            StoreError::Damaged { what } => damaged(what),
            other => other,
        })?;
        if block.hash != hash {
            return Err(damaged("another block is stored in its place".to_owned()));
        }
        let alone = block.header.check_alone(&database.spec);
        alone.map_err(|error| damaged(error.to_string()))?;
        needed_below.insert(block.header.previous_hash);
        found.blocks = found.blocks.saturating_add(1);
        if !needed.contains(&hash) {
            found.count = found.count.saturating_add(1);
            if found.ends.len() < MAX_ENDS {
                found.ends.push(id);
            }
        }
    }
    Ok(found)
}

pub(super) fn branch_hashes(database: &Database, height: Height) -> Result<Vec<Hash>, StoreError> {
    let keys = database.branches.scan_prefix(height.get().to_be_bytes()).keys();
    keys.map(|key| Ok(parse(&key.map_err(read_error)?)?.hash)).collect()
}

pub(super) fn search_branches(
    database: &Database,
    hash: &Hash,
) -> Result<Option<BlockId>, StoreError> {
    for entry in &database.branches {
        let (key, value) = entry.map_err(read_error)?;
        touch(&database.branches, &key, value.len())?;
        let id = parse(&key)?;
        if id.hash == *hash {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn parse(key: &[u8]) -> Result<BlockId, StoreError> {
    let what = "the key of a block beside the main chain is torn";
    parse_branch_key(key).ok_or_else(|| StoreError::Damaged { what: what.to_owned() })
}

#[cfg(test)]
mod tests;
