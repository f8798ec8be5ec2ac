//! Our blocks as messages: read in batches, those of a stream a batch ahead of the peer's
//! acknowledgement.

use std::sync::{Arc, PoisonError};

use tokio::task::JoinHandle;

use super::message::block_message;
use crate::chain::{BlockId, Height};
use crate::node::{NodeFailure, View};
use crate::p2p::context::Context;
use crate::p2p::sent_block::SentBlock;

/// Blocks of a range that are read at a time.
pub(super) const RANGE_BATCH: u64 = 128;

/// One of our blocks as a message. The last one is held, since it is the tip that is asked for, on
/// every link.
pub(super) async fn read_one(
    context: &Arc<Context>,
    view: Arc<View>,
    id: BlockId,
) -> Result<Option<SentBlock>, NodeFailure> {
    let held = |context: &Context| {
        let held = context.last_block.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone().filter(|block| block.id == id)
    };
    if let Some(block) = held(context) {
        return Ok(Some(block));
    }
    let block = read(Arc::clone(context), view, id.height, id.height).await?.pop();
    // One that a reorg took off the chain is not sent.
    let block = block.filter(|block| block.id == id);
    if block.is_some() {
        let mut last = context.last_block.lock().unwrap_or_else(PoisonError::into_inner);
        last.clone_from(&block);
    }
    Ok(block)
}

/// Our blocks of these heights as messages; at most a batch.
pub(super) async fn read(
    context: Arc<Context>,
    view: Arc<View>,
    from: Height,
    to: Height,
) -> Result<Vec<SentBlock>, NodeFailure> {
    let node = context.node.clone();
    node.read(move || {
        let blocks = view.blocks(from, to)?;
        let blocks = blocks.iter().map(|block| SentBlock {
            id: BlockId { height: block.header.height, hash: block.hash },
            parent: block.header.previous_hash,
            text: block_message(context.node.spec(), block).into(),
        });
        Ok(blocks.collect())
    })
    .await
}

/// The batch that a stream most likely sends next, being read. Dropping it ends its reading
/// before it began, or lets it come to its end.
#[derive(Debug)]
pub(in crate::p2p) struct Ahead {
    from: Height,
    view: Arc<View>,
    blocks: JoinHandle<Result<Vec<SentBlock>, NodeFailure>>,
}

impl Ahead {
    /// Reads on above the last block of a full batch; nothing when our chain ends there.
    pub(super) fn start(context: &Arc<Context>, last: BlockId) -> Option<Self> {
        let view = Arc::new(context.node.view());
        let from = last.height.next();
        if view.tip().header.height < from {
            return None;
        }
        let to = last.height.ahead(RANGE_BATCH);
        let read = read(Arc::clone(context), Arc::clone(&view), from, to);
        Some(Self { from, view, blocks: tokio::spawn(read) })
    }

    /// What was read, if it begins at `from`, is of our chain still, and does not go beyond
    /// `to`.
    pub(super) async fn take(self, from: Height, to: Height) -> Option<Vec<SentBlock>> {
        if self.from != from {
            return None;
        }
        let blocks = self.blocks.await.ok()?.ok()?;
        let fits = blocks.last().is_some_and(|last| last.id.height <= to);
        (fits && self.view.is_main()).then_some(blocks)
    }
}
