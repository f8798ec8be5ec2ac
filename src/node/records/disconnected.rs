//! The records of the blocks that reorgs disconnected, by their ids. Derived from the log of
//! reorgs and from the blocks that are held, and read when a record is looked up after a reorg.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::chain::{BlockId, Hash, Height, Timestamp, leaf_hash};
use crate::node::reorg_log::{DisconnectedBlock, ReorgLog};
use crate::node::{StoreError, View};
use crate::store::Reader;

/// Disconnected blocks whose records are found by their ids, the latest.
const MAX_DISCONNECTED_BLOCKS: usize = 4_096;

/// Records of these blocks, about 100 bytes each: 6.5 MiB. One block may have more.
const MAX_DISCONNECTED_RECORDS: usize = 65_536;

/// Bytes of these records, which are read after the start or a reorg, and not kept: 64 MiB. One
/// block may have more.
const MAX_DISCONNECTED_BYTES: u64 = 64 << 20;

/// Blocks that are read at a time.
const STEP_DISCONNECTED_BLOCKS: usize = 16;

/// Most places of one record that a lookup returns, the latest.
const MAX_PLACES: usize = 16;

/// A disconnected block that has a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DisconnectedPlace {
    /// The block.
    pub block: BlockId,
    /// When it was disconnected.
    pub time: Timestamp,
}

/// How much is found by its id.
#[derive(Clone, Copy, Debug)]
struct Room {
    blocks: usize,
    records: usize,
    bytes: u64,
}

/// The records of disconnected blocks.
#[derive(Debug)]
pub(in crate::node) struct DisconnectedRecords(Mutex<State>);

/// A block by the number of the reorg and its height: higher ones are kept rather than lower ones.
type Key = (u64, Height);

#[derive(Debug)]
struct State {
    room: Room,
    /// Number of the latest reorg that is known.
    last: u64,
    /// Blocks that are not read yet, in the order of their keys.
    unread: Vec<DisconnectedBlock>,
    blocks: BTreeMap<Key, Known>,
    places: BTreeSet<(Hash, Key)>,
    /// Records and bytes of `blocks`.
    records: usize,
    bytes: u64,
}

/// A block whose records are in `places`.
#[derive(Clone, Copy, Debug)]
struct Known {
    place: DisconnectedPlace,
    records: usize,
    bytes: u64,
}

impl Default for DisconnectedRecords {
    fn default() -> Self {
        Self::with_room(Room {
            blocks: MAX_DISCONNECTED_BLOCKS,
            records: MAX_DISCONNECTED_RECORDS,
            bytes: MAX_DISCONNECTED_BYTES,
        })
    }
}

impl DisconnectedRecords {
    const fn with_room(room: Room) -> Self {
        Self(Mutex::new(State {
            room,
            last: 0,
            unread: Vec::new(),
            blocks: BTreeMap::new(),
            places: BTreeSet::new(),
            records: 0,
            bytes: 0,
        }))
    }

    /// Whether it is certain, without a read of the disk, that no disconnected block has any of
    /// these records.
    pub(in crate::node) fn have_none(&self, log: &ReorgLog, ids: &[Hash]) -> bool {
        // Who holds it may be reading.
        let Ok(mut state) = self.0.try_lock() else { return false };
        state.follow(log);
        state.unread.is_empty() && ids.iter().all(|id| state.newest(id).next().is_none())
    }

    /// For each of these records, the disconnected blocks that are held and have it, the latest
    /// first; `None` while blocks are still to be read, of which a call reads a few.
    pub(in crate::node) fn find(
        &self,
        log: &ReorgLog,
        reader: &Reader,
        ids: &[Hash],
    ) -> Result<Option<Vec<Vec<DisconnectedPlace>>>, StoreError> {
        let mut state = self.lock();
        state.follow(log);
        if !state.read(reader)? {
            return Ok(None);
        }
        let candidates: Vec<Vec<_>> = ids.iter().map(|id| state.newest(id).collect()).collect();
        drop(state);
        let view = reader.view();
        let mut known = HashMap::new();
        let found = candidates.into_iter().map(|places| off_main_chain(places, &view, &mut known));
        found.collect::<Result<_, _>>().map(Some)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The places whose blocks are held and not on the view's chain, each block once.
fn off_main_chain(
    places: Vec<DisconnectedPlace>,
    view: &View,
    known: &mut HashMap<Hash, bool>,
) -> Result<Vec<DisconnectedPlace>, StoreError> {
    let mut found: Vec<DisconnectedPlace> = Vec::new();
    for place in places {
        let is_off = match known.entry(place.block.hash) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => *unknown.insert(is_off(view, place.block)?),
        };
        if is_off && !found.iter().any(|found| found.block == place.block) {
            found.push(place);
        }
        if found.len() >= MAX_PLACES {
            break;
        }
    }
    Ok(found)
}

/// Whether a block is held beside the view's chain.
fn is_off(view: &View, id: BlockId) -> Result<bool, StoreError> {
    let main = view.header(id.height)?;
    Ok(main.is_none_or(|main| main.hash != id.hash) && view.held_header(id)?.is_some())
}

impl State {
    /// Takes note of the blocks of new reorgs.
    fn follow(&mut self, log: &ReorgLog) {
        let (last, blocks) = log.blocks_above(self.last, self.room.blocks);
        self.last = last;
        self.unread.extend(blocks);
        let excess = self.unread.len().saturating_sub(self.room.blocks);
        self.unread.drain(..excess);
    }

    /// Reads a few blocks, the latest first. Returns whether none is left.
    fn read(&mut self, reader: &Reader) -> Result<bool, StoreError> {
        let mut has_evicted = false;
        for _ in 0..STEP_DISCONNECTED_BLOCKS {
            let Some(&block) = self.unread.last() else { break };
            let found = reader.view().held_block(block.id)?;
            self.unread.pop();
            if let Some(found) = found {
                self.insert(&block, &found.records);
                has_evicted |= self.evict((block.number, block.id.height));
            }
        }
        if has_evicted && let Some((&first, _)) = self.blocks.first_key_value() {
            self.places.retain(|(_, key)| *key >= first);
        }
        Ok(self.unread.is_empty())
    }

    fn insert(&mut self, block: &DisconnectedBlock, records: &[String]) {
        let key = (block.number, block.id.height);
        let place = DisconnectedPlace { block: block.id, time: block.time };
        let bytes = records.iter().map(|record| record.len() as u64).sum();
        let before = self.places.len();
        self.places.extend(records.iter().map(|record| (leaf_hash(record.as_bytes()), key)));
        let records = self.places.len() - before;
        self.blocks.insert(key, Known { place, records, bytes });
        self.records += records;
        self.bytes += bytes;
    }

    /// Forgets the oldest blocks above the bounds; `new` was inserted last. Returns whether there
    /// were any. Their places are for the caller to remove.
    fn evict(&mut self, new: Key) -> bool {
        let mut has_evicted = false;
        while self.blocks.len() > 1 && self.is_full() {
            let Some((key, oldest)) = self.blocks.pop_first() else { break };
            self.records -= oldest.records;
            self.bytes -= oldest.bytes;
            has_evicted = true;
            if key == new {
                // All that is unread is older.
                self.unread.clear();
                break;
            }
        }
        has_evicted
    }

    fn is_full(&self) -> bool {
        let Room { blocks, records, bytes } = self.room;
        self.blocks.len() > blocks || self.records > records || self.bytes > bytes
    }

    /// The blocks that have a record, the latest first.
    fn newest(&self, id: &Hash) -> impl Iterator<Item = DisconnectedPlace> + '_ {
        let lowest = (*id, (0, Height::GENESIS));
        let highest = (*id, (u64::MAX, Height::new(u64::MAX)));
        let keys = self.places.range(lowest..=highest).rev();
        keys.filter_map(|(_, key)| self.blocks.get(key)).map(|known| known.place)
    }
}

#[cfg(test)]
mod tests;
