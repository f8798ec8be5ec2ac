//! A pinned chain.

mod held;
mod proofs;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::database::{Database, Indexed, TOUCHED, touch, weight};
use super::layout::{block_key, decode_block, height_of_block_key};
use super::sled::errors::{guarded, read_error};
use super::subtree_roots::KnownRoots;
use super::{StoreError, StoredBlock, tiles};
use crate::chain::{BlockId, ChainHeader, Frontier, Hash, Height, Timestamp, TipState, leaf_hash};

/// One chain, from genesis to the tip at the moment the view was made, whatever
/// happens to the main chain meanwhile.
///
/// sled's iterators are no snapshots. So a read takes what the main chain holds,
/// and then looks at the reorgs that were begun since the view was made: what they
/// disconnected is read again, from where they put it.
#[derive(Debug)]
pub struct View {
    pub(super) database: Arc<Database>,
    tip: ChainHeader,
    pub(super) index: Indexed,
    pub(super) reorgs_known: u64,
    made: Instant,
}

/// How long a view may be read.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

type Raw = (Height, sled::IVec);

impl View {
    /// Most blocks that one call reads.
    pub const MAX_VIEW_BLOCKS: u64 = 256;

    /// Most bytes that one call reads, the last block excepted: 1 MiB.
    pub const MAX_VIEW_BYTES: u64 = 1 << 20;

    pub(super) fn new(database: Arc<Database>) -> Self {
        let mut state = database.state();
        let (tip, index, reorgs_known) = (state.tip, state.index, state.reorgs_done);
        *state.views.entry(reorgs_known).or_default() += 1;
        drop(state);
        Self { database, tip, index, reorgs_known, made: Instant::now() }
    }

    /// Where this chain ends.
    pub fn tip(&self) -> ChainHeader {
        self.tip
    }

    /// The block at `height`, found whole, `None` above the tip.
    ///
    /// # Errors
    /// When the view is too old, the block is damaged, or the disk fails.
    pub fn block(&self, height: Height) -> Result<Option<StoredBlock>, StoreError> {
        Ok(self.blocks(height, height)?.pop())
    }

    /// The header at `height`, `None` above the tip.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn header(&self, height: Height) -> Result<Option<ChainHeader>, StoreError> {
        Ok(self.headers(height, height)?.pop())
    }

    /// The blocks from `from` on, at most to `to` and the tip, and at most as many as
    /// one batch holds: at least one, if there is one.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn blocks(&self, from: Height, to: Height) -> Result<Vec<StoredBlock>, StoreError> {
        let link = |block: &StoredBlock| (block.header.previous_hash, block.hash);
        self.linked(from, to, |height, value| self.database.complete(height, value), link)
    }

    /// As [`View::blocks`], the records as on disk: a postcard sequence of strings.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn bodies(
        &self,
        from: Height,
        to: Height,
    ) -> Result<Vec<(ChainHeader, Vec<u8>)>, StoreError> {
        let link = |(block, _): &(ChainHeader, _)| (block.header.previous_hash, block.hash);
        self.linked(from, to, |height, value| self.database.complete_body(height, value), link)
    }

    /// As [`View::blocks`], headers alone.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn headers(&self, from: Height, to: Height) -> Result<Vec<ChainHeader>, StoreError> {
        let link = |block: &ChainHeader| (block.header.previous_hash, block.hash);
        self.linked(from, to, |height, value| Ok(decode_block(height, value)?.0), link)
    }

    /// A batch as `decode` reads it, each block of which names the one before it: `link` tells
    /// whom a block names, and its own hash.
    fn linked<T>(
        &self,
        from: Height,
        to: Height,
        decode: impl Fn(Height, &sled::IVec) -> Result<T, StoreError>,
        link: impl Fn(&T) -> (Hash, Hash),
    ) -> Result<Vec<T>, StoreError> {
        guarded(|| {
            let raw = self.batch(from, to)?;
            let blocks: Result<Vec<T>, _> =
                raw.iter().map(|(height, value)| decode(*height, value)).collect();
            let blocks = blocks?;
            for (below, (previous, hash)) in blocks.iter().zip(blocks.iter().skip(1).map(&link)) {
                if link(below).1 != previous {
                    let what = format!("block {hash}: previous_hash is not the block below it");
                    return Err(StoreError::Damaged { what });
                }
            }
            Ok(blocks)
        })
    }

    /// Height of the block with this hash among the `max` last blocks.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn find_recent(&self, hash: &Hash, max: u64) -> Result<Option<Height>, StoreError> {
        let mut end = self.tip.header.height;
        let lowest = end.next().back(max);
        while end >= lowest {
            let start = end.next().back(Self::MAX_VIEW_BLOCKS).max(lowest);
            let mut next = start;
            while next <= end {
                let headers = self.headers(next, end)?;
                let found = headers.iter().rev().find(|header| header.hash == *hash);
                if let Some(found) = found {
                    return Ok(Some(found.header.height));
                }
                next = next.ahead(headers.len() as u64);
            }
            let Some(below) = start.parent() else { break };
            end = below;
        }
        Ok(None)
    }

    /// The lowest block that is not older than `time`, `None` if every block is. A timestamp is
    /// never below its parent's, so that at most 54 headers are read.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn first_since(&self, time: Timestamp) -> Result<Option<Height>, StoreError> {
        let (mut first, mut end) = (0, self.tip.header.height.next().get());
        while first < end {
            let middle = first.midpoint(end);
            if self.required_header(Height::new(middle))?.header.timestamp < time {
                first = middle + 1;
            } else {
                end = middle;
            }
        }
        let first = Height::new(first);
        Ok((first <= self.tip.header.height).then_some(first))
    }

    /// The chain state after the block at `height`, `None` above the tip.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn state_at(&self, height: Height) -> Result<Option<TipState>, StoreError> {
        let Some(last) = self.header(height)? else { return Ok(None) };
        let parent_time = match height.parent() {
            None => last.header.timestamp,
            Some(parent) => self.required_header(parent)?.header.timestamp,
        };
        let what = || format!("block {height}: history_root does not fit the blocks before it");
        let state = self.with_tiles(height, what, |tiled, _| {
            let ancestors = self.ancestors(tiled, height)?;
            Ok(TipState::restore(last, parent_time, ancestors))
        });
        state.map(Some)
    }

    /// Computes something of the history below `end`, from the tiles below a height and from the
    /// headers above it: tiles above the fork of a reorg that this view does not know are another
    /// chain's. `compute` returns `None` if the tiles contradict the headers.
    fn with_tiles<T>(
        &self,
        end: Height,
        what: impl FnOnce() -> String,
        compute: impl Fn(Height, KnownRoots<'_>) -> Result<Option<T>, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            let roots = self.database.subtree_roots.begin();
            let tiled = self.lowest_fork().unwrap_or(end).min(end);
            let computed = guarded(|| compute(tiled, roots));
            // A reorg that began while the tiles were read: again, with what it left alone.
            if !matches!(computed, Ok(Some(_)))
                && self.lowest_fork().is_some_and(|fork| fork < tiled)
            {
                continue;
            }
            return computed?.ok_or_else(|| StoreError::Damaged { what: what() });
        }
    }

    /// Frontier over the blocks below `height`, of which those below `tiled` are
    /// taken from the history tiles.
    fn ancestors(&self, tiled: Height, height: Height) -> Result<Frontier, StoreError> {
        let leaf = |leaf| Ok(leaf_hash(self.required_header(Height::new(leaf))?.hash.as_bytes()));
        let tile = |level, index| self.database.tile(level, index);
        let mut ancestors = tiles::frontier(tiled.get(), &tile, &leaf)?;
        for above in tiled.get()..height.get() {
            ancestors.append(leaf(above)?);
        }
        Ok(ancestors)
    }

    fn required_header(&self, height: Height) -> Result<ChainHeader, StoreError> {
        self.header(height)?.ok_or_else(|| missing(height))
    }

    /// Values of consecutive blocks of this chain.
    fn batch(&self, from: Height, to: Height) -> Result<Vec<Raw>, StoreError> {
        if self.made.elapsed() > LIFETIME {
            return Err(StoreError::ViewExpired);
        }
        let to = to.min(self.tip.header.height).min(from.ahead(Self::MAX_VIEW_BLOCKS - 1));
        if from > to {
            return Ok(Vec::new());
        }
        let mut batch = self.read_main(from, to)?;
        self.replace_disconnected(from, to, &mut batch)?;
        if batch.is_empty() {
            return Err(missing(from));
        }
        Ok(batch)
    }

    /// What the main chain holds this moment.
    fn read_main(&self, from: Height, to: Height) -> Result<Vec<Raw>, StoreError> {
        let mut batch = Vec::new();
        let (mut bytes, mut untouched) = (0, 0);
        let chain = &self.database.chain;
        for entry in chain.range(block_key(from)..=block_key(to)) {
            let (key, value) = entry.map_err(read_error)?;
            let height = height_of_block_key(&key).ok_or_else(|| missing(from))?;
            // One look for each KiB, however many blocks that is: looks cost as much as reading.
            untouched += value.len();
            if untouched >= TOUCHED {
                touch(chain, &key, untouched)?;
                untouched = 0;
            }
            bytes += weight(&value);
            batch.push((height, value));
            if bytes >= Self::MAX_VIEW_BYTES {
                break;
            }
        }
        Ok(batch)
    }

    /// Puts back what reorgs moved away since the view was made, and sees to it that
    /// the batch is consecutive.
    fn replace_disconnected(
        &self,
        from: Height,
        to: Height,
        batch: &mut Vec<Raw>,
    ) -> Result<(), StoreError> {
        // The list is read after the data: whatever a reorg did before or during it is there.
        let own_to = self.lowest_fork().map_or(to, |fork| fork.min(to));
        let mut bytes = 0;
        let mut wanted = from;
        batch.retain(|(height, value)| {
            let keep = *height <= own_to;
            bytes += if keep { weight(value) } else { 0 };
            keep
        });
        for (height, _) in batch.iter() {
            if *height != wanted {
                return Err(missing(wanted));
            }
            wanted = wanted.next();
        }
        // What ended the read early ends the batch early.
        if wanted <= own_to {
            return if wanted > from { Ok(()) } else { Err(missing(wanted)) };
        }
        while wanted <= to && (bytes < Self::MAX_VIEW_BYTES || batch.is_empty()) {
            let value = match self.disconnected_at(wanted) {
                Some(hash) => self.database.raw_held(BlockId { height: wanted, hash })?,
                None => self.database.raw_block(wanted)?.ok_or_else(|| missing(wanted))?,
            };
            bytes += weight(&value);
            batch.push((wanted, value));
            wanted = wanted.next();
        }
        Ok(())
    }

    /// The hash of this chain's block at `height`, if a reorg moved it away.
    fn disconnected_at(&self, height: Height) -> Option<Hash> {
        // The first reorg that touched the height disconnected what this view saw there.
        let state = self.database.state();
        let mut unknown = state.reorgs.iter().filter(|reorg| reorg.number > self.reorgs_known);
        unknown.find_map(|reorg| reorg.disconnected_at(height))
    }

    /// Whether the main chain is still this chain, longer or not.
    pub fn is_main(&self) -> bool {
        self.lowest_fork().is_none()
    }

    /// Up to here the main chain is still this chain, `None` if it is altogether.
    fn lowest_fork(&self) -> Option<Height> {
        let state = self.database.state();
        let unknown = state.reorgs.iter().filter(|reorg| reorg.number > self.reorgs_known);
        unknown.map(|reorg| reorg.fork).min()
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let mut state = self.database.state();
        if let Some(count) = state.views.get_mut(&self.reorgs_known) {
            *count -= 1;
            if *count == 0 {
                state.views.remove(&self.reorgs_known);
            }
        }
        state.drop_old_reorgs();
    }
}

fn missing(height: Height) -> StoreError {
    StoreError::Damaged { what: format!("block {height} is missing") }
}

#[cfg(test)]
mod tests;
