//! Blocks that were checked elsewhere, on their way to the writer.

use std::sync::Arc;
use std::sync::mpsc::TrySendError;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::chain::ValidBlock;
use crate::node::command::{BranchPart, Command};
use crate::node::shared::Shared;
use crate::node::{ImportError, Imported, NodeFailure, StoreError};

/// Blocks in the writer's queue.
#[derive(Debug)]
pub struct Appending {
    answer: oneshot::Receiver<Result<Imported, StoreError>>,
    shared: Arc<Shared>,
    begun: Instant,
}

impl Appending {
    /// What became of the blocks. When they are on the main chain, its tip was published before.
    ///
    /// # Errors
    /// [`ImportError::UnknownParent`] when the block below them is not held any more,
    /// [`ImportError::TooDeep`] when they are of a branch that waits for the operator,
    /// [`ImportError::Unavailable`] when nothing can be written now. Some of them may have been
    /// taken.
    pub async fn done(self) -> Result<Imported, ImportError> {
        let answer = self.answer.await.map_err(|_| over(&self.shared))?;
        self.shared.metrics.imports.observe(self.begun.elapsed());
        answer.map_err(ImportError::of_store)
    }
}

/// Puts consecutive blocks into the writer's queue, behind those put there before.
pub(in crate::node) async fn connect(
    shared: &Arc<Shared>,
    blocks: Vec<ValidBlock>,
) -> Result<Appending, NodeFailure> {
    let begun = Instant::now();
    let (reply, answer) = oneshot::channel();
    // The headers of a branch are read to its end before its blocks are fetched.
    let command = Command::Import { blocks, part: BranchPart::Proven, reply };
    send(shared, command).await?;
    Ok(Appending { answer, shared: Arc::clone(shared), begun })
}

/// Puts a command into the writer's queue, behind those put there before.
pub(in crate::node) async fn send(
    shared: &Arc<Shared>,
    command: Command,
) -> Result<(), NodeFailure> {
    if shared.is_over() {
        return Err(over(shared));
    }
    match shared.commands.try_send(command) {
        Ok(()) => {}
        Err(TrySendError::Disconnected(_)) => return Err(over(shared)),
        Err(TrySendError::Full(command)) => {
            let commands = shared.commands.clone();
            let sent = tokio::task::spawn_blocking(move || commands.send(command)).await;
            if !matches!(sent, Ok(Ok(()))) {
                return Err(over(shared));
            }
        }
    }
    Ok(())
}

fn over(shared: &Shared) -> NodeFailure {
    shared.failure().unwrap_or(NodeFailure::Stopping)
}

#[cfg(test)]
mod tests;
