//! Blocks: a header and the records that it commits to.

use super::{Hash, Header, RuleError, Spec, Work, leaf_hash, root};

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
pub struct ValidHeader {
    header: Header,
    hash: Hash,
    total_work: Work,
}

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

    /// Gives the block back.
    pub fn into_block(self) -> Block {
        self.block
    }
}

impl ValidHeader {
    pub(super) const fn new(header: Header, hash: Hash, total_work: Work) -> Self {
        Self { header, hash, total_work }
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Its hash.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// Work of the chain from genesis up to and with this block.
    pub const fn total_work(&self) -> Work {
        self.total_work
    }

    /// Puts the records to it, when they are those that the header commits to.
    ///
    /// # Errors
    /// The first rule of a body that they break.
    pub fn with_records(&self, spec: &Spec, records: Vec<String>) -> Result<ValidBlock, RuleError> {
        super::tip::check_body(spec, &self.header, &records)?;
        let block = Block { header: self.header, records };
        Ok(ValidBlock::new(block, self.hash, self.total_work))
    }
}
