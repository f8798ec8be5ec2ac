//! Hands checked blocks to the node's writer, in order, and tells what became of them.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use tokio::sync::mpsc;

use crate::chain::{BlockId, ValidBlock};
use crate::node::{Appending, ImportError, NodeFailure};
use crate::p2p::context::Context;
use crate::p2p::event::Event;
use crate::sync::{BinaryInput, ImportOutcome, Input};

/// Batches that may wait for the connector; the machine has at most two under way.
pub(in crate::p2p) const MAX_BATCHES: usize = 2;

/// Consecutive blocks.
#[derive(Debug)]
pub(in crate::p2p) struct Batch {
    pub(in crate::p2p) download: u64,
    pub(in crate::p2p) last: BlockId,
    pub(in crate::p2p) blocks: Vec<ValidBlock>,
}

/// Serves until nobody has anything to connect any more. The next batch is in the writer's queue
/// while the last one is written: that keeps the disk busy.
pub(in crate::p2p) async fn run(context: Arc<Context>, mut waiting: mpsc::Receiver<Batch>) {
    let mut under_way = FuturesOrdered::new();
    loop {
        tokio::select! {
            biased;
            Some(connected) = under_way.next(), if !under_way.is_empty() => {
                context.tell(Event::Input(Input::Binary(connected))).await;
            }
            batch = waiting.recv() => {
                let Some(Batch { download, last, blocks }) = batch else { return };
                let connecting = context.node.connect(blocks).await;
                under_way.push_back(done(connecting, download, last));
            }
        }
    }
}

async fn done(
    connecting: Result<Appending, NodeFailure>,
    download: u64,
    last: BlockId,
) -> BinaryInput {
    let outcome = match connecting {
        Ok(connecting) => match connecting.done().await {
            Ok(_) => ImportOutcome::Done,
            Err(ImportError::UnknownParent(_) | ImportError::TooDeep) => ImportOutcome::Lost,
            Err(_) => ImportOutcome::Unavailable,
        },
        Err(_) => ImportOutcome::Unavailable,
    };
    BinaryInput::Imported { download, last, outcome }
}
