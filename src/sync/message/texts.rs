//! Records on their way between pools: bounded by their count, and by their bytes together.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};

/// Writes and reads at most `MAX` texts of at most `BYTES` bytes together, for `serde(with)`. What
/// is above a bound is refused before it is copied.
pub(super) struct Texts<const MAX: usize, const BYTES: usize>;

impl<const MAX: usize, const BYTES: usize> Texts<MAX, BYTES> {
    pub(super) fn serialize<S: Serializer>(texts: &[String], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(texts)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
        from.deserialize_seq(Self)
    }
}

impl<'de, const MAX: usize, const BYTES: usize> Visitor<'de> for Texts<MAX, BYTES> {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MAX} texts of {BYTES} bytes together")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<String>, A::Error> {
        let announced = from.size_hint().unwrap_or(0);
        if announced > MAX {
            return Err(A::Error::invalid_length(announced, &self));
        }
        let mut texts = Vec::with_capacity(announced);
        let mut left = BYTES;
        while let Some(text) = from.next_element::<&str>()? {
            let Some(rest) = left.checked_sub(text.len()) else {
                return Err(A::Error::invalid_length(text.len(), &self));
            };
            if texts.len() >= MAX {
                return Err(A::Error::invalid_length(texts.len(), &self));
            }
            left = rest;
            texts.push(text.to_owned());
        }
        Ok(texts)
    }
}
