//! A header and what the chain up to it amounts to.

use super::{BlockId, Hash, Header, Height, Work};

/// A header with its hash and the work of the chain that it ends. Whether it was checked, stored
/// or published is for its holder to say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChainHeader {
    /// The header.
    pub header: Header,
    /// Its hash.
    pub hash: Hash,
    /// Work from genesis up to and with this block.
    pub total_work: Work,
}

impl ChainHeader {
    /// Its height.
    pub const fn height(&self) -> Height {
        self.header.height
    }

    /// What names its parent; `None` for genesis.
    pub fn parent(&self) -> Option<BlockId> {
        let height = self.header.height.parent()?;
        Some(BlockId { height, hash: self.header.previous_hash })
    }

    /// What names the block.
    pub const fn id(&self) -> BlockId {
        BlockId { height: self.header.height, hash: self.hash }
    }
}
