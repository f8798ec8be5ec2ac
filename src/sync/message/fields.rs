//! How the chain's values are encoded in a message: fixed widths as their raw bytes.

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use std::fmt;

use crate::chain::{HEADER_BYTES, Hash, Header, Height, Timestamp, Work};

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

/// A value of the chain that a message writes in another form. This module serves as
/// `serde(with)` for a single one, [`super::bounded::Bounded`] for a list.
pub(super) trait Wire: Sized {
    /// The form that is read.
    type Read: DeserializeOwned;

    fn written(&self) -> impl Serialize;
    fn of_read(read: Self::Read) -> Self;
}

pub(super) fn serialize<T: Wire, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
    value.written().serialize(out)
}

pub(super) fn deserialize<'de, T: Wire, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::Read::deserialize(from).map(T::of_read)
}

macro_rules! wire {
    ($(#[$doc:meta])* $value:ty, $read:ty, $written:expr, $of_read:expr) => {
        $(#[$doc])*
        impl Wire for $value {
            type Read = $read;

            fn written(&self) -> impl Serialize {
                let written: fn(&$value) -> $read = $written;
                written(self)
            }

            fn of_read(read: $read) -> Self {
                let of_read: fn($read) -> $value = $of_read;
                of_read(read)
            }
        }
    };
}

wire!(
    /// 32 bytes.
    Hash,
    Fixed<32>,
    |hash| Fixed(*hash.as_bytes()),
    |bytes| Hash::new(bytes.0)
);
wire!(
    /// The 132 bytes that are hashed.
    Header,
    Fixed<HEADER_BYTES>,
    |header| Fixed(header.encode()),
    |bytes| Header::decode(&bytes.0)
);
wire!(
    /// 32 bytes, big-endian.
    Work,
    Fixed<32>,
    |work| Fixed(work.to_bytes()),
    |bytes| Work::from_bytes(bytes.0)
);
wire!(
    /// A varint.
    Height,
    u64,
    |height| height.get(),
    Height::new
);
wire!(
    /// A varint: milliseconds since the epoch.
    Timestamp,
    u64,
    |time| time.as_millis(),
    Timestamp::from_millis
);

/// A byte that says whether the value follows.
impl<T: Wire> Wire for Option<T> {
    type Read = Option<T::Read>;

    fn written(&self) -> impl Serialize {
        self.as_ref().map(T::written)
    }

    fn of_read(read: Self::Read) -> Self {
        read.map(T::of_read)
    }
}

/// One after the other.
impl<T: Wire, U: Wire> Wire for (T, U) {
    type Read = (T::Read, U::Read);

    fn written(&self) -> impl Serialize {
        (self.0.written(), self.1.written())
    }

    fn of_read((first, second): Self::Read) -> Self {
        (T::of_read(first), U::of_read(second))
    }
}

/// A value that is written as it is.
macro_rules! plain {
    ($value:ty) => {
        impl crate::sync::message::fields::Wire for $value {
            type Read = Self;

            fn written(&self) -> impl Serialize {
                self
            }

            fn of_read(read: Self) -> Self {
                read
            }
        }
    };
}

pub(super) use plain;
