//! What the machine wants done.

use super::message::{Body, PeerAddress};
use super::{LinkId, Outgoing, RelayOutput};
use crate::chain::{BlockId, DeepFork, Height, ValidBlock, ValidHeader};

/// Something to do. Those of one link are done in order; [`Output::StopRange`] and
/// [`Output::Close`] overtake.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Send this on the link.
    Send {
        /// To whom.
        link: LinkId,
        /// What to send.
        what: Outgoing,
    },
    /// Send nothing more of the [`super::JsonOutgoing::Range`] under way, and answer it.
    StopRange {
        /// To whom.
        link: LinkId,
    },
    /// Find the last one of these consecutive blocks that is held, on our chain or on a branch
    /// (the first one is the parent of the second, and so on: those held are the first
    /// ones), and say [`super::BinaryInput::HeldAncestor`].
    FindHeldAncestor {
        /// For whom.
        link: LinkId,
        /// To be said again.
        query: u64,
        /// The blocks, oldest first; at least one.
        ids: Vec<BlockId>,
    },
    /// Hold bodies against their headers, beside everything else, and say
    /// [`super::BinaryInput::Checked`].
    Check {
        /// Whose bodies they are.
        link: LinkId,
        /// To be said again.
        download: u64,
        /// Height of the first one, to be said again.
        first: Height,
        /// Consecutive.
        bodies: Vec<(ValidHeader, Body)>,
    },
    /// Import consecutive blocks: append them, or store them as a branch that replaces our chain
    /// once it has more work; make that durable and publish it, and then say
    /// [`super::BinaryInput::Imported`]. At most two of these are under way.
    Import {
        /// To be said again.
        download: u64,
        /// The blocks, oldest first; at least one.
        blocks: Vec<ValidBlock>,
    },
    /// Write addresses that a peer gave into the address book.
    Learn {
        /// The link that sent them.
        link: LinkId,
        /// The addresses.
        addresses: Vec<PeerAddress>,
    },
    /// Do something with pending records.
    Relay {
        /// For whom.
        link: LinkId,
        /// What.
        what: RelayOutput,
    },
    /// Close the link for a provable fault, and take no links with its address for a day. A
    /// loopback address and a peer that the operator named are backed off in place of that. The
    /// machine has forgotten the link.
    Ban {
        /// Which.
        link: LinkId,
        /// For the close frame and the log.
        reason: &'static str,
    },
    /// The link leads to this node itself, or we accepted it and it leads where another one does,
    /// which stays: close it (1000). The machine has forgotten it.
    Duplicate {
        /// Which.
        link: LinkId,
        /// The one that stays, `None` if the link leads to this node itself: then its
        /// address is never dialled again.
        of: Option<LinkId>,
    },
    /// We dialled the link, and another one says that it leads to the same node and stays: the
    /// other end is to close this one. When it does, there is no need to dial that node while the
    /// other link lasts. The machine goes on with both.
    Twin {
        /// Which.
        link: LinkId,
        /// The one that stays.
        of: LinkId,
    },
    /// The peer said who it is. At most once a link.
    HandshakeDone {
        /// Who.
        link: LinkId,
        /// Name and version of its program.
        agent: String,
        /// Where it says that it listens: `ip:port`.
        listen: Option<String>,
        /// Height of its tip.
        height: Height,
    },
    /// A branch with more work was refused by its headers, since it forks deeper than may be
    /// without the operator. Said anew as it grows.
    DeepFork {
        /// The link that has it.
        link: LinkId,
        /// The branch.
        fork: DeepFork,
    },
    /// Close the link, with a close frame. The machine has forgotten it.
    Close {
        /// Which.
        link: LinkId,
        /// RFC 6455 section 7.4.1.
        code: u16,
        /// For the close frame and the log.
        reason: &'static str,
        /// How soon to dial again, if it is a peer that we dial.
        redial: Redial,
    },
    /// Tell the operator. Each kind at most once a link.
    Log {
        /// About whom.
        link: LinkId,
        /// What.
        note: Note,
    },
}

/// Which backoff a closed link starts with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Redial {
    /// The usual one.
    Normal,
    /// The longest one: the peer will hardly be another one soon.
    Longest,
    /// The longest one too, since the peer is of another chain.
    OtherChain,
}

/// What an operator may want to know of a peer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Note {
    /// It sent a block or a chain that breaks a rule.
    Invalid {
        /// The block, or the last one of the chain.
        id: BlockId,
        /// The rule.
        reason: String,
    },
    /// Its chain has less work than ours but is not lower, so nothing that we send to a
    /// seed helps: it goes by height.
    NotHigher {
        /// Its tip.
        id: BlockId,
    },
    /// It needs our whole chain, which is longer than this node sends as one message.
    ChainAboveCap {
        /// About how long our chain is as JSON, in bytes.
        bytes: u64,
        /// The cap, in bytes.
        cap: u64,
    },
    /// Its clock and ours are far apart.
    Clock {
        /// By how much.
        millis: u64,
    },
    /// Blocks are fetched, above what was held already. Not only once a link.
    Started {
        /// The last block held.
        from: BlockId,
    },
    /// Nothing has moved for 30 seconds: it is this link that a block is waited for from, or else
    /// the one that is asked for headers, or any.
    /// Not only once a link.
    Stalled {
        /// The block's height.
        height: Height,
    },
    /// Its branch was given up, for nobody sends its blocks. Not only once a link.
    Withheld {
        /// The first block that nobody sent.
        height: Height,
    },
}
