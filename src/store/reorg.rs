//! The move of the main chain to a heavier branch.

use super::database::{Database, ReorgEntry, insert, touch, weight};
use super::layout::{
    AFTER_BLOCKS, Intent, REORG, block_key, branch_key, decode_block, height_of_block_key, tile_key,
};
use super::sled::errors::{read_error, write_error};
use super::tiles::{TileEdge, nodes_at};
use super::verify::repair_tiles;
use super::{StoreError, branch_index};
use crate::chain::{BlockId, ChainHeader, Hash, Height, Timestamp, Work, leaf_hash, replaces};

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
const REORG_BATCH_BYTES: u64 = 8 << 20;
/// Blocks in one step of a larger reorg.
const STEP_BLOCKS: u64 = 1_000;
/// Bytes in one step of a larger reorg.
const STEP_BYTES: u64 = 1 << 20;
/// Accesses after a batch, by which sled frees what the batch replaced: it does so a
/// little at each access, and a batch is only one.
const TOUCHES: usize = 300;

/// A reorg that was examined and may be done.
#[derive(Debug)]
pub struct ReorgPlan {
    pub(super) tip: BlockId,
    pub(super) branch: Branch,
    /// When its last block was made, by the miner's clock.
    pub(super) time: Timestamp,
}

impl ReorgPlan {
    /// The last block that both branches share.
    pub const fn fork(&self) -> Height {
        self.branch.fork
    }

    /// The blocks that will be on the main chain above it, lowest first.
    pub fn blocks(&self) -> impl Iterator<Item = BlockId> {
        self.branch.ids()
    }
}

/// A branch in `side`, from the block above the fork to its tip.
#[derive(Debug)]
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

/// A reorg that every view knows and that is not published.
pub(super) struct Moved {
    pub(super) number: u64,
    /// Hashes of the blocks that left the main chain, lowest first.
    pub(super) disconnected: Vec<Hash>,
}

/// Walks down from a branch block to the main chain, or to a fork that is known.
pub(super) fn branch(
    database: &Database,
    tip: BlockId,
    fork: Option<Height>,
) -> Result<Branch, StoreError> {
    let mut at = tip;
    let (mut hashes, mut bytes) = (Vec::new(), 0);
    loop {
        if fork == Some(at.height) {
            break;
        }
        database.heartbeat.beat();
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

/// Refuses a branch that has no more work than the applied chain. Returns its last header.
pub(super) fn check_heavier(
    database: &Database,
    tip: BlockId,
    applied: Work,
) -> Result<ChainHeader, StoreError> {
    let value = database.raw_branch_block(tip)?.ok_or(StoreError::NotHeld(tip))?;
    let (stored, _) = decode_block(tip.height, &value)?;
    if replaces(stored.total_work, applied) { Ok(stored) } else { Err(StoreError::NotHeavier(tip)) }
}

/// Moves the main chain to the branch that ends in `tip`. Readers see the old chain until
/// [`publish`].
pub(super) fn move_to(
    database: &Database,
    tip: BlockId,
    branch: &Branch,
) -> Result<Moved, StoreError> {
    let (disconnected, disconnected_bytes) = copy_disconnected(database, branch.fork)?;
    let number = enter(database, branch.fork, disconnected.clone());

    let blocks = (branch.hashes.len() + disconnected.len()) as u64;
    let one_batch = blocks <= database.options.reorg_batch_blocks
        && branch.bytes + disconnected_bytes <= REORG_BATCH_BYTES;
    if one_batch {
        rewrite(database, branch, u64::MAX, u64::MAX)?;
    } else {
        let intent = Intent { fork: branch.fork, tip };
        insert(&database.chain, REORG, &intent.encode())?;
        database.synchronise()?;
        rewrite(database, branch, STEP_BLOCKS, STEP_BYTES)?;
        database.chain.remove(REORG).map_err(write_error)?;
    }
    Ok(Moved { number, disconnected })
}

/// Finishes a reorg that a kill interrupted between its steps.
pub(super) fn finish(database: &Database, intent: &Intent) -> Result<(), StoreError> {
    let branch = branch(database, intent.tip, Some(intent.fork))?;
    rewrite(database, &branch, STEP_BLOCKS, STEP_BYTES)?;
    database.db.flush().map_err(write_error)?;
    database.chain.remove(REORG).map_err(write_error)?;
    database.synchronise()
}

/// Makes the new tip of a reorg known, which is durable.
pub(super) fn publish(database: &Database, tip: ChainHeader, fork: Height, number: u64) {
    let mut state = database.state();
    state.tip = tip;
    state.index.height = state.index.height.min(fork);
    state.reorgs_done = number;
    state.drop_old_reorgs();
}

/// Removes what `side` holds of the branch, which is on the main chain now.
pub(super) fn remove_copies(database: &Database, branch: &Branch) -> Result<(), StoreError> {
    for id in branch.ids() {
        database.heartbeat.beat();
        database.branches.remove(branch_key(id)).map_err(write_error)?;
        branch_index::remove(database, id)?;
    }
    Ok(())
}

/// Copies the main chain above `fork` to `side`. Returns its hashes and its bytes.
fn copy_disconnected(database: &Database, fork: Height) -> Result<(Vec<Hash>, u64), StoreError> {
    let (mut hashes, mut bytes) = (Vec::new(), 0);
    for entry in database.chain.range(block_key(fork.next()).as_slice()..AFTER_BLOCKS) {
        database.heartbeat.beat();
        let (key, value) = entry.map_err(read_error)?;
        let damaged = || StoreError::Damaged { what: "a block key is torn".to_owned() };
        let height = height_of_block_key(&key).ok_or_else(damaged)?;
        let (stored, _) = decode_block(height, &value)?;
        branch_index::insert(database, stored.id())?;
        insert(&database.branches, &branch_key(stored.id()), &value)?;
        touch(&database.chain, &key, value.len())?;
        hashes.push(stored.hash);
        bytes += weight(&value);
    }
    Ok((hashes, bytes))
}

/// Tells every view, before anything of the main chain is touched. The roots of its subtrees go
/// last: a computation that began before that keeps none.
fn enter(database: &Database, fork: Height, disconnected: Vec<Hash>) -> u64 {
    let mut state = database.state();
    let number = state.reorgs_done + 1;
    state.reorgs.push(ReorgEntry { number, fork, disconnected });
    drop(state);
    database.subtree_roots.remove_above(fork.next().get());
    number
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
    let (mut edge, _) = repair_tiles(database, branch.fork.next().get())?;
    let mut batch = Step::new(database);
    batch.remove_tiles_above(branch.fork)?;
    let mut height = branch.fork;
    for id in branch.ids() {
        database.heartbeat.beat();
        height = id.height;
        let value = database.raw_branch_block(id)?.ok_or(StoreError::NotHeld(id))?;
        batch.put_block(id, &value, &mut edge);
        if batch.blocks >= max_blocks || batch.bytes >= max_bytes {
            batch.apply()?;
        }
    }
    for key in database.chain.range(block_key(height.next()).as_slice()..AFTER_BLOCKS).keys() {
        database.heartbeat.beat();
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
