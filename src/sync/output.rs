//! What the machine wants done.

use super::{LinkId, Mark};
use crate::chain::Height;

/// Something to do. Those of one link are done in order; [`Output::StopRange`] and
/// [`Output::Close`] overtake.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Output {
    /// Send type 0.
    Ask {
        /// To whom.
        link: LinkId,
    },
    /// Send type 1 with this block of ours; nothing when it is no longer on our chain, since
    /// a swap is followed by another one of these.
    SendBlock {
        /// To whom.
        link: LinkId,
        /// The block.
        mark: Mark,
    },
    /// Send our blocks from one height up to and with another, at most 128, as type 1 each,
    /// oldest first. They are read in small batches, the next one only when the socket took
    /// the last. Then say [`super::Input::RangeSent`] or [`super::Input::RangeLost`]. At
    /// most one of these or [`Output::SendChain`] is under way on a link.
    SendRange {
        /// To whom.
        link: LinkId,
        /// First height.
        from: Height,
        /// Last height.
        to: Height,
    },
    /// Send nothing more of the range under way, and answer it.
    StopRange {
        /// To whom.
        link: LinkId,
    },
    /// Send our whole chain as one type 2, in fragments, while the database is read. Then
    /// say [`super::Input::ChainSent`], or close the link. At most one is under way in the node.
    SendChain {
        /// To whom.
        link: LinkId,
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
}

/// What an operator may want to know of a peer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Note {
    /// It sent a block or a chain that breaks a rule.
    Invalid {
        /// The block, or the last one of the chain.
        mark: Mark,
        /// The rule.
        reason: String,
    },
    /// Its chain has less work than ours but is not lower, so nothing that we send to a
    /// seed helps: it goes by height.
    NotHigher {
        /// Its tip.
        mark: Mark,
    },
    /// It needs our whole chain, which is longer than this node sends as one message.
    ChainAboveCap {
        /// About how long our chain is as JSON, in bytes.
        bytes: u64,
        /// The cap, in bytes.
        cap: u64,
    },
}
