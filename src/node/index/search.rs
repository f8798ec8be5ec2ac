//! Searching blocks and records by some digits of their hashes.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Index, find};
use crate::chain::{BlockId, Hash, HashPattern, Height, leaf_hash};
use crate::node::records::pool::{Pool, Stage};
use crate::node::shared::Shared;
use crate::node::{FindError, StoreError, StoredBlock, View};
use crate::store::{HashPrefix, RecordLocation, RecordPlace};

/// Most blocks of the main chain, disconnected blocks, and records that a search finds.
pub const MAX_SEARCH_HITS: usize = 20;

/// Most blocks, and most records, that are read to compare them with the pattern: 200 together. More
/// than hits since the index leads to some that a reorg disconnected or whose last digits do not
/// match. As many disconnected blocks are looked for.
const MAX_SEARCH_CANDIDATES: usize = 100;

/// Candidates that are read at a time.
const SEARCH_PAGE: usize = 16;

/// What a search found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SearchHits {
    /// Blocks of the main chain.
    pub blocks: Vec<BlockId>,
    /// Blocks that a reorg disconnected and that are held, of the reorgs that are remembered.
    pub disconnected: Vec<BlockId>,
    /// Records, each once.
    pub records: Vec<SearchedRecord>,
    /// Whether there may be more than were found.
    pub is_partial: bool,
}

/// A record that a search found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SearchedRecord {
    /// Its id.
    pub id: Hash,
    /// Its first place on the main chain that the search came by, `None` while it is pending.
    pub location: Option<RecordLocation>,
}

/// A search under way.
#[derive(Debug)]
struct Search {
    pattern: HashPattern,
    view: View,
    heights: VecDeque<Height>,
    places: VecDeque<RecordPlace>,
    pending: Vec<Hash>,
    disconnected: VecDeque<BlockId>,
    hits: SearchHits,
}

/// Finds blocks of the main chain, disconnected blocks, and records whose hashes match.
pub(in crate::node) async fn search(
    shared: &Arc<Shared>,
    index: &Arc<Index>,
    pattern: &HashPattern,
) -> Result<SearchHits, FindError> {
    loop {
        let (own, index, pattern) = (Arc::clone(shared), Arc::clone(index), pattern.clone());
        let gather = move || Search::begin(&own, &index, pattern);
        let begun = shared.blocking(&shared.readers, gather).await?;
        let mut search = match begun.map_err(|error| shared.judge(error))? {
            Ok(search) => search,
            Err(lag) => return Err(FindError::Indexing { lag }),
        };
        while search.is_unfinished() {
            let step = move || search.step().map(|()| search);
            let stepped = shared.blocking(&shared.readers, step).await?;
            search = stepped.map_err(|error| shared.judge(error))?;
        }
        // What the index names is this chain's only as long as no reorg happens.
        if search.view.is_published() {
            return Ok(search.finish());
        }
    }
}

impl Search {
    /// Gathers the candidates; the number of blocks that are not indexed, if they do not fit into
    /// memory.
    fn begin(
        shared: &Shared,
        index: &Index,
        pattern: HashPattern,
    ) -> Result<Result<Self, u64>, StoreError> {
        // A record that leaves the pool meanwhile is found on the chain.
        let pending = pending(&shared.records.lock(), &pattern);
        let (low, high) = pattern.range();
        let range = (HashPrefix::of(&low), HashPrefix::of(&high));
        let (view, heights, places) = {
            let mut tail = index.tail();
            let view = shared.reader.view();
            if !tail.follow(&view, index.room)? {
                return Ok(Err(find::lag(&view)));
            }
            let heights = tail.blocks_matching(&pattern, MAX_SEARCH_CANDIDATES);
            let places = tail.places_between(range, None, MAX_SEARCH_CANDIDATES);
            (view, heights, places)
        };
        // One more than is read tells whether there are more.
        let mut heights = Candidates::of(
            view.indexed_heights_between(range, MAX_SEARCH_CANDIDATES.saturating_add(1))?,
            heights,
        );
        let mut places = Candidates::of(
            view.indexed_places_between(range, MAX_SEARCH_CANDIDATES.saturating_add(1))?,
            places,
        );
        let disconnected =
            shared.reorgs.matching(&pattern, MAX_SEARCH_CANDIDATES.saturating_add(1));
        let mut disconnected = Candidates(disconnected.into());
        let is_partial = heights.cut() | places.cut() | disconnected.cut();
        let hits = SearchHits { is_partial, ..SearchHits::default() };
        let (heights, places, disconnected) = (heights.0, places.0, disconnected.0);
        Ok(Ok(Self { pattern, view, heights, places, pending, disconnected, hits }))
    }

    fn is_unfinished(&self) -> bool {
        !self.heights.is_empty() || !self.places.is_empty() || !self.disconnected.is_empty()
    }

    /// Reads some candidates.
    fn step(&mut self) -> Result<(), StoreError> {
        for _ in 0..SEARCH_PAGE {
            let Some(height) = self.heights.pop_front() else { break };
            let Some(header) = self.view.header(height)? else { continue };
            let id = BlockId { height, hash: header.hash };
            if self.pattern.matches(&id.hash) && !self.hits.blocks.contains(&id) {
                if self.hits.blocks.len() >= MAX_SEARCH_HITS {
                    self.hits.is_partial = true;
                    self.heights.clear();
                } else {
                    self.hits.blocks.push(id);
                }
            }
        }
        let mut last: Option<StoredBlock> = None;
        for _ in 0..SEARCH_PAGE {
            let Some(place) = self.places.pop_front() else { break };
            if last.as_ref().is_none_or(|block| block.header.height != place.height) {
                last = self.view.block(place.height)?;
            }
            let Some(block) = &last else { continue };
            self.compare(block, place.position);
        }
        for _ in 0..SEARCH_PAGE {
            let Some(id) = self.disconnected.pop_front() else { break };
            self.look_beside(id)?;
        }
        Ok(())
    }

    /// Adds a block that a reorg disconnected, unless another one brought it back or it was pruned.
    fn look_beside(&mut self, id: BlockId) -> Result<(), StoreError> {
        let is_main = self.view.header(id.height)?.is_some_and(|main| main.hash == id.hash);
        if is_main || self.view.held_header(id)?.is_none() {
            return Ok(());
        }
        if self.hits.disconnected.len() >= MAX_SEARCH_HITS {
            self.hits.is_partial = true;
            self.disconnected.clear();
        } else {
            self.hits.disconnected.push(id);
        }
        Ok(())
    }

    fn compare(&mut self, block: &StoredBlock, position: u32) {
        let record = usize::try_from(position).ok().and_then(|at| block.records.get(at));
        let id = record.map(|record| leaf_hash(record.as_bytes()));
        let Some(id) = id.filter(|id| self.pattern.matches(id)) else { return };
        let block = BlockId { height: block.header.height, hash: block.hash };
        let location = Some(RecordLocation { block, position });
        self.add(SearchedRecord { id, location });
    }

    /// Adds a record, once.
    fn add(&mut self, record: SearchedRecord) {
        let records = &mut self.hits.records;
        if records.iter().any(|found| found.id == record.id) {
            return;
        }
        if records.len() >= MAX_SEARCH_HITS {
            self.hits.is_partial = true;
            self.places.clear();
        } else {
            records.push(record);
        }
    }

    fn finish(mut self) -> SearchHits {
        for id in std::mem::take(&mut self.pending) {
            self.add(SearchedRecord { id, location: None });
        }
        self.hits
    }
}

/// Where to look, without repeats.
struct Candidates<T>(VecDeque<T>);

impl<T: PartialEq> Candidates<T> {
    /// Those of the index first: they are lower.
    fn of(indexed: Vec<T>, tail: Vec<T>) -> Self {
        let mut all = VecDeque::from(indexed);
        for candidate in tail {
            if !all.contains(&candidate) {
                all.push_back(candidate);
            }
        }
        Self(all)
    }

    /// Keeps as many as are read. Returns whether there were more.
    fn cut(&mut self) -> bool {
        let is_cut = self.0.len() > MAX_SEARCH_CANDIDATES;
        self.0.truncate(MAX_SEARCH_CANDIDATES);
        is_cut
    }
}

/// Ids of pending records that match, in order; one more than is shown, if there are as many.
fn pending(pool: &Pool, pattern: &HashPattern) -> Vec<Hash> {
    let waiting = pool.after(None).filter(|(_, entry)| entry.stage != Stage::Arriving);
    let ids = waiting.map(|(_, entry)| entry.record.id).filter(|id| pattern.matches(id));
    ids.take(MAX_SEARCH_HITS.saturating_add(1)).collect()
}

#[cfg(test)]
mod tests;
