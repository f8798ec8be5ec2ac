//! Writing.

use std::sync::Arc;

use super::StoreError;
use super::branch::Pruner;
use super::database::{Database, touch};
use super::durable_tip::DurableTip;
use super::layout::{
    CHUNK, INLINE_MAX, block_key, branch_key, chunk_key, encode_block, encode_body,
};
use super::sled::errors::{guarded, write_error};
use super::sweep::Sweep;
use super::tiles::{self, TileEdge};
use super::verify::repair_tiles;
use crate::chain::{BlockId, ChainHeader, Height, TipState, ValidBlock, leaf_hash};

/// The only write handle.
///
/// Blocks are first applied (inserted: the next block may build on them), then, by
/// [`Writer::commit`], durable and published. After a failed write every call
/// fails until the store is opened again, for nobody knows what reached the disk.
#[derive(Debug)]
pub struct Writer {
    pub(super) database: Arc<Database>,
    pub(super) applied: TipState,
    pub(super) edge: TileEdge,
    pub(super) durable_tip: DurableTip,
    pub(super) pruner: Pruner,
    /// None once it is done.
    pub(super) sweep: Option<Sweep>,
    pub(super) uncommitted: bool,
    failed: bool,
}

impl Writer {
    pub(super) fn new(
        database: Arc<Database>,
        applied: TipState,
        edge: TileEdge,
        durable_tip: DurableTip,
    ) -> Self {
        Self {
            database,
            applied,
            edge,
            durable_tip,
            pruner: Pruner::default(),
            sweep: Some(Sweep::default()),
            uncommitted: false,
            failed: false,
        }
    }

    /// The chain up to the last applied block, durable or not.
    pub const fn applied(&self) -> &TipState {
        &self.applied
    }

    /// Applies a block that extends [`Writer::applied`]: its large body, if any, then
    /// the block, in one insert, then a history tile, if it completes one.
    ///
    /// # Errors
    /// [`StoreError::NotHeld`] when it extends another block, [`StoreError::DiskLow`]
    /// when room is short: nothing was written. Any other error is final.
    pub fn append(&mut self, block: &ValidBlock) -> Result<(), StoreError> {
        let header = block.header();
        if header.previous_hash != self.applied.hash() {
            return Err(StoreError::NotHeld(block.parent()));
        }
        self.check_room()?;
        self.write(|writer| {
            let value = writer.write_body(block)?;
            insert(&writer.database.chain, &block_key(header.height), &value)?;
            writer.applied.extend(block);
            let mut tiles = Vec::new();
            let leaf = leaf_hash(block.hash().as_bytes());
            writer.edge.append(leaf, &mut |tile| tiles.push(tile));
            for tile in tiles {
                insert(&writer.database.chain, &tile.key, &tile.value)?;
            }
            Ok(())
        })
    }

    /// Keeps a block of another branch.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn store_branch_block(&mut self, block: &ValidBlock) -> Result<(), StoreError> {
        self.check_room()?;
        self.write(|writer| {
            let value = writer.write_body(block)?;
            let key = branch_key(block.id());
            insert(&writer.database.branches, &key, &value)?;
            writer.pruner.stored(&value);
            Ok(())
        })
    }

    /// Keeps a block of a branch that is known to have more work than the main chain: while
    /// more of it is being stored, none of it is pruned.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn store_proven_block(&mut self, block: &ValidBlock) -> Result<(), StoreError> {
        self.store_branch_block(block)?;
        self.pruner.is_proven(block);
        Ok(())
    }

    /// Makes everything applied or stored durable, and publishes the applied tip.
    ///
    /// # Errors
    /// Every error is final.
    pub fn commit(&mut self) -> Result<ChainHeader, StoreError> {
        let tip = *self.applied.last();
        if self.uncommitted {
            self.write(Self::make_durable)?;
            self.uncommitted = false;
            self.database.state().tip = tip;
        }
        Ok(tip)
    }

    /// Flush, fdatasync, and then the durable tip.
    pub(super) fn make_durable(&mut self) -> Result<(), StoreError> {
        self.database.synchronise()?;
        self.durable_tip.note(self.applied.last())
    }

    /// From now on every commit fails, as when the disk does.
    #[cfg(test)]
    pub(crate) fn fail_commits(&self) {
        self.database.file.fail();
    }

    /// Runs code that writes. An error or a panic in it is the last word of this writer.
    pub(super) fn write<T>(
        &mut self,
        code: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.failed {
            return Err(StoreError::WriteFailed("an earlier write failed".to_owned()));
        }
        self.uncommitted = true;
        let result = guarded(|| code(self));
        self.failed = result.is_err();
        result
    }

    /// Writes a body that does not fit its block's value, and returns that value.
    fn write_body(&self, block: &ValidBlock) -> Result<Vec<u8>, StoreError> {
        let body = encode_body(&block.block().records)?;
        if body.len() > INLINE_MAX {
            for (number, chunk) in (0_u16..).zip(body.chunks(CHUNK)) {
                let key = chunk_key(block.id(), number);
                insert(&self.database.bodies, &key, chunk)?;
            }
        }
        Ok(encode_block(&block.chain_header(), &body))
    }

    /// Refuses to fill the disk: once sled has met a full one, it is of no use until a restart.
    fn check_room(&self) -> Result<(), StoreError> {
        let needed = self.database.options.min_free_bytes;
        if needed == 0 || self.uncommitted {
            // Looked at once in a group of blocks.
            return Ok(());
        }
        self.database.check_room()
    }

    /// Reads the end of the main chain back after a reorg.
    pub(super) fn reload(&mut self, tip: BlockId) -> Result<(), StoreError> {
        let (applied, edge) = load_end(&self.database, tip.height)?;
        if applied.id() != tip {
            let what =
                format!("block {}: it is not the tip that was made the main chain", tip.height);
            return Err(StoreError::Damaged { what });
        }
        (self.applied, self.edge) = (applied, edge);
        Ok(())
    }
}

/// Writes a value, and lets sled's cache count what a long one takes.
pub(super) fn insert(tree: &sled::Tree, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    tree.insert(key, value).map_err(write_error)?;
    if value.len() > 1 << 10 { touch(tree, key, value.len()) } else { Ok(()) }
}

/// The state at the end of the main chain, from what is in the database.
pub(super) fn load_end(
    database: &Database,
    height: Height,
) -> Result<(TipState, TileEdge), StoreError> {
    let header = |height: Height| {
        let value = database
            .raw_block(height)?
            .ok_or_else(|| StoreError::Damaged { what: format!("block {height} is missing") })?;
        super::layout::decode_block(height, &value).map(|(header, _)| header)
    };
    let edge = repair_tiles(database, height.next().get())?;
    let last = header(height)?;
    let parent_time = match height.parent() {
        None => last.header.timestamp,
        Some(parent) => header(parent)?.header.timestamp,
    };
    let ancestors =
        tiles::frontier(height.get(), &|level, index| database.tile(level, index), &|leaf| {
            Ok(leaf_hash(header(Height::new(leaf))?.hash.as_bytes()))
        })?;
    let state = TipState::restore(last, parent_time, ancestors);
    let what = || format!("block {height}: history_root does not fit the history tiles");
    Ok((state.ok_or_else(|| StoreError::Damaged { what: what() })?, edge))
}
