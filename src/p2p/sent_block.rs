//! One of our blocks as a message of the JSON dialect.

use bytes::Bytes;

use crate::chain::{BlockId, Hash};

/// One of our blocks, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct SentBlock {
    pub(super) id: BlockId,
    pub(super) parent: Hash,
    /// Type 1.
    pub(super) text: Bytes,
}
