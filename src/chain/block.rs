//! Blocks: a header and the records that it commits to.

use super::{Hash, Header, leaf_hash, root};

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

/// RFC 6962 tree hash over the records' UTF-8 bytes.
pub fn merkle_root<T: AsRef<str>>(records: &[T]) -> Hash {
    #[cfg(test)]
    super::test_util::count_merkle_root();
    root(records.iter().map(|record| leaf_hash(record.as_ref().as_bytes())))
}

/// Sum of the records' UTF-8 lengths, in bytes.
pub(super) fn byte_len(records: &[String]) -> u64 {
    records.iter().map(|record| record.len() as u64).sum()
}

impl Block {
    /// Sum of the records' UTF-8 lengths, in bytes.
    pub fn record_bytes(&self) -> u64 {
        byte_len(&self.records)
    }
}
