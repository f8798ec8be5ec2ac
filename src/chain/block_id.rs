//! What names a block.

use std::fmt;

use serde::Serialize;

use super::{Hash, Height};

/// Names a block. Shown as `4711 00ab…`, with all digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct BlockId {
    /// Its height, or the one that it claims.
    pub height: Height,
    /// Its hash.
    pub hash: Hash,
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.height, self.hash)
    }
}
