//! The blocks above those that are indexed, in memory.

use std::collections::VecDeque;

use crate::chain::{BlockId, Hash, HashPattern, Height, leaf_hash};
use crate::node::{StoreError, StoredBlock, View};
use crate::store::{HashPrefix, IndexBatch, RecordPlace};

/// How many blocks and records a tail may come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) blocks: usize,
    pub(super) records: usize,
}

/// Consecutive blocks, such as those from the first one on that is not indexed: 8 bytes for each record and 40 for
/// each block.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// Height of the first block.
    first: Height,
    blocks: VecDeque<TailBlock>,
    /// Of the records of all blocks, in order.
    records: VecDeque<HashPrefix>,
    /// Records of the block behind the last one, when they did not fit.
    refused: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct TailBlock {
    hash: Hash,
    records: usize,
}

impl Tail {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes the blocks of `view` that its index lacks, as far as there is room, and gives up
    /// all others. Returns whether it has all of them. The view must not be older than the last one.
    pub(super) fn follow(&mut self, view: &View, room: Room) -> Result<bool, StoreError> {
        self.drop_disconnected(view)?;
        let first = view.indexed().next();
        while self.first < first && self.pop_front() {}
        if self.first != first {
            self.clear();
            self.first = first;
        }
        let tip = view.tip().header.height;
        while self.end() <= tip {
            let free = room.blocks.saturating_sub(self.blocks.len()) as u64;
            if free == 0 || self.refused.is_some_and(|records| !self.fits(records, room)) {
                return Ok(false);
            }
            for block in view.blocks(self.end(), tip.min(self.end().ahead(free - 1)))? {
                if !self.fits(block.records.len(), room) {
                    self.refused = Some(block.records.len());
                    return Ok(false);
                }
                self.push_back(&block);
            }
        }
        Ok(true)
    }

    /// Takes the last blocks of `view`, as many as there is room for and at least one, and gives up
    /// all others. The view must not be older than the last one.
    pub(super) fn follow_end(&mut self, view: &View, room: Room) -> Result<(), StoreError> {
        self.drop_disconnected(view)?;
        let tip = view.tip().header.height;
        let first = first_fitting(view, self.end(), room)?;
        if self.blocks.is_empty() || first > self.end() {
            self.clear();
            self.first = first;
        }
        while self.end() <= tip {
            for block in view.blocks(self.end(), tip)? {
                let records = block.records.len();
                while (!self.fits(records, room) || self.blocks.len() >= room.blocks)
                    && self.pop_front()
                {}
                self.push_back(&block);
            }
        }
        Ok(())
    }

    /// The height behind the last block.
    fn end(&self) -> Height {
        self.first.ahead(self.blocks.len() as u64)
    }

    /// A block with more records than there is room for fits alone.
    fn fits(&self, records: usize, room: Room) -> bool {
        self.blocks.is_empty() || self.records.len().saturating_add(records) <= room.records
    }

    fn push_back(&mut self, block: &StoredBlock) {
        self.refused = None;
        let ids = block.records.iter().map(|record| leaf_hash(record.as_bytes()));
        self.records.extend(ids.map(|id| HashPrefix::of(&id)));
        self.blocks.push_back(TailBlock { hash: block.hash, records: block.records.len() });
    }

    /// Drops the first block. Returns whether there was one.
    fn pop_front(&mut self) -> bool {
        let Some(block) = self.blocks.pop_front() else { return false };
        self.records.drain(..block.records);
        self.first = self.first.next();
        true
    }

    /// Drops the blocks that are not on the view's chain: they are the last ones.
    fn drop_disconnected(&mut self, view: &View) -> Result<(), StoreError> {
        let is_common = |place: usize| {
            let Some(block) = self.blocks.get(place) else { return Ok(true) };
            let header = view.header(self.first.ahead(place as u64))?;
            Ok::<_, StoreError>(header.is_some_and(|header| header.hash == block.hash))
        };
        let (mut common, mut end) = (0, self.blocks.len());
        if end == 0 || is_common(end.saturating_sub(1))? {
            return Ok(());
        }
        while common < end {
            let middle = common.midpoint(end);
            if is_common(middle)? {
                common = middle.saturating_add(1);
            } else {
                end = middle;
            }
        }
        self.blocks.truncate(common);
        let records = self.blocks.iter().map(|block| block.records).sum();
        self.records.truncate(records);
        self.refused = None;
        Ok(())
    }

    /// The block with this hash.
    pub(super) fn block(&self, hash: &Hash) -> Option<BlockId> {
        let place = self.blocks.iter().position(|block| block.hash == *hash)?;
        Some(BlockId { height: self.first.ahead(place as u64), hash: *hash })
    }

    /// The blocks whose hashes match, at most `max`, in order.
    pub(super) fn blocks_matching(&self, pattern: &HashPattern, max: usize) -> Vec<Height> {
        let blocks = (0..).zip(&self.blocks).filter(|(_, block)| pattern.matches(&block.hash));
        blocks.map(|(place, _)| self.first.ahead(place)).take(max).collect()
    }

    /// The next places where a record with this id may be, at most `max`, in order.
    pub(super) fn places(
        &self,
        id: &Hash,
        above: Option<RecordPlace>,
        max: usize,
    ) -> Vec<RecordPlace> {
        let prefix = HashPrefix::of(id);
        self.places_between((prefix, prefix), above, max)
    }

    /// As [`Tail::places`], of records whose ids begin like one between `low` and `high`.
    pub(super) fn places_between(
        &self,
        (low, high): (HashPrefix, HashPrefix),
        above: Option<RecordPlace>,
        max: usize,
    ) -> Vec<RecordPlace> {
        let matching =
            self.records.iter().enumerate().filter(|(_, record)| (low..=high).contains(*record));
        let mut heights = std::iter::successors(Some(self.first), |height| Some(height.next()));
        let mut blocks = self.blocks.iter();
        // The block of the last match, and where its records begin and end.
        let (mut height, mut start, mut end) = (self.first, 0, 0);
        let places = matching.filter_map(|(at, _)| {
            while at >= end {
                start = end;
                end = blocks.next()?.records.saturating_add(start);
                height = heights.next()?;
            }
            let position = u32::try_from(at.checked_sub(start)?).ok()?;
            Some(RecordPlace { height, position })
        });
        places.filter(|place| above.is_none_or(|above| *place > above)).take(max).collect()
    }

    /// Entries of the first blocks, which are those above `cursor`.
    pub(super) fn batch(&self, cursor: BlockId, room: Room) -> IndexBatch {
        let mut batch = IndexBatch::extending(cursor);
        let (mut end, mut start) = (cursor, 0_usize);
        for block in self.blocks.iter().take(room.blocks) {
            let next = start.saturating_add(block.records);
            if next > room.records && start > 0 {
                break;
            }
            end = BlockId { height: end.height.next(), hash: block.hash };
            batch.push(end, self.records.range(start..next).copied());
            start = next;
        }
        batch.ending_at(end)
    }
}

/// The lowest height from which on the blocks of the view fit into the room, not below `end`; the
/// tip's if that alone has too many records.
fn first_fitting(view: &View, end: Height, room: Room) -> Result<Height, StoreError> {
    let tip = view.tip().header.height;
    let lowest = tip.back((room.blocks as u64).saturating_sub(1)).max(end);
    let (mut first, mut records) = (tip, 0_usize);
    let mut next = Some(tip);
    while let Some(height) = next.filter(|height| *height >= lowest) {
        let Some(block) = view.header(height)? else { break };
        records = records.saturating_add(block.header.record_count as usize);
        if records > room.records {
            break;
        }
        first = height;
        next = height.parent();
    }
    Ok(first)
}

#[cfg(test)]
mod tests;
