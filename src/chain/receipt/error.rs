//! Why a receipt proves nothing.

use std::fmt;

use crate::chain::{Bits, BitsError, BlockId, Hash, Height, ProofError};

/// Which header of a receipt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HeaderName {
    /// That of the block with the record.
    Header,
    /// That of the tip.
    Tip,
    /// That of the later tip, in a consistency proof.
    Later,
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Tip => "tip",
            Self::Later => "header of the consistency proof",
        })
    }
}

/// Why a receipt, or the consistency proof beside it, proves nothing.
///
/// Each message names the member at fault; [`ReceiptError::advice`] says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// No receipt is so large.
    #[error("the text has more than {max} bytes")]
    TooLarge {
        /// The limit.
        max: usize,
    },
    /// The text is not JSON, or not the JSON of a receipt or a consistency proof.
    #[error("the text is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The text is nested deeper than any reader of JSON must follow.
    #[error("the text is malformed: nested too deep, at most 127 levels")]
    TooDeep,
    /// Another format.
    #[error("`format` is `{found}`, not `jenny-receipt-1`")]
    Format {
        /// What the receipt says.
        found: String,
    },
    /// The difficulties in the headers do not fit their targets.
    #[error("`difficulty` of the {name} does not fit its `bits` or the other header")]
    Difficulty {
        /// Which header.
        name: HeaderName,
    },
    /// A header of another version.
    #[error("`version` of the {name} is {found}, not 1")]
    Version {
        /// Which header.
        name: HeaderName,
        /// What it says.
        found: u32,
    },
    /// The compact target means nothing.
    #[error("`bits` of the {name} is {bits}, which is no target: {reason}")]
    Bits {
        /// Which header.
        name: HeaderName,
        /// What it says.
        bits: Bits,
        /// Why it is none.
        reason: BitsError,
    },
    /// The hash is above the target.
    #[error("the {name} is not mined: its hash {hash} does not meet its `bits` {bits}")]
    ProofOfWork {
        /// Which header.
        name: HeaderName,
        /// Its target.
        bits: Bits,
        /// Its hash.
        hash: Hash,
    },
    /// The block has no such record.
    #[error("`recordIndex` is {index}, but the block has {count} records")]
    RecordIndex {
        /// What the receipt says.
        index: u64,
        /// What the block's header says.
        count: u64,
    },
    /// The record is not the one in the block.
    #[error("the record is not in the block: `recordPath`: {0}")]
    RecordPath(ProofError),
    /// The block is higher than the tip.
    #[error("the block has height {header}, but the tip {tip}")]
    AboveTip {
        /// Height of the block.
        header: Height,
        /// Height of the tip.
        tip: Height,
    },
    /// The block and the tip have one height and are two blocks.
    #[error("`header` and `tip` are different blocks of height {height}")]
    OtherTip {
        /// Their height.
        height: Height,
    },
    /// The block is not in the tip's history.
    #[error("the block is not in the history of the tip: `blockPath`: {0}")]
    BlockPath(ProofError),
    /// The chain is not that of the tip.
    #[error("`chainId` is not the first block of the tip's history: `genesisPath`: {0}")]
    GenesisPath(ProofError),
    /// The tip is genesis, of another chain.
    #[error("`chainId` is {found}, but the tip is the genesis block {expected}")]
    ChainId {
        /// Hash of the tip.
        expected: Hash,
        /// What the receipt says.
        found: Hash,
    },
    /// The tip is not the trusted one.
    #[error("the tip is block {found}, not the trusted {expected}")]
    Tip {
        /// The trusted tip.
        expected: Hash,
        /// The tip, or the later one that the consistency proof leads to.
        found: BlockId,
    },
    /// The consistency proof starts at another block.
    #[error("the consistency proof is from block {found}, not from the receipt's tip {expected}")]
    ConsistencyFrom {
        /// The receipt's tip.
        expected: Height,
        /// Where the proof starts.
        found: Height,
    },
    /// A number or root of the consistency proof is not that of a header.
    #[error("`{member}` of the consistency proof is not that of the header that it belongs to")]
    ConsistencyHeader {
        /// The member.
        member: &'static str,
    },
    /// The later history does not continue the earlier one.
    #[error("the later history does not begin with that of the tip: `proof`: {0}")]
    Consistency(ProofError),
    /// The newer receipt is not about the same record of the same block.
    #[error("the newer receipt is for a record in block {found}, not the one in block {expected}")]
    OtherRecord {
        /// The receipt's block.
        expected: BlockId,
        /// The newer receipt's block.
        found: BlockId,
    },
    /// The history of a block does not have that block.
    #[error("the record is in the receipt's tip {tip}, which only a later block's history has")]
    BlockIsTip {
        /// The receipt's tip.
        tip: BlockId,
    },
}

impl ReceiptError {
    /// What the verifier may do next.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::Malformed(_) | Self::TooDeep => {
                "the file was cut off or changed, or is no receipt; get it again"
            }
            Self::Format { .. } => "a newer version of this program may read it",
            Self::Tip { .. } => {
                "the receipt is sound but for another tip: get one for the trusted tip, or a consistency proof from the receipt's tip to it"
            }
            Self::ConsistencyFrom { .. }
            | Self::ConsistencyHeader { .. }
            | Self::Consistency(_) => {
                "get the consistency proof again, from the height of the receipt's tip to that of the trusted one"
            }
            Self::BlockIsTip { .. } => "get a receipt for a later tip",
            Self::OtherRecord { .. } => {
                "a reorg moved the record, or it is another chain's: rely on the newer receipt alone"
            }
            _ => "the receipt was changed or made up: get it again, and do not rely on this one",
        }
    }
}
