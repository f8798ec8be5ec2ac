//! Writing.

use std::sync::Arc;

use super::database::{Database, insert};
use super::durable_tip::DurableTip;
use super::index::{self, IndexBatch, IndexStep};
use super::layout::{
    CHUNK_BYTES, INLINE_MAX, block_key, branch_key, chunk_key, decode_block, encode_block,
    encode_body,
};
use super::prune::Pruner;
use super::reorg::{self, Branch, Reorg, ReorgPlan};
use super::sled::errors::guarded;
use super::sweep::{self, Sweep};
use super::syncer::{Commits, Sealed, Syncer};
use super::tiles::{self, TileEdge};
use super::verify::repair_tiles;
use super::{StoreError, accepted_forks, branch_index, reorgs};
use crate::chain::{
    BlockId, ChainHeader, Hash, Height, Timestamp, TipState, ValidBlock, leaf_hash,
};

/// The only write handle.
///
/// Blocks are first applied (inserted: the next block may build on them), then durable and
/// published: by [`Writer::commit`], or by the [`Syncer`], while the writer applies more.
/// After a failed write every call fails until the store is opened again, for nobody knows
/// what reached the disk.
#[derive(Debug)]
pub struct Writer {
    pub(super) database: Arc<Database>,
    applied: TipState,
    edge: TileEdge,
    commits: Arc<Commits>,
    pub(super) pruner: Pruner,
    sweep: Sweep,
    /// Whether something was written since the last seal.
    pub(super) unsealed: bool,
    /// Seals that had something new.
    sealed: u64,
    begun_writes: u64,
}

impl Writer {
    pub(super) fn new(
        database: Arc<Database>,
        applied: TipState,
        edge: TileEdge,
        durable_tip: DurableTip,
    ) -> Self {
        let commits = Arc::new(Commits::new(Arc::clone(&database), durable_tip));
        Self {
            database,
            applied,
            edge,
            commits,
            pruner: Pruner::default(),
            sweep: Sweep::default(),
            unsealed: false,
            sealed: 0,
            begun_writes: 0,
        }
    }

    /// What makes durable beside this writer. Opening makes one.
    pub(super) fn syncer(&self) -> Syncer {
        Syncer::new(Arc::clone(&self.commits))
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
            branch_index::insert(&writer.database, block.id())?;
            writer.write_branch_block(block)
        })
    }

    /// Keeps a block of a branch that is known to have more work than the main chain: while
    /// more of it is being stored, none of it is pruned. It may be most of a chain: the index
    /// leads to its blocks once pruning has kept them.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn store_proven_block(&mut self, block: &ValidBlock) -> Result<(), StoreError> {
        self.check_room()?;
        self.write(|writer| writer.write_branch_block(block))?;
        self.pruner.is_proven(block);
        Ok(())
    }

    /// Counts the writes that were begun. A call that fails and does not move it wrote nothing.
    pub const fn begun_writes(&self) -> u64 {
        self.begun_writes
    }

    /// Captures what was applied or stored so far, for [`Syncer::sync`]. Room is checked again
    /// before the next block.
    pub const fn seal(&mut self) -> Sealed {
        if self.unsealed {
            self.sealed += 1;
            self.unsealed = false;
        }
        Sealed { number: self.sealed, tip: *self.applied.last() }
    }

    /// Makes everything applied or stored durable, sealed or not, and publishes the applied tip.
    ///
    /// # Errors
    /// Every error is final.
    pub fn commit(&mut self) -> Result<ChainHeader, StoreError> {
        let sealed = self.seal();
        self.commits.commit(&sealed)?;
        Ok(sealed.tip)
    }

    /// Makes the stored branch that ends in this block the main chain. Durable and
    /// published when it returns; until then every reader sees the old chain. Up to
    /// 10,000 blocks and 8 MiB move in one batch, more in steps behind an intent that
    /// the next start finishes. It is on record with the time of the branch's last block.
    ///
    /// # Errors
    /// [`StoreError::NotHeld`] when a block of the branch is not held,
    /// [`StoreError::NotHeavier`] when it has no more work than the applied chain,
    /// [`StoreError::DeepFork`] when it forks deeper than may be without the operator.
    /// Any other error is final.
    pub fn reorg(&mut self, tip: BlockId) -> Result<Reorg, StoreError> {
        let plan = self.plan_reorg(tip)?;
        self.perform_reorg(&plan, plan.time)
    }

    /// Examines whether the stored branch that ends in this block may be made the main chain.
    ///
    /// # Errors
    /// As [`Writer::reorg`].
    pub fn plan_reorg(&mut self, tip: BlockId) -> Result<ReorgPlan, StoreError> {
        self.commit()?;
        guarded(|| {
            let branch = reorg::branch(&self.database, tip, None)?;
            let last = reorg::check_heavier(&self.database, tip, self.applied.total_work())?;
            accepted_forks::check_depth(&self.database, self.applied.height(), &branch)?;
            Ok(ReorgPlan { tip, branch, time: last.header.timestamp })
        })
    }

    /// Does what was examined, as [`Writer::reorg`], and puts it on record with this time. No block
    /// may have been applied since. What was written since is durable before the main chain is
    /// touched.
    ///
    /// # Errors
    /// Every error is final.
    pub fn perform_reorg(
        &mut self,
        plan: &ReorgPlan,
        time: Timestamp,
    ) -> Result<Reorg, StoreError> {
        self.commit()?;
        self.write(|writer| writer.reorg_to(plan.tip, &plan.branch, time))
    }

    fn reorg_to(
        &mut self,
        tip: BlockId,
        branch: &Branch,
        time: Timestamp,
    ) -> Result<Reorg, StoreError> {
        let old_tip = *self.applied.last();
        let moved = reorg::move_to(&self.database, tip, branch)?;
        self.reload(tip)?;
        let new_tip = *self.applied.last();
        let disconnected = moved.disconnected;
        let reorg = Reorg { fork: branch.fork, disconnected, old_tip, new_tip };
        reorgs::append(&self.database, &reorg, time)?;
        let publish = |database: &Database| {
            reorg::publish(database, new_tip, branch.fork, moved.number);
        };
        let sealed = self.seal();
        self.commits.commit_and(&sealed, publish)?;
        self.pruner.reorged();
        reorg::remove_copies(&self.database, branch)?;
        Ok(reorg)
    }

    /// Accepts the branch whose first block this is, whatever it disconnects. Durable when it
    /// returns.
    ///
    /// # Errors
    /// Every error is final.
    pub fn accept_fork(&mut self, first: &Hash, now: Timestamp) -> Result<(), StoreError> {
        self.write(|writer| accepted_forks::accept(&writer.database, first, now))?;
        self.commit().map(drop)
    }

    /// Removes bodies that a kill left without their block, then disconnected and abandoned
    /// branches that are out of their retention: whose
    /// end is more than `branch_heights` below the tip, or nearer when all of them are
    /// larger than `branch_bytes`. Examines a bounded number of blocks a call. Returns
    /// whether there is more to do now. While blocks are being stored nothing is
    /// removed, until they amount to `branch_bytes` themselves; and of a proven branch
    /// nothing, whatever its size. What is removed is durable with the next commit.
    ///
    /// # Errors
    /// Every error is final.
    pub fn prune(&mut self) -> Result<bool, StoreError> {
        if self.sweep()? {
            return Ok(true);
        }
        if guarded(|| index::needs_branches(&self.database))? {
            return Ok(false);
        }
        let tip = self.applied.height();
        if !self.pruner.begin(&self.database.options, tip) {
            return Ok(false);
        }
        self.write(|writer| writer.pruner.step(&writer.database, tip))
    }

    /// Writes the next entries of a batch of the index, at most 256. An insertion is dropped when
    /// its last block is not on the main chain as the first step is taken. The cursor of an
    /// insertion is written last and that of a removal first, so that no entry of a block up to
    /// the cursor is ever missing. Entries that a kill leaves too many are skipped on read.
    /// Nothing of this needs a commit.
    ///
    /// # Errors
    /// [`StoreError::DiskLow`] when room is short: nothing was written. Any other error is final.
    pub fn index(&mut self, batch: &mut IndexBatch) -> Result<IndexStep, StoreError> {
        if !guarded(|| batch.is_wanted(&self.database))? {
            return Ok(IndexStep::Dropped);
        }
        let unsealed = self.unsealed;
        let step = self.write(|writer| batch.step(&writer.database));
        self.unsealed = unsealed;
        step
    }

    /// Removes the next bodies of no block. Returns whether there are more to examine.
    pub(super) fn sweep(&mut self) -> Result<bool, StoreError> {
        if self.sweep.is_done() {
            return Ok(false);
        }
        let found = guarded(|| self.sweep.step(&self.database))?;
        if !found.is_empty() {
            self.write(|writer| sweep::remove(&writer.database, &found))?;
        }
        Ok(!self.sweep.is_done())
    }

    /// From now on every commit fails, as when the disk does.
    #[cfg(test)]
    pub(crate) fn fail_commits(&self) {
        self.database.file.fail();
    }

    /// What every commit waits for while a test holds it.
    #[cfg(test)]
    pub(crate) fn commit_gate(&self) -> Arc<std::sync::Mutex<()>> {
        self.database.file.gate()
    }

    /// Runs code that writes. An error or a panic in it is the last word of this writer, and of
    /// the syncer.
    pub(super) fn write<T>(
        &mut self,
        code: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.commits.check()?;
        self.begun_writes += 1;
        self.unsealed = true;
        let result = guarded(|| code(self));
        if result.is_err() {
            self.commits.fail();
        }
        result
    }

    fn write_branch_block(&mut self, block: &ValidBlock) -> Result<(), StoreError> {
        let value = self.write_body(block)?;
        insert(&self.database.branches, &branch_key(block.id()), &value)?;
        self.pruner.stored(&value);
        Ok(())
    }

    /// Writes a body that does not fit its block's value, and returns that value.
    fn write_body(&self, block: &ValidBlock) -> Result<Vec<u8>, StoreError> {
        let body = encode_body(&block.block().records)?;
        if body.len() > INLINE_MAX {
            for (number, chunk) in (0_u16..).zip(body.chunks(CHUNK_BYTES)) {
                let key = chunk_key(block.id(), number);
                insert(&self.database.bodies, &key, chunk)?;
            }
        }
        Ok(encode_block(&block.chain_header(), &body))
    }

    /// Refuses to fill the disk: once sled has met a full one, it is of no use until a restart.
    pub(super) fn check_room(&self) -> Result<(), StoreError> {
        let needed = self.database.options.min_free_bytes;
        if needed == 0 || self.unsealed {
            // Checked once in a group of blocks.
            return Ok(());
        }
        self.database.check_room()
    }

    /// Reads the end of the main chain back after a reorg.
    pub(super) fn reload(&mut self, tip: BlockId) -> Result<(), StoreError> {
        let (applied, edge, _) = load_end(&self.database, tip.height)?;
        if applied.id() != tip {
            let what =
                format!("block {}: it is not the tip that was made the main chain", tip.height);
            return Err(StoreError::Damaged { what });
        }
        (self.applied, self.edge) = (applied, edge);
        Ok(())
    }
}

/// The state at the end of the main chain, from what is in the database, and how many missing
/// history tiles were written for it.
pub(super) fn load_end(
    database: &Database,
    height: Height,
) -> Result<(TipState, TileEdge, u64), StoreError> {
    let header = |height: Height| {
        let value = database
            .raw_block(height)?
            .ok_or_else(|| StoreError::Damaged { what: format!("block {height} is missing") })?;
        decode_block(height, &value).map(|(header, _)| header)
    };
    let (edge, written) = repair_tiles(database, height.next().get())?;
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
    Ok((state.ok_or_else(|| StoreError::Damaged { what: what() })?, edge, written))
}
