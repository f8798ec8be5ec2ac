//! One request to mine a block, shared by the client that waits for it and the
//! threads that work on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
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
    stage: Arc<AtomicU8>,
    reply: oneshot::Sender<Result<Mined, MineError>>,
}

/// The waiting side. Dropping it cancels the request, unless it was handed over.
#[derive(Debug)]
pub(in crate::node) struct Ticket {
    stage: Arc<AtomicU8>,
    answer: oneshot::Receiver<Result<Mined, MineError>>,
}

// The stores of a request. The client may cancel it while it waits; once its
// block is handed over, it is stored and answered, or comes back to waiting when
// another block took its place. Once it is being stored it does not come back.
const WAITING: u8 = 0;
const HANDED_OVER: u8 = 1;
const CANCELLED: u8 = 2;
const STORING: u8 = 3;

/// How often a client whose deadline passed while its block was at the writer
/// looks whether the block came back.
const HANDED_OVER_POLL: Duration = Duration::from_millis(20);

impl Request {
    pub(in crate::node) fn new(records: Vec<String>) -> (Self, Ticket) {
        let (reply, answer) = oneshot::channel();
        let stage = Arc::new(AtomicU8::new(WAITING));
        let size_bytes = records.iter().fold(0, |sum: u64, record| {
            sum.saturating_add((record.len() + size_of::<String>()) as u64)
        });
        (Self { records, size_bytes, stage: Arc::clone(&stage), reply }, Ticket { stage, answer })
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
        let (from, to) = (WAITING, HANDED_OVER);
        self.stage.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// From here on the block may be on the disk, whatever happens.
    pub(in crate::node) fn store(&self) {
        self.stage.store(STORING, Ordering::Release);
    }

    /// The block did not fit any more: its records wait again.
    pub(super) fn take_back(mut self, block: ValidBlock) -> Self {
        let Block { records, .. } = block.into_block();
        self.records = records;
        self.stage.store(WAITING, Ordering::Release);
        self
    }

    /// Whether nobody waits any more.
    pub(super) fn is_gone(&self) -> bool {
        self.stage.load(Ordering::Acquire) == CANCELLED || self.reply.is_closed()
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
        let mut patience = limit;
        loop {
            match timeout(patience, &mut self.answer).await {
                Ok(answer) => return answer.unwrap_or_else(|_| Err(self.unanswered())),
                Err(_) if self.cancel() => return Err(MineError::Deadline(limit)),
                Err(_) => patience = HANDED_OVER_POLL,
            }
        }
    }

    /// What it means that nobody will answer any more.
    fn unanswered(&self) -> MineError {
        match self.stage.load(Ordering::Acquire) {
            STORING => MineError::Storage,
            _ => MineError::Stopping,
        }
    }

    fn cancel(&self) -> bool {
        let (from, to) = (WAITING, CANCELLED);
        self.stage.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.cancel();
    }
}

#[cfg(test)]
mod tests;
