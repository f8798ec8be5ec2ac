//! The proof that a later history continues an earlier one.

use super::{HeaderName, ReceiptError, check_header};
use crate::chain::{BlockId, Hash, Header, Height, verify_consistency};

/// The proof that the history of a block begins with that of an earlier one, with the header
/// that commits to the later history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Consistency {
    /// Height of the earlier block.
    pub from: Height,
    /// Its history root.
    pub from_root: Hash,
    /// Header of the later block.
    pub header: Header,
    /// The consistency proof between both histories.
    pub proof: Vec<Hash>,
}

impl Consistency {
    /// Checks that the later block's history begins with that of `earlier`, and returns the
    /// later block.
    pub(super) fn check(&self, earlier: &Header) -> Result<BlockId, ReceiptError> {
        if self.from != earlier.height {
            let (expected, found) = (earlier.height, self.from);
            return Err(ReceiptError::ConsistencyFrom { expected, found });
        }
        if self.from_root != earlier.history_root {
            return Err(ReceiptError::ConsistencyHeader { member: "fromRoot" });
        }
        check_header(HeaderName::Later, &self.header)?;
        let (first, second) = (self.from.get(), self.header.height.get());
        let to_root = &self.header.history_root;
        verify_consistency(first, second, &self.from_root, to_root, &self.proof)
            .map_err(ReceiptError::Consistency)?;
        Ok(self.header.id())
    }
}
