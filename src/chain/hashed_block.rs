//! A block with its hash, which is computed once.

use std::sync::{Arc, OnceLock};

use super::{Block, BlockId, Hash, Header, RuleError, merkle_root};

/// A block as received, not yet checked by any rule, with its hash.
///
/// The hash is computed when one is made, and the root over the records when it is first compared.
/// Clones share the block and both.
/// # Examples
///
/// ```
/// use jenny_chain::chain::{HashedBlock, Spec};
///
/// let block = HashedBlock::new(Spec::dev().genesis().into_block());
/// assert_eq!(block.hash(), block.header().hash());
/// assert!(block.check_merkle_root().is_ok());
/// ```
#[derive(Clone, Debug)]
pub struct HashedBlock(Arc<Shared>);

#[derive(Clone, Debug)]
struct Shared {
    block: Block,
    hash: Hash,
    /// The root over the records, once it is known.
    merkle_root: OnceLock<Hash>,
}

impl HashedBlock {
    /// Hashes the header.
    pub fn new(block: Block) -> Self {
        let hash = block.header.hash();
        Self::of_known(block, hash)
    }

    /// A block whose header was found to have this hash.
    pub(super) fn of_known(block: Block, hash: Hash) -> Self {
        Self(Arc::new(Shared { block, hash, merkle_root: OnceLock::new() }))
    }

    /// The block.
    pub fn block(&self) -> &Block {
        &self.0.block
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.0.block.header
    }

    /// The records.
    pub fn records(&self) -> &[String] {
        &self.0.block.records
    }

    /// The header's hash.
    pub fn hash(&self) -> Hash {
        self.0.hash
    }

    /// What names the block.
    pub fn id(&self) -> BlockId {
        BlockId { height: self.header().height, hash: self.hash() }
    }

    /// Checks that the records are those that the header commits to.
    ///
    /// # Errors
    /// [`RuleError::MerkleRoot`] if they are not.
    pub fn check_merkle_root(&self) -> Result<(), RuleError> {
        let expected = *self.0.merkle_root.get_or_init(|| merkle_root(self.records()));
        let found = self.header().merkle_root;
        if found == expected { Ok(()) } else { Err(RuleError::MerkleRoot { expected, found }) }
    }

    /// Gives the block back. It is copied if a clone of this is left.
    pub fn into_block(self) -> Block {
        Arc::unwrap_or_clone(self.0).block
    }
}

impl From<Block> for HashedBlock {
    fn from(block: Block) -> Self {
        Self::new(block)
    }
}

/// The hash and the root follow from the block.
impl PartialEq for HashedBlock {
    fn eq(&self, other: &Self) -> bool {
        self.block() == other.block()
    }
}

impl Eq for HashedBlock {}

#[cfg(test)]
mod tests;
