//! Lookups by hash and by record id.
//!
//! A lookup takes a view, first asks the tail and then the index, and at last sees whether the
//! view is still the published chain. A block that is indexed meanwhile is not missed: its
//! entries are written before any view counts it as indexed, and the tail gives a block up only
//! to such a view. So a block that the tail has given up is in the index when that is asked
//! afterwards. Entries are removed only of blocks that a published reorg disconnected: then the
//! view is not the published chain any more, and the lookup begins anew.

use std::sync::Arc;

use super::Index;
use crate::chain::{BlockId, Hash};
use crate::node::records::submission::OnChain;
use crate::node::shared::Shared;
use crate::node::{FindError, StoreError, View};
use crate::store::{Reader, RecordLocation, RecordPlace};

/// Places in the tail whose blocks are read at a time.
const TAIL_PAGE: usize = 16;

/// What a step of a lookup came to.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Progress<T> {
    /// There is more to read.
    Partial,
    /// This chain's answer.
    Done(Option<T>),
    /// This many blocks are not indexed, and do not fit into memory.
    Indexing(u64),
}

/// Finds the block of the main chain with this hash.
pub(in crate::node) async fn find_block(
    shared: &Arc<Shared>,
    index: &Arc<Index>,
    hash: Hash,
) -> Result<Option<BlockId>, FindError> {
    loop {
        let (reader, index) = (shared.reader.clone(), Arc::clone(index));
        let read = move || block(&reader, &index, &hash);
        let progress = shared.blocking(&shared.readers, read).await?;
        match progress.map_err(|error| shared.judge(error))? {
            Progress::Partial => {}
            Progress::Done(found) => return Ok(found),
            Progress::Indexing(lag) => return Err(FindError::Indexing { lag }),
        }
    }
}

pub(super) fn block(
    reader: &Reader,
    index: &Index,
    hash: &Hash,
) -> Result<Progress<BlockId>, StoreError> {
    let (view, found) = {
        let mut tail = index.tail();
        let view = reader.view();
        if !tail.follow(&view, index.room)? {
            return Ok(Progress::Indexing(lag(&view)));
        }
        (view, tail.block(hash))
    };
    let found = match found {
        Some(found) => Some(found),
        None => view.find_indexed_block(hash)?,
    };
    Ok(if view.is_published() { Progress::Done(found) } else { Progress::Partial })
}

/// Finds the first record of the main chain with this id. One step of it reads few blocks, so
/// that other readers have their turns when many records have the same prefix.
pub(in crate::node) async fn find_record(
    shared: &Arc<Shared>,
    index: &Arc<Index>,
    id: Hash,
) -> Result<Option<RecordLocation>, FindError> {
    let mut lookup = Lookup::of(id);
    loop {
        let (reader, index) = (shared.reader.clone(), Arc::clone(index));
        let read = move || lookup.step(&reader, &index).map(|progress| (lookup, progress));
        let stepped = shared.blocking(&shared.readers, read).await?;
        let (next, progress) = stepped.map_err(|error| shared.judge(error))?;
        match progress {
            Progress::Partial => lookup = next,
            Progress::Done(found) => return Ok(found),
            Progress::Indexing(lag) => return Err(FindError::Indexing { lag }),
        }
    }
}

/// As [`find_record`], on a thread of the node's own that may block.
pub(in crate::node) fn find_on_chain(
    reader: &Reader,
    index: &Index,
    id: &Hash,
) -> Result<OnChain, StoreError> {
    let mut lookup = Lookup::of(*id);
    loop {
        match lookup.step(reader, index)? {
            Progress::Partial => {}
            Progress::Done(None) => return Ok(OnChain::Absent),
            Progress::Done(Some(location)) => return Ok(OnChain::At(location)),
            Progress::Indexing(lag) => return Ok(OnChain::Unknown(lag)),
        }
    }
}

/// A lookup of a record.
#[derive(Debug)]
pub(super) struct Lookup {
    id: Hash,
    /// `None` before the first step.
    view: Option<View>,
    stage: Stage,
    /// The first place that the tail led to. The index may lead to a lower one, and also to a
    /// higher one: by an entry of a disconnected block that holds for this chain as well.
    found: Option<RecordLocation>,
}

/// Where to look next: above this place, or from the first one on.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Tail(Option<RecordPlace>),
    Index(Option<RecordPlace>),
}

impl Lookup {
    pub(super) const fn of(id: Hash) -> Self {
        Self { id, view: None, stage: Stage::Tail(None), found: None }
    }

    pub(super) fn step(
        &mut self,
        reader: &Reader,
        index: &Index,
    ) -> Result<Progress<RecordLocation>, StoreError> {
        match self.stage {
            Stage::Tail(above) => self.search_tail(reader, index, above),
            Stage::Index(above) => self.search_index(above),
        }
    }

    fn search_tail(
        &mut self,
        reader: &Reader,
        index: &Index,
        above: Option<RecordPlace>,
    ) -> Result<Progress<RecordLocation>, StoreError> {
        let mut tail = index.tail();
        let view = if let Some(view) = self.view.take() {
            view
        } else {
            let view = reader.view();
            if !tail.follow(&view, index.room)? {
                return Ok(Progress::Indexing(lag(&view)));
            }
            view
        };
        let places = tail.places(&self.id, above, TAIL_PAGE);
        drop(tail);
        self.found = view.first_with_record(&self.id, &places)?;
        self.view = Some(view);
        self.stage = match places.last() {
            Some(&last) if self.found.is_none() => Stage::Tail(Some(last)),
            _ => Stage::Index(None),
        };
        Ok(Progress::Partial)
    }

    fn search_index(
        &mut self,
        above: Option<RecordPlace>,
    ) -> Result<Progress<RecordLocation>, StoreError> {
        let Some(view) = &self.view else {
            *self = Self::of(self.id);
            return Ok(Progress::Partial);
        };
        let places = view.indexed_places(&self.id, above)?;
        let found = view.first_with_record(&self.id, &places)?;
        if found.is_none()
            && let Some(&last) = places.last()
        {
            self.stage = Stage::Index(Some(last));
            return Ok(Progress::Partial);
        }
        if view.is_published() {
            let places = [found, self.found].into_iter().flatten();
            let first = places.min_by_key(|found| (found.block.height, found.position));
            return Ok(Progress::Done(first));
        }
        *self = Self::of(self.id);
        Ok(Progress::Partial)
    }
}

/// Blocks of the view that are not indexed.
pub(super) fn lag(view: &View) -> u64 {
    view.tip().header.height.above(view.indexed())
}
