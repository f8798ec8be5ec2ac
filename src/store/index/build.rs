//! Building the index: sorted batches behind the durable tip, and the way back after a reorg.

use super::{Entry, HashPrefix, INDEX_CURSOR, RecordPlace, decode_cursor, encode_cursor};
use crate::chain::{BlockId, Height, ValidBlock, leaf_hash};
use crate::store::StoreError;
use crate::store::database::{Database, Indexed, insert};
use crate::store::layout::decode_block;
use crate::store::sled::errors::{read_error, write_error};

/// Entries that one call of [`crate::store::Writer::index`] writes.
const MAX_STEP_ENTRIES: usize = 256;

/// Entries of consecutive blocks that are to be inserted or removed, and where that moves the
/// cursor.
#[derive(Debug)]
pub struct IndexBatch {
    change: Change,
    from: BlockId,
    to: BlockId,
    entries: Vec<Entry>,
    /// How many of them are written; `None` before the first step.
    written: Option<usize>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Change {
    Insert,
    Remove,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IndexStep {
    /// There is more of it to write.
    Partial,
    /// It is written, and the cursor moved.
    Applied,
    /// Nothing of it was written: the cursor is another one, or its blocks are not on the main
    /// chain.
    Dropped,
}

impl IndexBatch {
    /// A batch that inserts the blocks above `cursor`.
    pub const fn extending(cursor: BlockId) -> Self {
        Self::new(Change::Insert, cursor)
    }

    /// A batch that removes blocks from `cursor` down.
    pub const fn leaving(cursor: BlockId) -> Self {
        Self::new(Change::Remove, cursor)
    }

    const fn new(change: Change, cursor: BlockId) -> Self {
        Self { change, from: cursor, to: cursor, entries: Vec::new(), written: None }
    }

    /// Adds a block by the prefixes of its hash and of its records' ids, in order.
    pub fn push(&mut self, id: BlockId, records: impl IntoIterator<Item = HashPrefix>) {
        let height = id.height;
        self.entries.push(Entry::Block(HashPrefix::of(&id.hash), height));
        self.entries.extend(
            (0_u32..)
                .zip(records)
                .map(|(position, prefix)| Entry::Record(prefix, RecordPlace { height, position })),
        );
    }

    /// Completes the batch: it moves the cursor to `cursor`.
    #[must_use]
    pub fn ending_at(mut self, cursor: BlockId) -> Self {
        self.entries.sort_unstable();
        self.to = cursor;
        self
    }
}

impl IndexBatch {
    /// Whether the batch may be written: it was begun, or it fits the cursor and the main chain.
    ///
    /// # Errors
    /// [`StoreError::DiskLow`] when room is short to begin it.
    pub(in crate::store) fn is_wanted(&self, database: &Database) -> Result<bool, StoreError> {
        if self.written.is_some() {
            return Ok(true);
        }
        if self.from != database.state().index.cursor
            || self.change == Change::Insert && !is_main(database, self.to)?
        {
            return Ok(false);
        }
        database.check_room()?;
        Ok(true)
    }

    /// Writes the next entries. Every step may be repeated.
    pub(in crate::store) fn step(&mut self, database: &Database) -> Result<IndexStep, StoreError> {
        if self.written.is_none() && self.change == Change::Remove {
            move_cursor(database, self.to)?;
        }
        let written = self.written.unwrap_or(0);
        let end = written.saturating_add(MAX_STEP_ENTRIES).min(self.entries.len());
        for entry in self.entries.get(written..end).unwrap_or_default() {
            match self.change {
                Change::Insert => database.index.insert(entry.key(), &[]),
                Change::Remove => database.index.remove(entry.key()),
            }
            .map_err(write_error)?;
        }
        self.written = Some(end);
        if end < self.entries.len() {
            return Ok(IndexStep::Partial);
        }
        if self.change == Change::Insert {
            move_cursor(database, self.to)?;
        }
        Ok(IndexStep::Applied)
    }
}

/// The blocks of the main chain up to the cursor are indexed, if it is on it.
fn move_cursor(database: &Database, cursor: BlockId) -> Result<(), StoreError> {
    insert(&database.index, INDEX_CURSOR, &encode_cursor(cursor))?;
    // A reorg may have disconnected it since the batch was begun.
    let is_main = is_main(database, cursor)?;
    let mut state = database.state();
    state.index.cursor = cursor;
    if is_main {
        state.index.height = cursor.height;
    }
    Ok(())
}

/// Whether the way back of the index leads along blocks that a reorg disconnected: those must
/// stay until it has left them.
pub(in crate::store) fn needs_branches(database: &Database) -> Result<bool, StoreError> {
    let cursor = database.state().index.cursor;
    Ok(!is_main(database, cursor)?)
}

/// Returns how far the index is, at opening. An index without a cursor begins with genesis.
pub(in crate::store) fn load(
    database: &Database,
    genesis: &ValidBlock,
) -> Result<Indexed, StoreError> {
    let cursor = match database.index.get(INDEX_CURSOR).map_err(read_error)? {
        Some(value) => decode_cursor(&value)?,
        None => begin(database, genesis)?,
    };
    Ok(Indexed { cursor, height: common_height(database, cursor)? })
}

fn begin(database: &Database, genesis: &ValidBlock) -> Result<BlockId, StoreError> {
    let records = genesis.block().records.iter().map(|record| leaf_hash(record.as_bytes()));
    let mut batch = IndexBatch::extending(genesis.id());
    batch.push(genesis.id(), records.map(|id| HashPrefix::of(&id)));
    for entry in batch.entries {
        insert(&database.index, &entry.key(), &[])?;
    }
    insert(&database.index, INDEX_CURSOR, &encode_cursor(genesis.id()))?;
    Ok(genesis.id())
}

/// Height of the last block that the cursor's branch shares with the main chain.
fn common_height(database: &Database, cursor: BlockId) -> Result<Height, StoreError> {
    let mut at = cursor;
    while !is_main(database, at)? {
        let damaged = || StoreError::Damaged {
            what: format!("block {at} is missing, by which the index is led back"),
        };
        let value = database.raw_branch_block(at)?.ok_or_else(damaged)?;
        at = decode_block(at.height, &value)?.0.parent().ok_or_else(damaged)?;
    }
    Ok(at.height)
}

fn is_main(database: &Database, id: BlockId) -> Result<bool, StoreError> {
    let main = database.raw_block(id.height)?;
    Ok(main.is_some_and(|value| value.starts_with(id.hash.as_bytes())))
}
