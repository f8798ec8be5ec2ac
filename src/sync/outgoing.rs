//! What a link is to send.

use super::message::Message;
use crate::chain::{BlockId, Hash, Height};

/// Something to send on a link. It names blocks and headers of our chain and holds none: the
/// writer reads them when its turn comes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outgoing {
    /// On a link of the JSON dialect.
    Json(JsonOutgoing),
    /// On a link of the binary dialect.
    Binary(BinaryOutgoing),
}

/// Something to send in the JSON dialect.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum JsonOutgoing {
    /// Type 0.
    Ask,
    /// Type 1 with this block; nothing if it is no longer on our chain, since a reorg is
    /// followed by another one of these.
    Block(BlockId),
    /// Our blocks from one height up to and with another, at most 128, as type 1 each, oldest
    /// first. They are read in small batches, the next one only when the socket took the last.
    /// Then say [`super::JsonInput::RangeSent`] or [`super::JsonInput::RangeLost`]. At most one
    /// of these or [`JsonOutgoing::Chain`] is under way on a link.
    Range {
        /// First height.
        from: Height,
        /// Last height.
        to: Height,
    },
    /// Our whole chain as one type 2, in fragments, while the database is read. Then say
    /// [`super::JsonInput::ChainSent`], or close the link; say it earlier when a slow peer is
    /// not to keep the others waiting. At most one is begun before that in the node.
    Chain,
}

/// Something to send in the binary dialect.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BinaryOutgoing {
    /// This message.
    Message(Box<Message>),
    /// `GetHeaders` with a locator of our chain.
    GetHeaders {
        /// Put before the locator: a block that need not be on our chain, from where to go on.
        after: Option<BlockId>,
    },
    /// `Announce` with the header of this block; nothing if it is no longer on our chain, since
    /// a reorg is followed by another one of these.
    Announce(BlockId),
    /// `Headers` above the highest block of the locator that is on our chain, up to and with
    /// `stop`, our tip, or [`super::message::MAX_HEADERS`]. Then say
    /// [`super::BinaryInput::Served`].
    Headers {
        /// As it came.
        locator: Vec<(Height, Hash)>,
        /// As it came.
        stop: Option<Hash>,
    },
    /// The bodies from `first` up to `last`, in `Blocks` messages of at most
    /// [`super::message::MAX_BODIES_BYTES`], each batch read only when the socket took the one
    /// before, all from one view of our chain; `NotFound` when `last` is not on it. Then say
    /// [`super::BinaryInput::Served`].
    Blocks {
        /// As it came.
        request: u64,
        /// The lowest height.
        first: Height,
        /// The highest block.
        last: BlockId,
    },
    /// `Peers` with addresses of the book.
    Peers,
    /// `RecordIds`. Then say [`super::RelayInput::IdsSent`]. At most one is under way on a link.
    RecordIds(Vec<Hash>),
    /// `Records` with those of these that wait in the pool, as many as fit. Then say
    /// [`super::RelayInput::RecordsSent`]. At most one is under way on a link.
    Records(Vec<Hash>),
}

impl From<JsonOutgoing> for Outgoing {
    fn from(what: JsonOutgoing) -> Self {
        Self::Json(what)
    }
}

impl From<BinaryOutgoing> for Outgoing {
    fn from(what: BinaryOutgoing) -> Self {
        Self::Binary(what)
    }
}

impl From<Message> for Outgoing {
    fn from(message: Message) -> Self {
        Self::Binary(BinaryOutgoing::Message(Box::new(message)))
    }
}
