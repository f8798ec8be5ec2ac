//! A place in a chain file at which another writer may go on.

use sha2::Sha256;

use crate::chain::BlockId;

/// A place between two frames, behind whole blocks and before anything else.
#[derive(Clone, Debug)]
pub struct Boundary {
    /// Bytes before it.
    pub offset: u64,
    /// Over these bytes.
    pub(super) digest: Sha256,
    /// Blocks before it.
    pub(super) blocks: u64,
    /// The last of them, or the parent of the first one; `None` before genesis.
    pub last: Option<BlockId>,
}
