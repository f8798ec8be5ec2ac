//! Blocks: a header and the records that it commits to.

use super::{BlockId, ChainHeader, Hash, Header, Work, leaf_hash, root};

/// A block as received, not yet checked by any rule.
/// # Examples
///
/// The header commits to every record and to their order:
///
/// ```
/// use jenny_chain::chain::{Spec, merkle_root};
///
/// let block = Spec::dev().genesis().into_block();
/// assert_eq!(merkle_root(&block.records), block.header.merkle_root);
///
/// let mut records = block.records;
/// records.push("one more".to_owned());
/// assert_ne!(merkle_root(&records), block.header.merkle_root);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Block {
    /// The committed-to summary.
    pub header: Header,
    /// Application data, in order: any Unicode text, repeats included.
    pub records: Vec<String>,
}

/// A block that follows every rule on top of the ancestors it was checked
/// against. Only [`super::TipState::check_block`] and [`super::Spec::genesis`]
/// make one, and only such blocks are ever stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ValidBlock {
    block: Block,
    hash: Hash,
    total_work: Work,
}

/// A header that follows every rule on top of the ancestors it was checked against,
/// with its records still to come. Only [`super::TipState::check_next`] makes one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ValidHeader(ChainHeader);

/// RFC 6962 tree hash over the records' UTF-8 bytes.
pub fn merkle_root<T: AsRef<str>>(records: &[T]) -> Hash {
    root(records.iter().map(|record| leaf_hash(record.as_ref().as_bytes())))
}

impl Block {
    /// Sum of the records' UTF-8 lengths, in bytes.
    pub fn record_bytes(&self) -> u64 {
        self.records.iter().map(|record| record.len() as u64).fold(0, u64::saturating_add)
    }
}

impl ValidBlock {
    pub(super) const fn new(block: Block, hash: Hash, total_work: Work) -> Self {
        Self { block, hash, total_work }
    }

    /// The block.
    pub const fn block(&self) -> &Block {
        &self.block
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.block.header
    }

    /// The header's hash.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// Work of the chain from genesis up to and with this block.
    pub const fn total_work(&self) -> Work {
        self.total_work
    }

    /// What names its parent. Genesis, which has none, names zeros.
    pub const fn parent(&self) -> BlockId {
        let Header { height, previous_hash, .. } = self.block.header;
        BlockId { height: height.back(1), hash: previous_hash }
    }

    /// What names it.
    pub const fn id(&self) -> BlockId {
        BlockId { height: self.block.header.height, hash: self.hash }
    }

    /// The header, its hash and the work of the chain up to it.
    pub const fn chain_header(&self) -> ChainHeader {
        ChainHeader { header: self.block.header, hash: self.hash, total_work: self.total_work }
    }

    /// Gives the block back.
    pub fn into_block(self) -> Block {
        self.block
    }
}

impl ValidHeader {
    pub(super) const fn new(header: ChainHeader) -> Self {
        Self(header)
    }

    /// The header, its hash and the work of the chain up to it.
    pub const fn get(&self) -> &ChainHeader {
        &self.0
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.0.header
    }

    /// Its hash.
    pub const fn hash(&self) -> Hash {
        self.0.hash
    }

    /// What names the block.
    pub const fn id(&self) -> BlockId {
        self.0.id()
    }

    /// Work of the chain from genesis up to and with this block.
    pub const fn total_work(&self) -> Work {
        self.0.total_work
    }
}
