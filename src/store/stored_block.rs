//! A block as it is read.

use crate::chain::{Hash, Header, Work};

/// A block as stored, whose records were found to be those of its header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredBlock {
    /// The header.
    pub header: Header,
    /// Its hash.
    pub hash: Hash,
    /// Work from genesis up to and with this block.
    pub total_work: Work,
    /// The records.
    pub records: Vec<String>,
}
