//! Blocks beside the main chain.

use std::collections::HashMap;

use super::source::Source;
use super::{Salvaged, scan};
use crate::chain::{Block, BlockId, Hash, Timestamp, TipState};
use crate::store::layout::parse_branch_key;
use crate::store::{Opened, StoreError};

/// Keeps every block beside the main chain that continues the fresh one by every rule, lowest first.
pub(super) fn salvage_branches(
    source: &Source,
    opened: &mut Opened,
    found: &mut Salvaged,
) -> Result<(), StoreError> {
    let mut ids = Vec::new();
    let is_read = scan(&source.database.branches, b"", &mut |key, _| {
        ids.extend(parse_branch_key(key));
        Ok(())
    })?;
    if !is_read {
        found.unread.push("some blocks beside the main chain");
    }
    ids.sort_unstable_by_key(|id| (id.height, *id.hash.as_bytes()));
    // States of the blocks of the last heights, by hash.
    let mut states: HashMap<Hash, TipState> = HashMap::new();
    for id in ids {
        if is_main(opened, id)? {
            continue;
        }
        states.retain(|_, state| state.height().next() >= id.height);
        let count = match keep(source, opened, &states, id)? {
            Kept::Stored(state) => {
                states.insert(id.hash, *state);
                &mut found.branch_blocks
            }
            Kept::Unlinked => &mut found.unlinked_branch_blocks,
            Kept::Lost => &mut found.lost_branch_blocks,
        };
        *count = count.saturating_add(1);
    }
    Ok(())
}

/// What became of a block.
enum Kept {
    /// It is stored; the state after it.
    Stored(Box<TipState>),
    /// It reads, and what it builds on is not there.
    Unlinked,
    /// It does not check.
    Lost,
}

fn is_main(opened: &Opened, id: BlockId) -> Result<bool, StoreError> {
    let stored = opened.reader.view().header(id.height)?;
    Ok(stored.is_some_and(|stored| stored.hash == id.hash))
}

/// Stores a block on top of what is stored.
fn keep(
    source: &Source,
    opened: &mut Opened,
    states: &HashMap<Hash, TipState>,
    id: BlockId,
) -> Result<Kept, StoreError> {
    let stored = source.branch_block(id.height, id.hash);
    let (Some(stored), Some(below)) = (stored, id.height.parent()) else { return Ok(Kept::Lost) };
    let parent = stored.header.previous_hash;
    let state = match states.get(&parent) {
        Some(state) => Some(state.clone()),
        None if is_main(opened, BlockId { height: below, hash: parent })? => {
            opened.reader.view().state_at(below)?
        }
        None => None,
    };
    let Some(mut state) = state else { return Ok(Kept::Unlinked) };
    let block = Block { header: stored.header, records: stored.records };
    let now = Timestamp::from_millis(u64::MAX);
    let Ok(block) = state.check_block(&source.database.spec, block, now) else {
        return Ok(Kept::Lost);
    };
    opened.writer.store_branch_block(&block)?;
    state.extend(&block);
    Ok(Kept::Stored(Box::new(state)))
}
