//! Blocks by their hash, records by their id, and reorgs by their number.

use std::sync::Arc;

use super::NodeHandle;
use crate::chain::{BlockId, Hash, HashPattern};
use crate::node::index::{find, search};
use crate::node::{
    DisconnectedPlace, FindError, NodeFailure, RecordLocation, ReorgSummary, SearchHits,
};

/// Lookups of a block that reorgs move meanwhile.
const FIND_HELD_ATTEMPTS: usize = 8;

impl NodeHandle {
    /// Finds a block of the main chain by its hash; `None` if no block has it.
    ///
    /// # Errors
    /// [`FindError::Indexing`] while too many blocks are not indexed yet.
    pub async fn find_block(&self, hash: Hash) -> Result<Option<BlockId>, FindError> {
        find::find_block(&self.shared, &self.index, hash).await
    }

    /// Finds a block by its hash, on the main chain or on any branch that is held; `None` if no
    /// block has it.
    ///
    /// # Errors
    /// As [`NodeHandle::find_block`].
    pub async fn find_held_block(&self, hash: Hash) -> Result<Option<BlockId>, FindError> {
        for _ in 0..FIND_HELD_ATTEMPTS {
            let view = self.view();
            let reader = self.shared.reader.clone();
            let beside = self.read(move || reader.find_branch_block(&hash)).await?;
            let found = match beside {
                Some(found) => Some(found),
                None => self.find_block(hash).await?,
            };
            // A reorg may have moved it from the one place to the other meanwhile.
            if found.is_some() || view.is_published() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Finds the first record of the main chain with this id; `None` if no record has it.
    ///
    /// # Errors
    /// As [`NodeHandle::find_block`].
    pub async fn find_record(&self, id: Hash) -> Result<Option<RecordLocation>, FindError> {
        find::find_record(&self.shared, &self.index, id).await
    }

    /// Finds blocks of the main chain, blocks that the latest reorgs disconnected, and records by
    /// some digits of their hashes, at most [`MAX_SEARCH_HITS`](crate::node::MAX_SEARCH_HITS) of
    /// each.
    ///
    /// # Errors
    /// As [`NodeHandle::find_block`].
    pub async fn search(&self, pattern: &HashPattern) -> Result<SearchHits, FindError> {
        search::search(&self.shared, &self.index, pattern).await
    }

    /// For each of these records, the blocks that have it, are held, and were disconnected by a
    /// reorg: at most 16, the latest reorg first. Only the records of the last 4,096 disconnected
    /// blocks are found, and no more than 65,536 of them.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn disconnected_places(
        &self,
        ids: Arc<[Hash]>,
    ) -> Result<Vec<Vec<DisconnectedPlace>>, NodeFailure> {
        if self.shared.disconnected.have_none(&self.shared.reorgs, &ids) {
            return Ok(vec![Vec::new(); ids.len()]);
        }
        loop {
            let (shared, ids) = (Arc::clone(&self.shared), Arc::clone(&ids));
            let find = move || shared.disconnected.find(&shared.reorgs, &shared.reader, &ids);
            if let Some(found) = self.read(find).await? {
                return Ok(found);
            }
        }
    }

    /// The latest reorgs with a number below `before`, newest first, at most `max`. Only the
    /// last 1,000 are remembered.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn reorgs(
        &self,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<ReorgSummary>, NodeFailure> {
        let shared = Arc::clone(&self.shared);
        self.read(move || Ok(shared.reorgs.page(before, max))).await
    }
}
