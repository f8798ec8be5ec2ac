//! Checking that the index is complete.

use super::{Entry, HashPrefix, RecordPlace};
use crate::chain::{Height, leaf_hash};
use crate::store::database::{Database, touch};
use crate::store::sled::errors::{guarded, read_error};
use crate::store::{Reader, StoreError, StoredBlock};

impl Reader {
    /// Checks that the index leads to every block that counts as indexed, and to every record of
    /// these blocks. Returns the height of the last one. Only for a database to which nothing is
    /// written meanwhile.
    ///
    /// # Errors
    /// The first damage, by height.
    pub fn check_index(&self) -> Result<Height, StoreError> {
        let mut next = Height::GENESIS;
        loop {
            // A view lives ten minutes, and a long chain takes longer.
            let view = self.view();
            let end = view.indexed();
            if next > end {
                return Ok(end);
            }
            for block in view.blocks(next, end)? {
                guarded(|| check_block(&self.database, &block))?;
                next = block.header.height.next();
            }
        }
    }
}

fn check_block(database: &Database, block: &StoredBlock) -> Result<(), StoreError> {
    let height = block.header.height;
    let records = (0_u32..).zip(&block.records).map(|(position, record)| {
        let id = leaf_hash(record.as_bytes());
        Entry::Record(HashPrefix::of(&id), RecordPlace { height, position })
    });
    for entry in std::iter::once(Entry::Block(HashPrefix::of(&block.hash), height)).chain(records) {
        let key = entry.key();
        touch(&database.index, &key, key.len())?;
        if !database.index.contains_key(key).map_err(read_error)? {
            let what = format!("block {height}: the index lacks it, or one of its records");
            return Err(StoreError::Damaged { what });
        }
    }
    Ok(())
}
