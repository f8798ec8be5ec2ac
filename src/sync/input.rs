//! What the machine is told, one consistent fact at a time.

use super::message::Message;
use super::{LinkId, Origin, RelayInput};
use crate::chain::{BlockId, ForkPoint, Hash, Height, TipState, ValidBlock, Work};

/// Something that happened. One that names a link which is not open is ignored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// On this link of the JSON dialect.
    Json(LinkId, JsonInput),
    /// On a link of the binary dialect.
    Binary(BinaryInput),
    /// A socket is gone, whichever end closed it. Nothing more is told of that link.
    Closed {
        /// Its name.
        link: LinkId,
    },
    /// The published tip is another one now.
    Tip {
        /// The new tip.
        tip: BlockId,
        /// About how long the whole chain is as JSON, in bytes.
        chain_json_bytes: u64,
        /// Work of our chain.
        work: Work,
        /// How it came about.
        change: TipChange,
    },
    /// The operator accepted a branch that was refused because it forks too deep.
    ForksAccepted {
        /// First blocks of all branches that are accepted.
        firsts: Vec<Hash>,
    },
    /// [`super::SyncMachine::deadline`] has passed.
    DeadlinePassed,
}

impl From<(LinkId, JsonInput)> for Input {
    fn from((link, input): (LinkId, JsonInput)) -> Self {
        Self::Json(link, input)
    }
}

impl From<BinaryInput> for Input {
    fn from(input: BinaryInput) -> Self {
        Self::Binary(input)
    }
}

/// Something that happened on a link of the JSON dialect.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum JsonInput {
    /// A socket is ready for messages.
    Opened {
        /// Whether one of our subprotocol tokens was agreed on. A seed-like node that we dialled
        /// echoes it too, so this is a hint and never a promise.
        jenny: bool,
    },
    /// Type 0 came: the peer asks for our tip.
    Asked,
    /// Type 1 came, well-formed, and its block was checked.
    Block {
        /// The block.
        id: BlockId,
        /// What the node made of it.
        outcome: BlockOutcome,
    },
    /// Type 2 came, well-formed, and was checked as a whole.
    Chain {
        /// Its last block.
        last: BlockId,
        /// What the node made of it.
        outcome: ChainOutcome,
    },
    /// A frame that breaks the dialect came. The link is to be closed.
    Malformed {
        /// 1002, 1003, 1007 or 1009 (RFC 6455 section 7.4.1).
        code: u16,
        /// For the close frame and the log.
        reason: &'static str,
    },
    /// All blocks of [`super::JsonOutgoing::Range`] were handed to the socket, and it took them.
    RangeSent {
        /// The last block sent, as it was read.
        last: BlockId,
    },
    /// [`super::JsonOutgoing::Range`] ended early: it was stopped, or the blocks were not there.
    RangeLost,
    /// The message of [`super::JsonOutgoing::Chain`] was taken by the socket, or the rest of it follows
    /// before anything else.
    ChainSent,
}

/// Something that happened on a link of the binary dialect.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BinaryInput {
    /// A socket is ready for messages.
    Opened {
        /// A new name.
        link: LinkId,
        /// Whether we dialled.
        dialled: bool,
        /// Where it leads: only links to one address can be two to one node.
        origin: Origin,
    },
    /// A message of the binary dialect came.
    Message {
        /// From whom.
        link: LinkId,
        /// What it says.
        message: Message,
    },
    /// A frame came that is no message of the binary dialect: a provable fault.
    Undecodable {
        /// From whom.
        link: LinkId,
        /// For the close frame and the log.
        reason: &'static str,
    },
    /// The result of [`super::Output::FindHeldAncestor`].
    HeldAncestor {
        /// As asked.
        link: LinkId,
        /// As asked.
        query: u64,
        /// Of the blocks named, the last one that is held; `None` if not even the first one is.
        held: Option<Held>,
    },
    /// The result of [`super::Output::Check`], always: also when the link is closed by now.
    Checked {
        /// As asked.
        link: LinkId,
        /// As asked.
        download: u64,
        /// As asked.
        first: Height,
        /// The blocks whose body is right, up to the first whose body is not.
        blocks: Vec<ValidBlock>,
        /// Why the one after them is not, if one is not.
        fault: Option<String>,
    },
    /// The result of [`super::Output::Check`] in place of [`BinaryInput::Checked`] if the check
    /// panicked: a defect of this node, whatever the peer sent.
    Unchecked {
        /// As asked.
        link: LinkId,
        /// As asked.
        download: u64,
        /// As asked.
        first: Height,
    },
    /// The result of [`super::Output::Import`]. Blocks that are now on our chain are published
    /// before: the tip is told first.
    Imported {
        /// As asked.
        download: u64,
        /// The last block of the batch.
        last: BlockId,
        /// What became of the batch.
        outcome: ImportOutcome,
    },
    /// The result of [`super::BinaryOutgoing::Headers`] and [`super::BinaryOutgoing::Blocks`]: the
    /// socket took all of it.
    Served {
        /// To whom.
        link: LinkId,
    },
    /// Of pending records.
    Relay(RelayInput),
}

/// The last block that is held of those named by [`super::Output::FindHeldAncestor`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// Its place among them.
    pub place: usize,
    /// The chain's state after it.
    pub state: Box<TipState>,
    /// Where its branch leaves our chain. `None` if it is on our chain; not asked for without a
    /// limit on the depth of reorgs.
    pub fork: Option<ForkPoint>,
}

/// What became of blocks that were to be imported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ImportOutcome {
    /// All of them are durable: on our chain, or stored as a branch.
    Done,
    /// The block below them is not held any more, or their branch forks too deep by now.
    Lost,
    /// The node cannot take blocks now.
    Unavailable,
}

/// What became of a single block. Looked up by its hash first, then checked in this order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BlockOutcome {
    /// It stood on our chain already.
    Ours,
    /// It is on our chain now, as the tip: appended, or it gave its branch the most work.
    Adopted,
    /// Its parent is not our tip: not held, or on another branch. Stored or not.
    Fork,
    /// As `Fork`, and its proof of work counts as much as that of our tip, which it is level
    /// with; or it was checked by every rule, and is higher with no more work.
    Level,
    /// As `Fork`, checked by every rule, and its branch has exactly as much work as our chain.
    Tied,
    /// It was not taken.
    Refused(Refusal),
}

/// What became of a whole chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ChainOutcome {
    /// Its last block stood on our chain already.
    Ours,
    /// Its last block is our tip now.
    Adopted,
    /// A fork with less work than our chain.
    Lighter,
    /// A fork with exactly as much work as our chain: the first seen stays.
    Equal,
    /// It was not taken.
    Refused(Refusal),
}

/// Why a block, or a chain for one of its blocks, was not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The block at height 0 is not our genesis.
    ForeignGenesis,
    /// A proof of work does not hold.
    BadWork,
    /// Its branch has more work and forks deeper than may be without the operator.
    TooDeep,
    /// A block breaks another rule, which the text tells.
    Invalid(String),
    /// A block is too far in the future.
    NotYet,
    /// The node cannot take it now.
    Unavailable,
}

/// How the published tip changed. `source` is the link of the JSON dialect that brought the new
/// tip, if one did: it holds every block below it too, and is told nothing of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TipChange {
    /// Blocks were appended.
    Extended {
        /// The tip before. When the machine knows another one it takes the change for a reorg.
        from: BlockId,
        /// Who brought the new tip.
        source: Option<LinkId>,
    },
    /// Another branch took over.
    Reorged {
        /// Who brought the new tip.
        source: Option<LinkId>,
    },
}
