//! The move of the main chain to a heavier branch.

use std::sync::Arc;

use super::database::{Database, ReorgEntry, touch, weight};
use super::layout::{
    AFTER_BLOCKS, Intent, REORG, block_key, branch_key, decode_block, height_of_block_key, tile_key,
};
use super::sled::errors::{guarded, read_error, write_error};
use super::tiles::{TileEdge, nodes_at};
use super::writer::insert;
use super::{StoreError, Writer};
use crate::chain::{BlockId, ChainHeader, Hash, Height, leaf_hash, replaces};

/// A finished reorg.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reorg {
    /// The last block that both branches share.
    pub fork: Height,
    /// Hashes of the blocks that left the main chain, lowest first, from `fork` + 1 on.
    pub disconnected: Vec<Hash>,
    /// The tip before.
    pub old_tip: ChainHeader,
    /// The tip after.
    pub new_tip: ChainHeader,
}

/// Most bytes of blocks that one batch moves; readers wait for it, 100 MB take a second.
const BATCH_BYTES: u64 = 8 << 20;
/// Blocks in one step of a larger reorg.
const STEP_BLOCKS: u64 = 1_000;
/// Bytes in one step of a larger reorg.
const STEP_BYTES: u64 = 1 << 20;
/// Accesses after a batch, by which sled frees what the batch replaced: it does so a
/// little at each access, and a batch is only one.
const TOUCHES: usize = 300;

/// A branch in `side`, from the block above the fork to its tip.
pub(super) struct Branch {
    pub(super) fork: Height,
    pub(super) hashes: Vec<Hash>,
    bytes: u64,
}

impl Branch {
    fn ids(&self) -> impl Iterator<Item = BlockId> {
        let heights = (1..).map(|above| self.fork.ahead(above));
        heights.zip(&self.hashes).map(|(height, &hash)| BlockId { height, hash })
    }
}

impl Writer {
    /// Makes the stored branch that ends in this block the main chain. Durable and
    /// published when it returns; until then every reader sees the old chain. Up to
    /// 10,000 blocks and 8 MiB move in one batch, more in steps behind an intent that
    /// the next start finishes.
    ///
    /// # Errors
    /// [`StoreError::NotHeld`] when a block of the branch is not held,
    /// [`StoreError::NotHeavier`] when it has no more work than the applied chain,
    /// [`StoreError::DeepFork`] when it forks deeper than may be without the operator.
    /// Any other error is final.
    pub fn reorg(&mut self, tip: BlockId) -> Result<Reorg, StoreError> {
        self.commit()?;
        let branch = guarded(|| branch(&self.database, tip, None))?;
        guarded(|| self.check_heavier(tip))?;
        self.check_depth(&branch)?;
        self.write(|writer| writer.reorg_to(tip, &branch))
    }

    fn reorg_to(&mut self, tip: BlockId, branch: &Branch) -> Result<Reorg, StoreError> {
        let old_tip = *self.applied.last();
        let (disconnected, disconnected_bytes) = self.copy_disconnected(branch.fork)?;
        let number = self.enter(branch.fork, disconnected.clone());

        let blocks = (branch.hashes.len() + disconnected.len()) as u64;
        let one_batch = blocks <= self.database.options.reorg_batch_blocks
            && branch.bytes + disconnected_bytes <= BATCH_BYTES;
        if one_batch {
            self.rewrite(branch, u64::MAX, u64::MAX)?;
        } else {
            let intent = Intent { fork: branch.fork, tip };
            insert(&self.database.chain, REORG, &intent.encode())?;
            self.database.synchronise()?;
            self.rewrite(branch, STEP_BLOCKS, STEP_BYTES)?;
            self.database.chain.remove(REORG).map_err(write_error)?;
        }
        self.reload(tip)?;
        self.make_durable()?;
        self.uncommitted = false;

        let new_tip = *self.applied.last();
        self.publish(new_tip, number);
        self.pruner.reorged();
        self.remove_branch_copies(branch)?;
        Ok(Reorg { fork: branch.fork, disconnected, old_tip, new_tip })
    }

    /// Finishes a reorg that a kill interrupted between its steps.
    pub(super) fn finish(database: &Arc<Database>, intent: &Intent) -> Result<(), StoreError> {
        let branch = branch(database, intent.tip, Some(intent.fork))?;
        rewrite(database, &branch, STEP_BLOCKS, STEP_BYTES)?;
        database.db.flush().map_err(write_error)?;
        database.chain.remove(REORG).map_err(write_error)?;
        database.synchronise()
    }

    fn check_heavier(&self, tip: BlockId) -> Result<(), StoreError> {
        let value = self.database.raw_branch_block(tip)?.ok_or(StoreError::NotHeld(tip))?;
        let (stored, _) = decode_block(tip.height, &value)?;
        if replaces(stored.total_work, self.applied.total_work()) {
            return Ok(());
        }
        Err(StoreError::NotHeavier(tip))
    }

    /// Copies the main chain above `fork` to `side`. Returns its hashes and its bytes.
    fn copy_disconnected(&self, fork: Height) -> Result<(Vec<Hash>, u64), StoreError> {
        let (mut hashes, mut bytes) = (Vec::new(), 0);
        for entry in self.database.chain.range(block_key(fork.next()).as_slice()..AFTER_BLOCKS) {
            let (key, value) = entry.map_err(read_error)?;
            let damaged = || StoreError::Damaged { what: "a block key is torn".to_owned() };
            let height = height_of_block_key(&key).ok_or_else(damaged)?;
            let (stored, _) = decode_block(height, &value)?;
            insert(&self.database.branches, &branch_key(stored.id()), &value)?;
            touch(&self.database.chain, &key, value.len())?;
            hashes.push(stored.hash);
            bytes += weight(&value);
        }
        Ok((hashes, bytes))
    }

    /// Tells every view, before anything of the main chain is touched.
    fn enter(&self, fork: Height, disconnected: Vec<Hash>) -> u64 {
        let mut state = self.database.state();
        let number = state.reorgs_done + 1;
        state.reorgs.push(ReorgEntry { number, fork, disconnected });
        number
    }

    fn publish(&self, tip: ChainHeader, number: u64) {
        let mut state = self.database.state();
        state.tip = tip;
        state.reorgs_done = number;
        state.drop_old_reorgs();
    }

    fn rewrite(&self, branch: &Branch, blocks: u64, bytes: u64) -> Result<(), StoreError> {
        rewrite(&self.database, branch, blocks, bytes)
    }

    /// The winner is on the main chain now.
    fn remove_branch_copies(&self, branch: &Branch) -> Result<(), StoreError> {
        for id in branch.ids() {
            self.database.branches.remove(branch_key(id)).map_err(write_error)?;
        }
        Ok(())
    }
}

/// Walks down from a branch block to the main chain, or to a fork that is known.
fn branch(database: &Database, tip: BlockId, fork: Option<Height>) -> Result<Branch, StoreError> {
    let mut at = tip;
    let (mut hashes, mut bytes) = (Vec::new(), 0);
    loop {
        if fork == Some(at.height) {
            break;
        }
        let main = if fork.is_none() { database.raw_block(at.height)? } else { None };
        if main.is_some_and(|value| value.starts_with(at.hash.as_bytes())) {
            break;
        }
        let value = database.raw_branch_block(at)?.ok_or(StoreError::NotHeld(at))?;
        let (stored, _) = decode_block(at.height, &value)?;
        bytes += weight(&value);
        hashes.push(at.hash);
        at = stored.parent().ok_or(StoreError::NotHeld(at))?;
    }
    hashes.reverse();
    Ok(Branch { fork: at.height, hashes, bytes })
}

/// Puts the branch onto the main chain, in batches of at most this many blocks and bytes,
/// each of which may be repeated: blocks with the tiles that they complete, in place of
/// the old ones; then everything above the new tip goes.
fn rewrite(
    database: &Database,
    branch: &Branch,
    max_blocks: u64,
    max_bytes: u64,
) -> Result<(), StoreError> {
    let mut edge = super::verify::repair_tiles(database, branch.fork.next().get())?;
    let mut batch = Step::new(database);
    batch.remove_tiles_above(branch.fork)?;
    let mut height = branch.fork;
    for id in branch.ids() {
        height = id.height;
        let value = database.raw_branch_block(id)?.ok_or(StoreError::NotHeld(id))?;
        batch.put_block(id, &value, &mut edge);
        if batch.blocks >= max_blocks || batch.bytes >= max_bytes {
            batch.apply()?;
        }
    }
    for key in database.chain.range(block_key(height.next()).as_slice()..AFTER_BLOCKS).keys() {
        batch.remove(&key.map_err(read_error)?);
        if batch.blocks >= max_blocks {
            batch.apply()?;
        }
    }
    batch.apply()
}

/// One atomic step of a reorg.
struct Step<'a> {
    database: &'a Database,
    batch: sled::Batch,
    blocks: u64,
    bytes: u64,
}

impl<'a> Step<'a> {
    fn new(database: &'a Database) -> Self {
        Self { database, batch: sled::Batch::default(), blocks: 0, bytes: 0 }
    }

    fn put_block(&mut self, id: BlockId, value: &[u8], edge: &mut TileEdge) {
        self.batch.insert(&block_key(id.height), value);
        edge.append(leaf_hash(id.hash.as_bytes()), &mut |tile| {
            self.batch.insert(&tile.key, tile.value);
        });
        self.blocks += 1;
        self.bytes += value.len() as u64;
    }

    fn remove(&mut self, key: &[u8]) {
        self.batch.remove(key);
        self.blocks += 1;
    }

    /// Tiles that hold a block above the fork.
    fn remove_tiles_above(&mut self, fork: Height) -> Result<(), StoreError> {
        let shared = fork.next().get();
        for level in 0..8 {
            let first = tile_key(level, nodes_at(shared, level + 1));
            let end = tile_key(level + 1, 0);
            for key in self.database.chain.range(first..end).keys() {
                self.batch.remove(key.map_err(read_error)?);
            }
        }
        Ok(())
    }

    fn apply(&mut self) -> Result<(), StoreError> {
        let batch = std::mem::take(&mut self.batch);
        (self.blocks, self.bytes) = (0, 0);
        let chain = &self.database.chain;
        chain.apply_batch(batch).map_err(write_error)?;
        for _ in 0..TOUCHES {
            chain.contains_key(REORG).map_err(read_error)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
