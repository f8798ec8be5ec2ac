//! One request to mine a block, shared by the client that waits for it and the
//! threads that work on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use crate::chain::{Block, Hash, Header, ValidBlock};
use crate::node::MineError;

/// A block mined on request, durable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mined {
    /// Its header.
    pub header: Header,
    /// Its hash.
    pub hash: Hash,
    /// The records, as given.
    pub records: Vec<String>,
}

/// The working side of a request. Dropping it answers [`MineError::Storage`] once its block was
/// given to the storage, and [`MineError::Stopping`] before.
#[derive(Debug)]
pub(in crate::node) struct Request {
    /// Taken out while they are in a block at the writer.
    records: Vec<String>,
    size_bytes: u64,
    progress: Arc<Progress>,
    reply: oneshot::Sender<Result<Mined, MineError>>,
}

/// The waiting side. Dropping it cancels the request, unless it was handed over.
#[derive(Debug)]
pub(in crate::node) struct Ticket {
    progress: Arc<Progress>,
    answer: oneshot::Receiver<Result<Mined, MineError>>,
}

/// What both sides know.
#[derive(Debug)]
struct Progress {
    stage: AtomicU8,
    /// Notified when the block comes back from the writer.
    came_back: Notify,
}

// The stages of a request. The client may cancel it while it waits; once its
// block is handed over, it is stored and answered, or comes back to waiting when
// another block took its place. Once it is being stored it does not come back.
const WAITING: u8 = 0;
const HANDED_OVER: u8 = 1;
const CANCELLED: u8 = 2;
const STORING: u8 = 3;

impl Progress {
    /// Leaves the stage of waiting. Returns whether the request was in it.
    fn leave_waiting(&self, to: u8) -> bool {
        self.stage.compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Request {
    pub(in crate::node) fn new(records: Vec<String>) -> (Self, Ticket) {
        let (reply, answer) = oneshot::channel();
        let stage = AtomicU8::new(WAITING);
        let progress = Arc::new(Progress { stage, came_back: Notify::new() });
        let size_bytes = records.iter().fold(0, |sum: u64, record| {
            sum.saturating_add((record.len() + size_of::<String>()) as u64)
        });
        let ticket = Ticket { progress: Arc::clone(&progress), answer };
        (Self { records, size_bytes, progress, reply }, ticket)
    }

    pub(in crate::node) fn records(&self) -> &[String] {
        &self.records
    }

    /// Moves the records into a block.
    pub(in crate::node) fn take_records(&mut self) -> Vec<String> {
        std::mem::take(&mut self.records)
    }

    /// About the memory that the records take, in bytes.
    pub(in crate::node) const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// From here on the client cannot cancel; false when it did before.
    pub(in crate::node) fn hand_over(&self) -> bool {
        self.progress.leave_waiting(HANDED_OVER)
    }

    /// From here on the block may be on the disk, whatever happens.
    pub(in crate::node) fn store(&self) {
        self.progress.stage.store(STORING, Ordering::Release);
    }

    /// The block did not fit any more: its records wait again.
    pub(super) fn take_back(mut self, block: ValidBlock) -> Self {
        let Block { records, .. } = block.into_block();
        self.records = records;
        self.progress.stage.store(WAITING, Ordering::Release);
        self.progress.came_back.notify_one();
        self
    }

    /// Whether nobody waits any more.
    pub(in crate::node) fn is_gone(&self) -> bool {
        self.progress.stage.load(Ordering::Acquire) == CANCELLED || self.reply.is_closed()
    }

    /// Responds with the block, which is durable.
    pub(in crate::node) fn complete(self, block: ValidBlock) {
        let hash = block.hash();
        let Block { header, records } = block.into_block();
        // A client that left while its block was made durable misses nothing but the news.
        let _ = self.reply.send(Ok(Mined { header, hash, records }));
    }

    /// Responds that nothing was stored.
    pub(in crate::node) fn refuse(self, error: MineError) {
        let _ = self.reply.send(Err(error));
    }
}

impl Ticket {
    /// Waits for the answer, until `limit` has passed and the block is not at the
    /// writer.
    pub(in crate::node) async fn wait(mut self, limit: Duration) -> Result<Mined, MineError> {
        let answer = match timeout(limit, &mut self.answer).await {
            Ok(answer) => answer,
            Err(_) => loop {
                if self.cancel() {
                    return Err(MineError::Deadline(limit));
                }
                // The notification may be of a block that came back, and went, before.
                tokio::select! {
                    biased;
                    answer = &mut self.answer => break answer,
                    () = self.progress.came_back.notified() => {}
                }
            },
        };
        answer.unwrap_or_else(|_| Err(self.unanswered()))
    }

    /// What it means that nobody will answer any more.
    fn unanswered(&self) -> MineError {
        match self.progress.stage.load(Ordering::Acquire) {
            STORING => MineError::Storage,
            _ => MineError::Stopping,
        }
    }

    fn cancel(&self) -> bool {
        self.progress.leave_waiting(CANCELLED)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.cancel();
    }
}

#[cfg(test)]
mod tests;
