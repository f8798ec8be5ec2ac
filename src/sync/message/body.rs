//! The records of one block, encoded.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::MAX_BODY;
use super::bounded::Bounded;
use super::fields::plain;

/// A block's records, encoded: a postcard sequence of strings, as on disk.
#[derive(Clone, Eq, PartialEq)]
pub struct Body(Vec<u8>);

impl Body {
    /// Memory of a record beside its text: 24 bytes of a `String`, and the least that is
    /// allocated.
    pub const RECORD: u64 = 32;

    /// Encodes records.
    ///
    /// # Errors
    /// Never for what is on a chain; the serializer's signature asks for it.
    pub fn of(records: &[String]) -> Result<Self, postcard::Error> {
        postcard::to_stdvec(records).map(Self)
    }

    /// Records that are encoded already, as on disk.
    pub const fn encoded(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Length in bytes.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes of memory that it takes at most, decoded or not: its length, and
    /// [`Body::RECORD`] for each record that it claims to have, as far as it has room for them.
    pub fn memory_bytes(&self) -> u64 {
        let length = self.0.len() as u64;
        let count = self.count().unwrap_or(0);
        length.saturating_add(count.min(length).saturating_mul(Self::RECORD))
    }

    /// How many records it says to have; `None` if it does not even say that.
    pub fn count(&self) -> Option<u64> {
        postcard::take_from_bytes::<u64>(&self.0).ok().map(|(count, _)| count)
    }

    /// Whether there is nothing at all, not even a count: no body.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The records, when there are exactly `count`, which is compared with what is
    /// encoded before anything is allocated.
    pub fn records(&self, count: u32) -> Option<Vec<String>> {
        let (found, mut rest): (u64, &[u8]) = postcard::take_from_bytes(&self.0).ok()?;
        // Each record takes a byte at least.
        if found != u64::from(count) || found > rest.len() as u64 {
            return None;
        }
        let mut records = Vec::with_capacity(usize::try_from(found).ok()?);
        for _ in 0..found {
            let (record, after) = postcard::take_from_bytes::<&str>(rest).ok()?;
            records.push(record.to_owned());
            rest = after;
        }
        rest.is_empty().then_some(records)
    }

    /// As [`Body::records`]; a single record keeps the memory of the body.
    pub fn into_records(mut self, count: u32) -> Option<Vec<String>> {
        if count != 1 {
            return self.records(count);
        }
        let (found, rest): (u64, &[u8]) = postcard::take_from_bytes(&self.0).ok()?;
        let (length, rest): (u64, &[u8]) = postcard::take_from_bytes(rest).ok()?;
        if found != 1 || length != rest.len() as u64 {
            return None;
        }
        let framing = self.0.len().checked_sub(rest.len())?;
        self.0.drain(..framing);
        String::from_utf8(self.0).ok().map(|record| vec![record])
    }
}

/// Its length; the records may be a MiB.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Bounded::<Vec<u8>, MAX_BODY>::deserialize(from).map(Self)
    }
}

plain!(Body);
