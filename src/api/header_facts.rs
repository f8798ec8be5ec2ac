//! What charts show of headers, remembered in chunks of consecutive blocks: to read a header is to
//! read its block.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::chain::{Bits, ChainHeader, Hash, Height, Timestamp};
use crate::node::{NodeFailure, NodeHandle, View};

/// Blocks of a chunk.
const CHUNK_BLOCKS: u64 = 256;

/// Chunks that are remembered, of 4 KiB each.
const MAX_FACT_CHUNKS: usize = 256;

/// Requests that read chunks at the same time; further ones wait.
const MAX_FACT_READERS: usize = 2;

/// What charts show of one header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) struct Fact {
    pub(in crate::api) timestamp: Timestamp,
    pub(in crate::api) bits: Bits,
    pub(in crate::api) records: u32,
}

/// Remembers chunks of the main chain.
#[derive(Debug)]
pub(in crate::api) struct HeaderFacts {
    chunks: Mutex<Chunks>,
    readers: Semaphore,
}

/// The chunks that were used last, by the number of chunks below each.
#[derive(Debug, Default)]
struct Chunks {
    by_number: BTreeMap<u64, Remembered>,
    uses: u64,
}

#[derive(Clone, Debug)]
struct Remembered {
    chunk: Arc<Chunk>,
    used: u64,
}

/// A chunk that is complete.
#[derive(Debug, Eq, PartialEq)]
struct Chunk {
    /// Hash of its last block, which names all of them.
    last: Hash,
    facts: Vec<Fact>,
}

impl Default for HeaderFacts {
    fn default() -> Self {
        Self { chunks: Mutex::default(), readers: Semaphore::new(MAX_FACT_READERS) }
    }
}

impl HeaderFacts {
    /// Returns the facts of the blocks of `view` from `from` to `to`, which must not be above its
    /// tip.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub(in crate::api) async fn read(
        &self,
        node: &NodeHandle,
        view: &Arc<View>,
        from: Height,
        to: Height,
    ) -> Result<Vec<Fact>, NodeFailure> {
        let _turn = self.readers.acquire().await;
        let mut facts = Vec::new();
        for number in chunk_number(from)..=chunk_number(to) {
            let first = Height::new(number.saturating_mul(CHUNK_BLOCKS));
            let last = first.ahead(CHUNK_BLOCKS - 1);
            let chunk = if last <= view.tip().header.height {
                self.complete(node, view, number, last).await?
            } else {
                Arc::new(read_chunk(node, view, first, to).await?)
            };
            let skipped = usize::try_from(from.above(first)).unwrap_or(usize::MAX);
            let wanted = usize::try_from(to.next().above(first)).unwrap_or(usize::MAX);
            facts.extend(chunk.facts.iter().take(wanted).skip(skipped));
        }
        Ok(facts)
    }

    /// A chunk whose blocks are all there.
    async fn complete(
        &self,
        node: &NodeHandle,
        view: &Arc<View>,
        number: u64,
        last: Height,
    ) -> Result<Arc<Chunk>, NodeFailure> {
        let known = self.lock().get(number);
        if let Some(chunk) = known {
            let own = Arc::clone(view);
            let header = node.read(move || own.header(last)).await?;
            if header.is_some_and(|header| header.hash == chunk.last) {
                return Ok(chunk);
            }
        }
        let first = last.back(CHUNK_BLOCKS - 1);
        let chunk = Arc::new(read_chunk(node, view, first, last).await?);
        self.lock().put(number, Arc::clone(&chunk));
        Ok(chunk)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Chunks> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chunks {
    fn get(&mut self, number: u64) -> Option<Arc<Chunk>> {
        self.uses = self.uses.wrapping_add(1);
        let found = self.by_number.get_mut(&number)?;
        found.used = self.uses;
        Some(Arc::clone(&found.chunk))
    }

    /// Remembers a chunk, in place of the one that was used least recently if there are too many.
    fn put(&mut self, number: u64, chunk: Arc<Chunk>) {
        self.uses = self.uses.wrapping_add(1);
        self.by_number.insert(number, Remembered { chunk, used: self.uses });
        if self.by_number.len() > MAX_FACT_CHUNKS {
            let oldest = self.by_number.iter().min_by_key(|(_, remembered)| remembered.used);
            if let Some((&oldest, _)) = oldest {
                self.by_number.remove(&oldest);
            }
        }
    }
}

const fn chunk_number(height: Height) -> u64 {
    height.get() / CHUNK_BLOCKS
}

/// Reads consecutive headers, batch by batch.
async fn read_chunk(
    node: &NodeHandle,
    view: &Arc<View>,
    first: Height,
    to: Height,
) -> Result<Chunk, NodeFailure> {
    let mut chunk = Chunk { last: Hash::ZERO, facts: Vec::new() };
    let mut next = first;
    while next <= to {
        let own = Arc::clone(view);
        let headers = node.read(move || own.headers(next, to)).await?;
        let Some(last) = headers.last() else { break };
        next = last.header.height.next();
        chunk.last = last.hash;
        chunk.facts.extend(headers.iter().map(Fact::of));
    }
    Ok(chunk)
}

impl Fact {
    const fn of(header: &ChainHeader) -> Self {
        let header = &header.header;
        Self { timestamp: header.timestamp, bits: header.bits, records: header.record_count }
    }
}

#[cfg(test)]
mod tests;
