//! What was found to follow every rule: a block, and a header whose records are still to come.

use super::{Block, BlockId, ChainHeader, Hash, HashedBlock, Header, Work};

/// A block that follows every rule on top of the ancestors it was checked
/// against. Only [`super::TipState::check_block`] and [`super::Spec::genesis`]
/// make one, and only such blocks are ever stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ValidBlock {
    block: HashedBlock,
    total_work: Work,
}

/// A header that follows every rule on top of the ancestors it was checked against,
/// with its records still to come. Only [`super::TipState::check_next`] makes one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ValidHeader(ChainHeader);

impl ValidBlock {
    pub(super) const fn new(block: HashedBlock, total_work: Work) -> Self {
        Self { block, total_work }
    }

    /// The block.
    pub fn block(&self) -> &Block {
        self.block.block()
    }

    /// The header.
    pub fn header(&self) -> &Header {
        self.block.header()
    }

    /// The header's hash.
    pub fn hash(&self) -> Hash {
        self.block.hash()
    }

    /// Work of the chain from genesis up to and with this block.
    pub const fn total_work(&self) -> Work {
        self.total_work
    }

    /// What names its parent. Genesis, which has none, names zeros.
    pub fn parent(&self) -> BlockId {
        let Header { height, previous_hash, .. } = *self.header();
        BlockId { height: height.back(1), hash: previous_hash }
    }

    /// What names it.
    pub fn id(&self) -> BlockId {
        self.block.id()
    }

    /// The header, its hash and the work of the chain up to it.
    pub fn chain_header(&self) -> ChainHeader {
        ChainHeader { header: *self.header(), hash: self.hash(), total_work: self.total_work }
    }

    /// Gives the block back. It is copied if a clone of this is left.
    pub fn into_block(self) -> Block {
        self.block.into_block()
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
