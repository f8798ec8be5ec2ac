//! The derived index: at which heights blocks and records may be, by the first bytes of their
//! hashes. It is built behind the durable tip and never trusted: every place that it names is
//! read and compared.

mod build;
mod find;
mod verify;

pub use build::{IndexBatch, IndexStep};
pub(super) use build::{load, needs_branches};
pub use find::{RecordLocation, RecordPlace};

use std::fmt;

use super::StoreError;
use super::layout::{branch_key, parse_branch_key};
use crate::chain::{BlockId, Hash, Height};

/// The last block that is indexed, in `index`.
const INDEX_CURSOR: &[u8] = b"c";
/// Before the place of a block in `index`.
const BLOCK_ENTRY: u8 = b'h';
/// Before the place of a record in `index`.
const RECORD_ENTRY: u8 = b'r';

/// How the key of a record's place begins.
pub(super) const INDEX_RECORDS: &[u8] = &[RECORD_ENTRY];

/// The place of a record that a key of the index names; `None` for any other key.
pub(super) fn record_entry(key: &[u8]) -> Option<(HashPrefix, RecordPlace)> {
    match Entry::parse(key) {
        Ok(Entry::Record(prefix, place)) => Some((prefix, place)),
        _ => None,
    }
}

/// The first eight bytes of a hash. Its order is that of the hashes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct HashPrefix(u64);

impl HashPrefix {
    /// Returns the first bytes of `hash`.
    pub fn of(hash: &Hash) -> Self {
        let first = hash.as_bytes().iter().take(8);
        Self(first.fold(0, |prefix, byte| prefix << 8 | u64::from(*byte)))
    }
}

impl fmt::Display for HashPrefix {
    /// 16 hexadecimal digits.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// A key without a value. The order of entries is that of their keys.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Entry {
    Block(HashPrefix, Height),
    Record(HashPrefix, RecordPlace),
}

impl Entry {
    /// `h` or `r`, the first bytes of the hash, the height, and of a record its position.
    fn key(self) -> Vec<u8> {
        let mut key = Vec::with_capacity(21);
        let (tag, prefix, height) = match self {
            Self::Block(prefix, height) => (BLOCK_ENTRY, prefix, height),
            Self::Record(prefix, place) => (RECORD_ENTRY, prefix, place.height),
        };
        key.push(tag);
        key.extend_from_slice(&prefix.0.to_be_bytes());
        key.extend_from_slice(&height.get().to_be_bytes());
        if let Self::Record(_, place) = self {
            key.extend_from_slice(&place.position.to_be_bytes());
        }
        key
    }

    /// Reads what [`Entry::key`] wrote.
    fn parse(key: &[u8]) -> Result<Self, StoreError> {
        let parts = key.split_first().and_then(|(&tag, rest)| {
            let (prefix, rest) = rest.split_first_chunk()?;
            let (height, position) = rest.split_first_chunk()?;
            let prefix = HashPrefix(u64::from_be_bytes(*prefix));
            let height = Height::new(u64::from_be_bytes(*height));
            match (tag, position) {
                (BLOCK_ENTRY, []) => Some(Self::Block(prefix, height)),
                (RECORD_ENTRY, position) => {
                    let position = u32::from_be_bytes(position.try_into().ok()?);
                    Some(Self::Record(prefix, RecordPlace { height, position }))
                }
                _ => None,
            }
        });
        parts.ok_or_else(|| StoreError::Damaged { what: "a key of the index is torn".to_owned() })
    }
}

/// The cursor's value: height and hash.
fn encode_cursor(id: BlockId) -> [u8; 40] {
    branch_key(id)
}

/// Reads what [`encode_cursor`] wrote.
fn decode_cursor(value: &[u8]) -> Result<BlockId, StoreError> {
    let what = "the cursor of the index does not decode";
    parse_branch_key(value).ok_or_else(|| StoreError::Damaged { what: what.to_owned() })
}

#[cfg(test)]
mod tests;
