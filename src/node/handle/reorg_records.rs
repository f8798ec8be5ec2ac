//! What became of the own records of the blocks that a reorg disconnected.

use std::sync::Arc;

use super::NodeHandle;
use super::records::{KnownRecord, find_known};
use crate::chain::{BlockId, Hash, leaf_hash};
use crate::node::index::Index;
use crate::node::shared::Shared;
use crate::node::{FindError, RecordPlace, StoreError};

/// Most disconnected blocks that one page is taken from.
const MAX_PAGE_DISCONNECTED: usize = 64;

/// Records that one database read looks for: each may take a block to read.
const FATES_AT_A_TIME: usize = 64;

/// An own record of a block that a reorg disconnected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReorgRecord {
    /// Its id.
    pub id: Hash,
    /// The disconnected block.
    pub block: BlockId,
    /// Its position among the block's records.
    pub position: u32,
    /// Where it is now.
    pub now: KnownRecord,
}

/// Some of the own records of the blocks that a reorg disconnected.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ReorgRecords {
    /// In the order of the blocks.
    pub records: Vec<ReorgRecord>,
    /// Where the next page begins, `None` if this is the last.
    pub next: Option<RecordPlace>,
}

impl NodeHandle {
    /// The own records of the blocks that this reorg disconnected, from a place on, at most `max`
    /// and those of at most 64 blocks; `None` if no such reorg is remembered. Those of blocks that
    /// are not held any more are left out, and so are those that the operator took back.
    ///
    /// # Errors
    /// As [`NodeHandle::record`].
    pub async fn reorg_records(
        &self,
        number: u64,
        from: Option<RecordPlace>,
        max: usize,
    ) -> Result<Option<ReorgRecords>, FindError> {
        let (shared, index) = (&self.shared, &self.index);
        let lowest = from.map(|from| from.height);
        let log = Arc::clone(shared);
        // One more tells whether there is a next page.
        let max_blocks = MAX_PAGE_DISCONNECTED.saturating_add(1);
        let blocks =
            self.read(move || Ok(log.reorgs.blocks_of(number, lowest, max_blocks))).await?;
        let Some(blocks) = blocks else { return Ok(None) };
        let mut page = ReorgRecords::default();
        for (count, block) in blocks.into_iter().enumerate() {
            let start = from.filter(|from| from.height == block.height);
            let mut next = Some(start.map_or(0, |from| from.position));
            while let Some(position) = next {
                let room = max.saturating_sub(page.records.len()).min(FATES_AT_A_TIME);
                if room == 0 || count == MAX_PAGE_DISCONNECTED {
                    page.next = Some(RecordPlace { height: block.height, position });
                    return Ok(Some(page));
                }
                let (shared, index) = (Arc::clone(shared), Arc::clone(index));
                let read = move || read(&shared, &index, block, position, room);
                let (records, rest) = self.read(read).await??;
                page.records.extend(records);
                next = rest;
            }
        }
        Ok(Some(page))
    }
}

/// Some records, and the position of the first one behind them.
type Part = (Vec<ReorgRecord>, Option<u32>);

/// The own records of a block from a position on, at most `max`.
fn read(
    shared: &Shared,
    index: &Index,
    block: BlockId,
    from: u32,
    max: usize,
) -> Result<Result<Part, FindError>, StoreError> {
    let mut records = Vec::new();
    let Some(held) = shared.reader.view().held_block(block)? else {
        return Ok(Ok((records, None)));
    };
    for (position, text) in (0..).zip(&held.records) {
        if position < from {
            continue;
        }
        if records.len() >= max {
            return Ok(Ok((records, Some(position))));
        }
        let id = leaf_hash(text.as_bytes());
        if !shared.reader.is_own(&id)? {
            continue;
        }
        match find_known(shared, index, &id)? {
            Err(error) => return Ok(Err(error)),
            Ok(Some(now)) => records.push(ReorgRecord { id, block, position, now }),
            // A client has just sent it, or the operator took it back.
            Ok(None) => {}
        }
    }
    Ok(Ok((records, None)))
}

#[cfg(test)]
mod tests;
