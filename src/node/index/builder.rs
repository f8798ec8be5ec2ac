//! The thread that indexes what is durable.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Index;
use super::tail::Room;
use crate::chain::{BlockId, leaf_hash};
use crate::node::command::Command;
use crate::node::shared::{Shared, guarded};
use crate::node::{StoreError, View};
use crate::store::{HashPrefix, IndexBatch, IndexStep, Reader};

/// Most blocks of one batch.
const MAX_INDEX_BLOCKS: usize = 1_000;

/// Most records of one batch, one larger block excepted: 0.8 MiB of entries.
const MAX_INDEX_RECORDS: usize = 16_384;

/// A batch.
const BATCH_ROOM: Room = Room { blocks: MAX_INDEX_BLOCKS, records: MAX_INDEX_RECORDS };

/// How often a builder that has nothing to do looks at the tip: lookups do without it.
const INDEX_IDLE: Duration = Duration::from_millis(250);

/// How long it waits for room on the disk before it tries again.
const INDEX_DISK_WAIT: Duration = Duration::from_secs(1);

/// Blocks that are not indexed and that the log mentions.
const ANNOUNCED_LAG: u64 = 10_000;

/// Time between two lines of progress.
const INDEX_PROGRESS_EVERY: Duration = Duration::from_secs(10);

/// Niceness of the thread: everything else comes first.
#[cfg(target_os = "linux")]
const INDEX_NICE: i32 = 10;

/// Indexes the main chain behind the durable tip until the node is over. Damage ends the node.
pub(in crate::node) fn run(shared: &Arc<Shared>, index: &Index) {
    if !shared.config.builds_index {
        return;
    }
    lower_priority();
    let mut builder = Builder { shared, index, told: None };
    if let Err(error) = guarded(|| builder.build()).and_then(|built| built) {
        shared.end(&error.into());
    }
}

#[derive(Debug)]
struct Builder<'a> {
    shared: &'a Shared,
    index: &'a Index,
    /// When progress was logged; `None` while it is not worth a line.
    told: Option<Instant>,
}

impl Builder<'_> {
    fn build(&mut self) -> Result<(), StoreError> {
        while !self.shared.is_over() {
            self.tell();
            let Some(batch) = next_batch(&self.shared.reader, self.index)? else {
                thread::park_timeout(INDEX_IDLE);
                continue;
            };
            if self.send(batch)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Has the writer write a batch. Breaks when the node is over.
    fn send(&self, batch: IndexBatch) -> Result<ControlFlow<()>, StoreError> {
        let (reply, answer) = oneshot::channel();
        if self.shared.commands.send(Command::Index { batch: Box::new(batch), reply }).is_err() {
            return Ok(ControlFlow::Break(()));
        }
        match answer.blocking_recv() {
            // A dropped one is made anew, on the chain as it is then.
            Ok(Ok(IndexStep::Applied | IndexStep::Dropped | IndexStep::Partial)) => {}
            Ok(Err(StoreError::DiskLow { .. })) => thread::park_timeout(INDEX_DISK_WAIT),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Ok(ControlFlow::Break(())),
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Logs progress while there is much to do.
    fn tell(&mut self) {
        let (indexed, tip) = (self.shared.reader.indexed(), self.shared.tip().header.height);
        let lag = tip.above(indexed);
        if let Some(told) = self.told {
            if lag == 0 {
                tracing::info!(height = %tip, "every block is indexed");
                self.told = None;
            } else if told.elapsed() >= INDEX_PROGRESS_EVERY {
                tracing::info!(height = %indexed, lag, "indexing");
                self.told = Some(Instant::now());
            }
        } else if lag > ANNOUNCED_LAG {
            tracing::info!(height = %indexed, lag, "indexing; lookups by hash and record id wait for it");
            self.told = Some(Instant::now());
        }
    }
}

/// Without it the thread does the same, at the cost of others. Elsewhere than on Linux it would be
/// the whole process's.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, INDEX_NICE) {
        tracing::debug!("the index is built with the priority of everything else: {error}");
    }
}

/// The next batch, `None` if everything is indexed.
pub(super) fn next_batch(reader: &Reader, index: &Index) -> Result<Option<IndexBatch>, StoreError> {
    let mut tail = index.tail();
    let view = reader.view();
    let cursor = view.index_cursor();
    if !is_on(&view, cursor)? {
        drop(tail);
        return way_back(reader, &view).map(Some);
    }
    if view.indexed() != cursor.height {
        // Another reorg made its branch the main chain again: an empty batch finds that out.
        return Ok(Some(IndexBatch::extending(cursor).ending_at(cursor)));
    }
    if cursor.height == view.tip().header.height {
        return Ok(None);
    }
    tail.follow(&view, BATCH_ROOM)?;
    Ok(Some(tail.batch(cursor, BATCH_ROOM)))
}

/// The removal of blocks that a reorg disconnected, from the cursor down.
fn way_back(reader: &Reader, view: &View) -> Result<IndexBatch, StoreError> {
    let cursor = view.index_cursor();
    let mut batch = IndexBatch::leaving(cursor);
    let (mut at, mut blocks, mut records) = (cursor, 0_usize, 0_usize);
    while blocks < BATCH_ROOM.blocks && records < BATCH_ROOM.records && !is_on(view, at)? {
        let block = reader.held_block(at)?;
        let ids = block.records.iter().map(|record| leaf_hash(record.as_bytes()));
        batch.push(at, ids.map(|id| HashPrefix::of(&id)));
        blocks = blocks.saturating_add(1);
        records = records.saturating_add(block.records.len());
        let damaged = || StoreError::Damaged { what: format!("block {at} has no parent") };
        let height = at.height.parent().ok_or_else(damaged)?;
        at = BlockId { height, hash: block.header.previous_hash };
    }
    Ok(batch.ending_at(at))
}

fn is_on(view: &View, id: BlockId) -> Result<bool, StoreError> {
    Ok(view.header(id.height)?.is_some_and(|header| header.hash == id.hash))
}
