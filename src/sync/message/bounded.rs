//! Values of variable length: a length above the bound is refused before anything is allocated.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};

use super::fields::Wire;

/// Writes and reads a `T` whose length is at most `MAX`, for `serde(with)`.
pub(super) struct Bounded<T, const MAX: usize>(PhantomData<T>);

impl<T: Wire, const MAX: usize> Bounded<Vec<T>, MAX> {
    pub(super) fn serialize<S: Serializer>(list: &[T], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(list.iter().map(T::written))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
        from.deserialize_seq(Self(PhantomData))
    }
}

impl<'de, T: Wire, const MAX: usize> Visitor<'de> for Bounded<Vec<T>, MAX> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {MAX}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<T>, A::Error> {
        let announced = from.size_hint().unwrap_or(0);
        if announced > MAX {
            return Err(A::Error::invalid_length(announced, &self));
        }
        let mut list = Vec::with_capacity(announced);
        while let Some(item) = from.next_element()? {
            if list.len() >= MAX {
                return Err(A::Error::invalid_length(list.len(), &self));
            }
            list.push(T::of_read(item));
        }
        Ok(list)
    }
}

impl<const MAX: usize> Bounded<String, MAX> {
    pub(super) fn serialize<S: Serializer>(text: &str, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        from.deserialize_str(Self(PhantomData))
    }
}

impl<const MAX: usize> Visitor<'_> for Bounded<String, MAX> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MAX} bytes of text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        if text.len() > MAX {
            return Err(E::invalid_length(text.len(), &self));
        }
        Ok(text.to_owned())
    }
}

impl<const MAX: usize> Bounded<Option<String>, MAX> {
    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(super) fn serialize<S: Serializer>(
        text: &Option<String>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        text.serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<String>, D::Error> {
        from.deserialize_option(Self(PhantomData))
    }
}

impl<'de, const MAX: usize> Visitor<'de> for Bounded<Option<String>, MAX> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MAX} bytes of text, or none")
    }

    fn visit_none<E: Error>(self) -> Result<Option<String>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Option<String>, D::Error> {
        Bounded::<String, MAX>::deserialize(from).map(Some)
    }
}

impl<const MAX: usize> Bounded<Vec<u8>, MAX> {
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        from.deserialize_bytes(Self(PhantomData))
    }
}

impl<const MAX: usize> Visitor<'_> for Bounded<Vec<u8>, MAX> {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MAX} bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        if bytes.len() > MAX {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        Ok(bytes.to_vec())
    }
}
