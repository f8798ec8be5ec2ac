//! How the chain's values stand in a message: fixed widths as their raw bytes.

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use super::MAX_BODY;
use crate::chain::HEADER_BYTES;

/// Exactly `N` bytes, without a length.
pub(super) struct Fixed<const N: usize>(pub(super) [u8; N]);

impl<const N: usize> Serialize for Fixed<N> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut tuple = out.serialize_tuple(N)?;
        for byte in &self.0 {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes<const N: usize>;

        impl<'de, const N: usize> Visitor<'de> for Bytes<N> {
            type Value = Fixed<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{N} bytes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
                let mut bytes = [0; N];
                for (index, byte) in bytes.iter_mut().enumerate() {
                    *byte = from
                        .next_element()?
                        .ok_or_else(|| A::Error::invalid_length(index, &"more bytes"))?;
                }
                Ok(Fixed(bytes))
            }
        }

        from.deserialize_tuple(N, Bytes)
    }
}

/// A module for `serde(with)`: the value as something else that serializes.
macro_rules! shown_as {
    ($(#[$doc:meta])* $name:ident, $value:ty, $shown:ty, $to:expr, $from:expr) => {
        $(#[$doc])*
        pub(super) mod $name {
            use super::*;

            pub(in crate::sync) fn serialize<S: Serializer>(
                value: &$value,
                out: S,
            ) -> Result<S::Ok, S::Error> {
                let to: fn(&$value) -> $shown = $to;
                to(value).serialize(out)
            }

            pub(in crate::sync) fn deserialize<'de, D: Deserializer<'de>>(
                from: D,
            ) -> Result<$value, D::Error> {
                let back: fn($shown) -> $value = $from;
                <$shown>::deserialize(from).map(back)
            }
        }
    };
}

shown_as!(
    /// 32 bytes.
    hash,
    crate::chain::Hash,
    Fixed<32>,
    |hash| Fixed(*hash.as_bytes()),
    |bytes| crate::chain::Hash::new(bytes.0)
);
shown_as!(
    /// A byte that says whether 32 bytes follow.
    optional_hash,
    Option<crate::chain::Hash>,
    Option<Fixed<32>>,
    |hash| hash.map(|hash| Fixed(*hash.as_bytes())),
    |bytes| bytes.map(|bytes| crate::chain::Hash::new(bytes.0))
);
shown_as!(
    /// The 132 bytes that are hashed.
    header,
    crate::chain::Header,
    Fixed<HEADER_BYTES>,
    |header| Fixed(header.encode()),
    |bytes| crate::chain::Header::decode(&bytes.0)
);
shown_as!(
    /// 32 bytes, big-endian.
    work,
    crate::chain::Work,
    Fixed<32>,
    |work| Fixed(work.to_bytes()),
    |bytes| crate::chain::Work::from_bytes(bytes.0)
);
shown_as!(
    /// A varint.
    height,
    crate::chain::Height,
    u64,
    |height| height.get(),
    crate::chain::Height::new
);
shown_as!(
    /// A varint: milliseconds since the epoch.
    timestamp,
    crate::chain::Timestamp,
    u64,
    |time| time.as_millis(),
    crate::chain::Timestamp::from_millis
);

/// A block's records, encoded: a postcard sequence of strings, as it stands on disk.
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

    /// Records that are encoded already, as they stand on disk.
    pub const fn encoded(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Length in bytes.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes of memory that it takes at most, decoded or not: its length, and
    /// [`Body::RECORD`] for each record that it says to have, as far as it can have so many.
    pub fn weight(&self) -> u64 {
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

    /// The records, when there are exactly `count`, which is held against what is
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

    /// As [`Body::records`]; a record that stands alone keeps the memory of the body.
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
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Body;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {MAX_BODY} bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Body, E> {
                if bytes.len() > MAX_BODY {
                    return Err(E::invalid_length(bytes.len(), &self));
                }
                Ok(Body(bytes.to_vec()))
            }
        }

        from.deserialize_bytes(Bytes)
    }
}
