//! The JSON form of a header alone.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Key, Partial, integer, need, set, skip, text};
use crate::chain::Header;

/// A header read from its JSON form, whose `hash` was found to be its own. Read as a block is,
/// with `recordCount` in place of `data`.
#[derive(Clone, Debug)]
pub(in crate::chain) struct JsonHeader {
    pub(in crate::chain) header: Header,
    /// The text of `difficulty`, any JSON value; `None` if it is missing.
    pub(in crate::chain) difficulty: Option<Box<RawValue>>,
}

impl<'de> Deserialize<'de> for JsonHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = JsonHeader;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonHeader, A::Error> {
        let mut seen = Partial::default();
        let (mut count, mut difficulty) = (None, None);
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Version => set(&mut seen.version, "version", integer(&mut map)?)?,
                Key::Height => set(&mut seen.height, "height", integer(&mut map)?)?,
                Key::Timestamp => set(&mut seen.timestamp, "timestamp", integer(&mut map)?)?,
                Key::PreviousHash => set(&mut seen.previous, "previousHash", text(&mut map)?)?,
                Key::MerkleRoot => set(&mut seen.merkle, "merkleRoot", text(&mut map)?)?,
                Key::HistoryRoot => set(&mut seen.history, "historyRoot", text(&mut map)?)?,
                Key::RecordCount => set(&mut count, "recordCount", integer(&mut map)?)?,
                Key::Bits => set(&mut seen.bits, "bits", text(&mut map)?)?,
                Key::Difficulty => set(&mut difficulty, "difficulty", map.next_value()?)?,
                Key::Nonce => set(&mut seen.nonce, "nonce", integer(&mut map)?)?,
                Key::Hash => set(&mut seen.hash, "hash", text(&mut map)?)?,
                Key::Data | Key::Unknown => skip(&mut map)?,
            }
        }
        let count = need(count, "recordCount")?
            .try_into()
            .map_err(|_| A::Error::custom("recordCount is above 4294967295"))?;
        let (header, _) = seen.header(count)?;
        Ok(JsonHeader { header, difficulty })
    }
}
