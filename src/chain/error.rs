//! Why a block breaks the rules.

use super::{Bits, BitsError, Hash, Height, Timestamp};

/// A rule that a block breaks: the field, what was expected and what came.
///
/// Every variant but [`RuleError::NotYet`] blames the block's author. Failures of
/// this machine (disk, memory) are never expressed here.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The header's layout is unknown.
    #[error("version: expected 1, found {found}")]
    Version {
        /// What the header says.
        found: u32,
    },
    /// A number that JSON would not carry exactly.
    #[error("{field}: expected at most 9007199254740991, found {found}")]
    Unsafe {
        /// `height`, `timestamp` or `nonce`.
        field: &'static str,
        /// What the header says.
        found: u64,
    },
    /// More records than a block may hold.
    #[error("record_count: expected at most {max}, found {found}")]
    RecordCount {
        /// The chain's limit.
        max: u32,
        /// What the header says.
        found: u32,
    },
    /// The compact target has no meaning.
    #[error("bits: expected a compact target, found {found} ({reason})")]
    BitsMeaningless {
        /// What the header says.
        found: Bits,
        /// What is wrong with it.
        reason: BitsError,
    },
    /// The target is easier than the chain allows.
    #[error("bits: expected at most {limit}, found {found}")]
    BitsTooEasy {
        /// The chain's easiest target.
        limit: Bits,
        /// What the header says.
        found: Bits,
    },
    /// The hash does not meet the target.
    #[error("nonce: expected a hash within target {bits}, found {found}")]
    ProofOfWork {
        /// The header's target.
        bits: Bits,
        /// The header's hash.
        found: Hash,
    },
    /// The block does not extend the block it was checked against.
    #[error("previous_hash: expected {expected}, found {found}")]
    PreviousHash {
        /// Hash of the block it should extend.
        expected: Hash,
        /// What the header says.
        found: Hash,
    },
    /// The height is not the parent's plus one.
    #[error("height: expected {expected}, found {found}")]
    Height {
        /// The parent's plus one.
        expected: Height,
        /// What the header says.
        found: Height,
    },
    /// The target is not the one that the difficulty rule asks for.
    #[error("bits: expected {expected}, found {found}")]
    Bits {
        /// What the rule asks for.
        expected: Bits,
        /// What the header says.
        found: Bits,
    },
    /// The block is older than its parent.
    #[error("timestamp: expected at least {parent}, found {found}")]
    TimestampBeforeParent {
        /// The parent's.
        parent: Timestamp,
        /// What the header says.
        found: Timestamp,
    },
    /// The block is too far in the future: not wrong, only early. It may be
    /// checked again later and is never remembered as invalid.
    #[error("timestamp: expected at most {latest}, found {found}: not yet")]
    NotYet {
        /// The latest moment that is acceptable now.
        latest: Timestamp,
        /// What the header says.
        found: Timestamp,
    },
    /// The header commits to another history.
    #[error("history_root: expected {expected}, found {found}")]
    HistoryRoot {
        /// Root over the hashes of all ancestors.
        expected: Hash,
        /// What the header says.
        found: Hash,
    },
    /// The body has another number of records than the header says.
    #[error("data: expected {expected} records, found {found}")]
    DataCount {
        /// The header's `record_count`.
        expected: u32,
        /// Records in the body.
        found: usize,
    },
    /// A record is too long.
    #[error("data[{index}]: expected at most {max} bytes, found {found}")]
    RecordBytes {
        /// Position of the record in the block.
        index: usize,
        /// The chain's limit.
        max: u64,
        /// The record's length.
        found: usize,
    },
    /// The records together are too long.
    #[error("data: expected at most {max} bytes in all, found {found}")]
    BlockBytes {
        /// The chain's limit.
        max: u64,
        /// Sum of the records' lengths.
        found: u64,
    },
    /// The header commits to other records.
    #[error("merkle_root: expected {expected}, found {found}")]
    MerkleRoot {
        /// Root over the body's records.
        expected: Hash,
        /// What the header says.
        found: Hash,
    },
    /// The block contradicts a checkpoint that the operator configured.
    #[error("hash at height {height}: expected {expected} (checkpoint), found {found}")]
    Checkpoint {
        /// The checkpoint's height.
        height: Height,
        /// The checkpoint's hash.
        expected: Hash,
        /// The block's hash.
        found: Hash,
    },
}

impl RuleError {
    /// Whether the block may become valid by waiting.
    pub const fn is_not_yet(&self) -> bool {
        matches!(self, Self::NotYet { .. })
    }
}
