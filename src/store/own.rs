//! Whose a record is: marks of those that this node acknowledged to its own clients.

use std::collections::HashSet;

use super::database::{Database, insert};
use super::layout::{BEFORE_OWN, own_block_key, own_record_key};
use super::pending::{self, PendingBatch};
use super::reorg::ReorgPlan;
use super::sled::errors::{guarded, read_error, write_error};
use super::{Reader, StoreError, Writer};
use crate::chain::{BlockId, Hash, Height, leaf_hash};

/// The own records of the blocks that a reorg disconnects.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OwnDisconnected {
    /// Ids of all of them, in the order of the blocks.
    pub ids: Vec<Hash>,
    /// Of these blocks, those that were mined here for a client.
    pub blocks: Vec<BlockId>,
    /// Whether some of these blocks are older than the marks.
    pub has_older: bool,
    /// Those records that are in no block of the new branch, once each, in the order of the blocks.
    pub missing: Vec<(Hash, String)>,
}

impl OwnDisconnected {
    /// Whether the marks stay as they are.
    pub const fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.blocks.is_empty() && !self.has_older
    }
}

impl Writer {
    /// Marks records as acknowledged to this node's own clients; `sequence` is that of their
    /// batch.
    ///
    /// # Errors
    /// As [`Writer::append_pending`].
    pub fn mark_own(&mut self, ids: &[Hash], sequence: u64) -> Result<(), StoreError> {
        self.check_room()?;
        self.write(|writer| {
            let own = &writer.database.own;
            ids.iter().try_for_each(|id| {
                writer.database.heartbeat.beat();
                insert(own, &own_record_key(id), &sequence.to_be_bytes())
            })
        })
    }

    /// Marks all records of a block as own: it was mined here for a client.
    ///
    /// # Errors
    /// Every error is final.
    pub fn mark_own_block(&mut self, block: BlockId) -> Result<(), StoreError> {
        self.write(|writer| insert(&writer.database.own, &own_block_key(block), &[]))
    }

    /// Takes an own record that waits out of its batch, of which `rest` remains.
    ///
    /// # Errors
    /// Every error is final.
    pub fn cancel_pending(&mut self, id: &Hash, rest: &PendingBatch) -> Result<(), StoreError> {
        if rest.records.is_empty() {
            self.remove_pending(rest.sequence)?;
        } else {
            self.write(|writer| pending::put(&writer.database, rest))?;
        }
        self.write(|writer| {
            writer.database.own.remove(own_record_key(id)).map(drop).map_err(write_error)
        })
    }

    /// Whether a record that waits or waited here is marked as own.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn is_own(&self, id: &Hash) -> Result<bool, StoreError> {
        guarded(|| is_own(&self.database, id))
    }

    /// The own records of the blocks that a reorg is about to disconnect. Reads these blocks,
    /// and those of the new branch if there are any own records; holds 32 bytes for each record of
    /// that branch.
    ///
    /// # Errors
    /// When a block is damaged, or the disk fails.
    pub fn own_disconnected(&self, plan: &ReorgPlan) -> Result<OwnDisconnected, StoreError> {
        guarded(|| own_disconnected(&self.database, plan))
    }

    /// Marks the own records of blocks that a reorg is about to disconnect each by itself, in
    /// place of their blocks, and notes that blocks above its fork are no longer from before the
    /// marks.
    ///
    /// # Errors
    /// As [`Writer::mark_own`].
    pub fn keep_own(
        &mut self,
        own: &OwnDisconnected,
        fork: Height,
        sequence: u64,
    ) -> Result<(), StoreError> {
        self.mark_own(&own.ids, sequence)?;
        self.write(|writer| {
            let tree = &writer.database.own;
            for block in &own.blocks {
                writer.database.heartbeat.beat();
                tree.remove(own_block_key(*block)).map_err(write_error)?;
            }
            if own.has_older {
                insert(tree, BEFORE_OWN, &fork.get().to_be_bytes())?;
            }
            Ok(())
        })
    }
}

impl Reader {
    /// As [`Writer::is_own`].
    ///
    /// # Errors
    /// When the disk fails.
    pub fn is_own(&self, id: &Hash) -> Result<bool, StoreError> {
        guarded(|| is_own(&self.database, id))
    }
}

fn is_own(database: &Database, id: &Hash) -> Result<bool, StoreError> {
    database.own.contains_key(own_record_key(id)).map_err(read_error)
}

/// The height up to which the main chain's blocks are from before the marks, and all own.
pub(super) fn before_own(database: &Database) -> Result<Option<Height>, StoreError> {
    let Some(value) = database.own.get(BEFORE_OWN).map_err(read_error)? else { return Ok(None) };
    let height = value.as_ref().try_into().map(u64::from_be_bytes).map_err(|_| {
        let what = "the height in tree `own` does not decode".to_owned();
        StoreError::Damaged { what }
    })?;
    Ok(Some(Height::new(height)))
}

fn own_disconnected(database: &Database, plan: &ReorgPlan) -> Result<OwnDisconnected, StoreError> {
    let before = before_own(database)?;
    let has_older = before.is_some_and(|before| before > plan.fork());
    let mut found = OwnDisconnected { has_older, ..OwnDisconnected::default() };
    let mut seen = HashSet::new();
    let mut height = plan.fork().next();
    while let Some(value) = database.raw_block(height)? {
        database.heartbeat.beat();
        let block = database.complete(height, &value)?;
        let id = BlockId { height, hash: block.hash };
        let is_marked = database.own.contains_key(own_block_key(id)).map_err(read_error)?;
        if is_marked {
            found.blocks.push(id);
        }
        let is_own_block = is_marked || before.is_some_and(|before| height <= before);
        for text in block.records {
            let id = leaf_hash(text.as_bytes());
            if (is_own_block || is_own(database, &id)?) && seen.insert(id) {
                found.ids.push(id);
                found.missing.push((id, text));
            }
        }
        height = height.next();
    }
    if found.ids.is_empty() {
        return Ok(found);
    }
    for id in plan.blocks() {
        database.heartbeat.beat();
        let value = database.raw_branch_block(id)?.ok_or(StoreError::NotHeld(id))?;
        for text in database.complete(id.height, &value)?.records {
            seen.remove(&leaf_hash(text.as_bytes()));
        }
    }
    found.missing.retain(|(id, _)| seen.contains(id));
    Ok(found)
}

#[cfg(test)]
mod tests;
