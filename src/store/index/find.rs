//! Finding blocks and records by the index.

use std::ops::Bound;

use super::{Entry, HashPrefix};
use crate::chain::{BlockId, Hash, Height, leaf_hash};
use crate::store::database::touch;
use crate::store::sled::errors::{guarded, read_error};
use crate::store::{Reader, StoreError, StoredBlock, View};

/// Candidates that are read of the index at a time.
const INDEX_PAGE: usize = 16;

/// Where a record may be.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RecordPlace {
    /// Height of its block.
    pub height: Height,
    /// Its position among the block's records.
    pub position: u32,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RecordLocation {
    /// Its block.
    pub block: BlockId,
    /// Its position among the block's records.
    pub position: u32,
}

impl View {
    /// Every block of this chain up to this height was indexed when the view was made, and is
    /// while [`View::is_published`].
    pub const fn indexed(&self) -> Height {
        self.index.height
    }

    /// The last block that was indexed when the view was made: on this chain, unless a reorg
    /// disconnected it.
    pub const fn index_cursor(&self) -> BlockId {
        self.index.cursor
    }

    /// Whether the published chain is still this chain, longer or not.
    pub fn is_published(&self) -> bool {
        self.database.state().reorgs_done == self.reorgs_known
    }

    /// Finds the block of this chain with this hash by the index; `None` if the index does not
    /// lead to it.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn find_indexed_block(&self, hash: &Hash) -> Result<Option<BlockId>, StoreError> {
        let prefix = HashPrefix::of(hash);
        let mut above = Bound::Included(Entry::Block(prefix, Height::GENESIS).key());
        let end = Entry::Block(prefix, Height::new(u64::MAX)).key();
        loop {
            let page = self.page(above, &end, INDEX_PAGE)?;
            for entry in &page {
                let Entry::Block(_, height) = *entry else { continue };
                if self.header(height)?.is_some_and(|header| header.hash == *hash) {
                    return Ok(Some(BlockId { height, hash: *hash }));
                }
            }
            let Some(last) = page.last() else { return Ok(None) };
            above = Bound::Excluded(last.key());
        }
    }

    /// The next places, at most 16 and in order, where the index has a record with this id.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn indexed_places(
        &self,
        id: &Hash,
        above: Option<RecordPlace>,
    ) -> Result<Vec<RecordPlace>, StoreError> {
        let prefix = HashPrefix::of(id);
        let lowest = RecordPlace { height: Height::GENESIS, position: 0 };
        let highest = RecordPlace { height: Height::new(u64::MAX), position: u32::MAX };
        let start = match above {
            None => Bound::Included(Entry::Record(prefix, lowest).key()),
            Some(above) => Bound::Excluded(Entry::Record(prefix, above).key()),
        };
        let page = self.page(start, &Entry::Record(prefix, highest).key(), INDEX_PAGE)?;
        Ok(record_places(page))
    }

    /// Where the index has blocks whose hashes begin like one between `low` and `high`, at most
    /// `max`, in order of their hashes.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn indexed_heights_between(
        &self,
        (low, high): (HashPrefix, HashPrefix),
        max: usize,
    ) -> Result<Vec<Height>, StoreError> {
        let start = Bound::Included(Entry::Block(low, Height::GENESIS).key());
        let page = self.page(start, &Entry::Block(high, Height::new(u64::MAX)).key(), max)?;
        let heights = page.into_iter().filter_map(|entry| match entry {
            Entry::Block(_, height) => Some(height),
            Entry::Record(..) => None,
        });
        Ok(heights.collect())
    }

    /// As [`View::indexed_heights_between`], of records by their ids.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn indexed_places_between(
        &self,
        (low, high): (HashPrefix, HashPrefix),
        max: usize,
    ) -> Result<Vec<RecordPlace>, StoreError> {
        let lowest = RecordPlace { height: Height::GENESIS, position: 0 };
        let highest = RecordPlace { height: Height::new(u64::MAX), position: u32::MAX };
        let start = Bound::Included(Entry::Record(low, lowest).key());
        Ok(record_places(self.page(start, &Entry::Record(high, highest).key(), max)?))
    }

    /// The first of these places, in order, where this chain has the record with this id.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn first_with_record(
        &self,
        id: &Hash,
        places: &[RecordPlace],
    ) -> Result<Option<RecordLocation>, StoreError> {
        let mut last: Option<StoredBlock> = None;
        for &RecordPlace { height, position } in places {
            if last.as_ref().is_none_or(|block| block.header.height != height) {
                last = self.block(height)?;
            }
            let Some(block) = &last else { continue };
            let record = usize::try_from(position).ok().and_then(|at| block.records.get(at));
            if record.is_some_and(|record| leaf_hash(record.as_bytes()) == *id) {
                let block = BlockId { height, hash: block.hash };
                return Ok(Some(RecordLocation { block, position }));
            }
        }
        Ok(None)
    }

    fn page(
        &self,
        start: Bound<Vec<u8>>,
        end: &[u8],
        max: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        guarded(|| {
            let index = &self.database.index;
            let mut page = Vec::new();
            let range = (start, Bound::Included(end.to_vec()));
            for key in index.range::<Vec<u8>, _>(range).keys().take(max) {
                let key = key.map_err(read_error)?;
                touch(index, &key, key.len())?;
                page.push(Entry::parse(&key)?);
            }
            Ok(page)
        })
    }
}

fn record_places(page: Vec<Entry>) -> Vec<RecordPlace> {
    let places = page.into_iter().filter_map(|entry| match entry {
        Entry::Record(_, place) => Some(place),
        Entry::Block(..) => None,
    });
    places.collect()
}

impl Reader {
    /// Every block of the main chain up to this height is indexed.
    pub fn indexed(&self) -> Height {
        self.database.state().index.height
    }

    /// A block that is held, on the main chain or beside it, found whole.
    ///
    /// # Errors
    /// When it is not held or is damaged, or the disk fails.
    pub fn held_block(&self, id: BlockId) -> Result<StoredBlock, StoreError> {
        guarded(|| self.database.complete(id.height, &self.database.raw_held(id)?))
    }
}
