//! Checked blocks on their way to the node's writer, and what becomes of them.

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::FuturesOrdered;
use tokio::sync::oneshot;

use crate::chain::ValidBlock;
use crate::node::{ImportError, NodeHandle};
use crate::sync::{BinaryInput, ImportOutcome};

/// Imports under way. The next batch is in the writer's queue while the last one is written: that
/// keeps the disk busy.
#[derive(Default)]
pub(in crate::p2p) struct Imports {
    under_way: FuturesOrdered<BoxFuture<'static, BinaryInput>>,
    /// Resolves when the last batch is in the writer's queue.
    queued: Option<oneshot::Receiver<()>>,
}

impl Imports {
    /// Hands consecutive blocks to the writer, after those handed to it before.
    pub(in crate::p2p) fn push(
        &mut self,
        node: NodeHandle,
        download: u64,
        blocks: Vec<ValidBlock>,
    ) {
        let Some(last) = blocks.last().map(ValidBlock::id) else {
            unreachable!("an import without blocks")
        };
        // A batch that waits for room in the writer's queue must not be overtaken by the next one,
        // whose blocks would have no parent.
        let (enter, queued) = oneshot::channel();
        let before = self.queued.replace(queued);
        let import = async move {
            if let Some(before) = before {
                // Without a sender it is over.
                let _ = before.await;
            }
            let connecting = node.connect(blocks).await;
            let _ = enter.send(());
            let imported = match connecting {
                Ok(connecting) => connecting.done().await,
                Err(failure) => Err(ImportError::Unavailable(failure)),
            };
            let outcome = match imported {
                Ok(_) => ImportOutcome::Done,
                Err(ImportError::UnknownParent(_) | ImportError::TooDeep) => ImportOutcome::Lost,
                Err(_) => ImportOutcome::Unavailable,
            };
            BinaryInput::Imported { download, last, outcome }
        };
        self.under_way.push_back(import.boxed());
    }

    /// What became of the first batch, `None` if none is under way. Dropping the future loses
    /// nothing.
    pub(in crate::p2p) async fn next(&mut self) -> Option<BinaryInput> {
        self.under_way.next().await
    }

    /// Waits until every batch is durable or refused.
    pub(in crate::p2p) async fn finish(mut self) {
        while self.next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests;
