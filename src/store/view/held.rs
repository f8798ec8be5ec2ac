//! Blocks that are held, on whichever branch.

use crate::chain::{BlockId, ChainHeader};
use crate::store::layout::decode_block;
use crate::store::sled::errors::guarded;
use crate::store::{StoreError, StoredBlock, View};

/// Reads of a block that a reorg may move meanwhile.
const HELD_BLOCK_ATTEMPTS: usize = 8;

impl View {
    /// The header of a block that is held, on the main chain or on a branch; `None` if it is not
    /// held.
    ///
    /// # Errors
    /// When the block is damaged, or the disk fails.
    pub fn held_header(&self, id: BlockId) -> Result<Option<ChainHeader>, StoreError> {
        guarded(|| match self.database.raw_held(id) {
            Ok(value) => decode_block(id.height, &value).map(|(header, _)| Some(header)),
            Err(StoreError::NotHeld(_)) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// A block that is held, on the main chain or on a branch, found whole; `None` if it is not
    /// held any more. For a block that is known to be durable: one that is applied to the main
    /// chain is found before its flush.
    ///
    /// # Errors
    /// As [`View::block`].
    pub fn held_block(&self, id: BlockId) -> Result<Option<StoredBlock>, StoreError> {
        if self.header(id.height)?.is_some_and(|header| header.hash == id.hash) {
            return self.block(id.height);
        }
        guarded(|| {
            let database = &self.database;
            for _ in 0..HELD_BLOCK_ATTEMPTS {
                if let Some(block) = database.branch_block(id)? {
                    return Ok(Some(block));
                }
                // A reorg may have moved it to the main chain since the view was made.
                let main = database.raw_block(id.height)?;
                if let Some(value) = main.filter(|value| value.starts_with(id.hash.as_bytes())) {
                    return database.complete(id.height, &value).map(Some);
                }
            }
            Ok(None)
        })
    }
}

#[cfg(test)]
mod tests;
