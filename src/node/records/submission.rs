//! What a client sends, and what it is told.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::chain::{Hash, RuleError};
use crate::node::NodeFailure;
use crate::store::RecordLocation;

/// Whether a record is on the main chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::node) enum OnChain {
    /// Here it is.
    At(RecordLocation),
    /// It is not.
    Absent,
    /// This many blocks are not indexed, too many to say.
    Unknown(u64),
}

/// What became of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordState {
    /// It is durable and waits for a block.
    Pending {
        /// Whether it is known not to be on the main chain already: false while the index lags.
        is_checked: bool,
    },
    /// It is in a block of the main chain.
    Included,
}

/// A record that a client sent, and what became of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Acknowledged {
    /// Its id.
    pub id: Hash,
    /// Its state.
    pub state: RecordState,
    /// Whether it was neither in the pool nor on the main chain.
    pub is_new: bool,
}

/// Why records were not taken: none of them was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// A record is above the chain's limit.
    #[error(transparent)]
    TooLarge(#[from] RuleError),
    /// The pool has no room for all of the new ones.
    #[error("the pool has no room for these records; send them again when it has emptied")]
    PoolFull,
    /// Too little room on the disk, or the node is stopping or has failed.
    #[error(transparent)]
    Unavailable(#[from] NodeFailure),
}

/// One record of a submission.
#[derive(Clone, Debug)]
pub(in crate::node) struct Submitted {
    pub(in crate::node) id: Hash,
    pub(in crate::node) text: Arc<str>,
    /// Where the main chain had it when the client's request was read.
    pub(in crate::node) found: Option<RecordLocation>,
}

/// Different records that are taken together or not at all.
#[derive(Debug)]
pub(in crate::node) struct Submission {
    pub(in crate::node) records: Vec<Submitted>,
    /// Comes once all is durable.
    pub(in crate::node) reply: SubmissionReply,
}

/// What a client is told of the records that it sent.
pub(in crate::node) type SubmissionResult = Result<Vec<Acknowledged>, SubmitError>;

/// The way back to the client. Dropped before its records were begun to be written, it says that
/// none was taken; dropped later it says nothing, and nobody knows.
#[derive(Debug)]
pub(in crate::node) struct SubmissionReply {
    /// `None` once it was used.
    sender: Option<oneshot::Sender<SubmissionResult>>,
    is_begun: bool,
}

impl SubmissionReply {
    pub(in crate::node) fn channel() -> (Self, oneshot::Receiver<SubmissionResult>) {
        let (sender, receiver) = oneshot::channel();
        (Self { sender: Some(sender), is_begun: false }, receiver)
    }

    /// From here on the records may be on the disk, whatever happens.
    pub(in crate::node) const fn begin(&mut self) {
        self.is_begun = true;
    }

    pub(in crate::node) fn send(mut self, result: SubmissionResult) {
        if let Some(sender) = self.sender.take() {
            // The client may have gone.
            let _ = sender.send(result);
        }
    }
}

impl Drop for SubmissionReply {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take().filter(|_| !self.is_begun) {
            let _ = sender.send(Err(SubmitError::Unavailable(NodeFailure::Stopping)));
        }
    }
}

/// Different records that a peer relayed, none of which was in the pool or on the main chain when
/// they were requested. Those that still are not and for which there is room are taken.
#[derive(Debug)]
pub(in crate::node) struct Relayed {
    pub(in crate::node) records: Vec<(Hash, Arc<str>)>,
    /// How many were taken; nothing of them is made durable.
    pub(in crate::node) reply: oneshot::Sender<usize>,
}
