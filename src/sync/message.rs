//! The binary dialect's messages: one binary frame is one postcard-encoded [`Message`].
//!
//! Variants are append-only, for postcard writes their position, and a message's fields never
//! change: new content is a new variant, sent only to a peer whose [`Hello`] announced it.
//! The bytes are pinned by golden tests. Every length is compared with its bound before
//! anything is allocated for it.

use serde::{Deserialize, Serialize};

use crate::chain::{Hash, Header, Height, Timestamp, Work};

mod body;
mod bounded;
mod fields;
mod texts;

pub use body::Body;
use bounded::Bounded;
use texts::Texts;

/// Longest frame of the dialect, in bytes: 4 MiB.
pub const MAX_FRAME: usize = 4 << 20;

/// Most entries of a locator.
pub const MAX_LOCATOR: usize = 64;

/// Most headers of a message.
pub const MAX_HEADERS: usize = 2_000;

/// Most blocks of a request.
pub const MAX_RANGE: u32 = 128;

/// Bytes of bodies in a message, one larger body alone excepted: 1 MiB.
pub const MAX_BODIES_BYTES: usize = 1 << 20;

/// Longest body, in bytes: 1 MiB of records, and the length of each of them.
pub const MAX_BODY: usize = 2 << 20;

/// Most addresses of a message.
pub const MAX_PEERS_MESSAGE: usize = 64;

/// Most ids of pending records in a message, and most records.
pub const MAX_RECORD_IDS: usize = 1_024;

/// Bytes of pending records in a message: 1 MiB.
pub const MAX_RECORD_TEXTS: usize = 1 << 20;

/// [`Hello::capabilities`]: takes [`Message::RecordIds`], [`Message::GetRecords`] and
/// [`Message::Records`].
pub const RELAYS_RECORDS: u64 = 1;

/// Longest address and name of a program, in bytes.
pub const MAX_TEXT: usize = 256;

/// What is said on a link of the binary dialect.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Message {
    /// First on both sides.
    Hello(Hello),
    /// Asks for the headers above the highest block of the locator that is on the
    /// peer's chain.
    GetHeaders {
        /// Height and hash of blocks of the asker's chain, highest first; genesis last.
        #[serde(with = "Bounded::<Vec<(Height, Hash)>, MAX_LOCATOR>")]
        locator: Vec<(Height, Hash)>,
        /// Where to stop, this block included, `None` for the tip.
        #[serde(with = "fields")]
        stop: Option<Hash>,
    },
    /// Consecutive headers of the sender's chain. Fewer than [`MAX_HEADERS`] reach its tip.
    Headers(#[serde(with = "Bounded::<Vec<Header>, MAX_HEADERS>")] Vec<Header>),
    /// Asks for the bodies of one contiguous range.
    GetBlocks {
        /// A number of the asker's, one more each time.
        request: u64,
        /// The lowest height.
        #[serde(with = "fields")]
        first: Height,
        /// How many: 1 to [`MAX_RANGE`].
        count: u32,
        /// Hash of the highest block, which settles all of them.
        #[serde(with = "fields")]
        last: Hash,
    },
    /// Bodies of a range in order, as many as are ready; more follow until the count is reached.
    Blocks {
        /// Whose answer it is.
        request: u64,
        /// The bodies.
        #[serde(with = "Bounded::<Vec<Body>, { MAX_RANGE as usize }>")]
        bodies: Vec<Body>,
    },
    /// The range, or the rest of it, is not on the sender's chain: no offence.
    NotFound {
        /// Whose answer it is.
        request: u64,
    },
    /// The header of the sender's new tip.
    Announce(#[serde(with = "fields")] Header),
    /// Asks for addresses of peers.
    GetPeers,
    /// Addresses that the sender linked to.
    Peers(#[serde(with = "Bounded::<Vec<PeerAddress>, MAX_PEERS_MESSAGE>")] Vec<PeerAddress>),
    /// Ids of records that wait for a block at the sender; none to say that it exchanges records
    /// with the peer. This message and the next two go only to a peer with [`RELAYS_RECORDS`].
    RecordIds(#[serde(with = "Bounded::<Vec<Hash>, MAX_RECORD_IDS>")] Vec<Hash>),
    /// Asks for announced records. The next one is sent after the response.
    GetRecords(#[serde(with = "Bounded::<Vec<Hash>, MAX_RECORD_IDS>")] Vec<Hash>),
    /// The response: those of the records that wait at the sender, in the order of the request,
    /// as many as fit.
    Records(#[serde(with = "Texts::<MAX_RECORD_IDS, MAX_RECORD_TEXTS>")] Vec<String>),
}

/// The sender, and the tip of its chain.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Hello {
    /// Lowest version of the dialect that it speaks.
    pub lowest: u16,
    /// Highest one.
    pub highest: u16,
    /// What it can do beyond that, a bit each: [`RELAYS_RECORDS`].
    pub capabilities: u64,
    /// Names the chain.
    #[serde(with = "fields")]
    pub genesis: Hash,
    /// Drawn at the node's start: tells a node itself, and two links to one node.
    pub nonce: u64,
    /// Name and version of the program.
    #[serde(with = "Bounded::<String, MAX_TEXT>")]
    pub agent: String,
    /// Where it listens: `ip:port`; an unspecified ip means the one that the peer sees.
    #[serde(with = "Bounded::<Option<String>, MAX_TEXT>")]
    pub listen: Option<String>,
    /// Height of its tip.
    #[serde(with = "fields")]
    pub height: Height,
    /// Work of its chain: a claim.
    #[serde(with = "fields")]
    pub work: Work,
    /// Its clock.
    #[serde(with = "fields")]
    pub time: Timestamp,
}

/// Where a peer was linked to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PeerAddress {
    /// As a URL: `ws://host:port`.
    #[serde(with = "Bounded::<String, MAX_TEXT>")]
    pub address: String,
    /// When a link to it last came about.
    #[serde(with = "fields")]
    pub last_seen: Timestamp,
}

fields::plain!(PeerAddress);

/// A frame that is no message.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// It is longer than [`MAX_FRAME`].
    #[error("a frame of {0} bytes, above the {MAX_FRAME} of this dialect")]
    TooLong(usize),
    /// It is not what a message looks like, or a length in it is above its bound.
    #[error("it does not decode: {0}")]
    Malformed(postcard::Error),
    /// Something follows the message.
    #[error("{0} bytes follow the message")]
    Trailing(usize),
}

impl Message {
    /// The frame.
    ///
    /// # Errors
    /// Never for what this node says; the serializer's signature asks for it.
    pub fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    /// Reads a frame, all of it.
    ///
    /// # Errors
    /// Why it is no message.
    pub fn decode(frame: &[u8]) -> Result<Self, DecodeError> {
        if frame.len() > MAX_FRAME {
            return Err(DecodeError::TooLong(frame.len()));
        }
        match postcard::take_from_bytes(frame) {
            Ok((message, [])) => Ok(message),
            Ok((_, rest)) => Err(DecodeError::Trailing(rest.len())),
            Err(error) => Err(DecodeError::Malformed(error)),
        }
    }
}

#[cfg(test)]
mod tests;
