//! Messages of the JSON dialect as text: opened without copying, and written.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::chain::{Hash, HashedBlock, Spec, parse_block, write_block_json};
use crate::node::StoredBlock;

/// A message, its payload unread.
#[derive(Debug)]
pub(super) enum Message<'a> {
    /// Type 0.
    Ask,
    /// Type 1.
    Block(&'a str),
    /// Type 2.
    Chain(&'a str),
    /// Another type, or none.
    Other,
}

/// A message that breaks the dialect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Fault {
    /// RFC 6455 section 7.4.1.
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

const NOT_AN_OBJECT: Fault = Fault { code: 1002, reason: "not a JSON object" };
const NO_BLOCKS: Fault = Fault { code: 1002, reason: "the payload is no list of blocks" };

/// Type 0.
pub(super) const ASK: &str = r#"{"type":0,"payload":{}}"#;

/// The text before the first block of a type 2.
pub(super) const CHAIN_START: &[u8] = br#"{"type":2,"payload":["#;

/// The text after the last block of a type 1 or 2.
pub(super) const END: &[u8] = b"]}";

/// Type 1 with this block.
pub(super) fn block_message(spec: &Spec, block: &StoredBlock) -> Vec<u8> {
    let mut text = br#"{"type":1,"payload":["#.to_vec();
    write_block_json(&mut text, spec, &block.header, &block.hash, &block.records);
    text.extend_from_slice(END);
    text
}

/// Finds out what a text is. Of a repeated key the last one counts, as in the seed-like node.
pub(super) fn open(text: &str) -> Result<Message<'_>, Fault> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let envelope = EnvelopeSeed.deserialize(&mut reader);
    let (kind, payload) = envelope.map_err(|_| NOT_AN_OBJECT)?;
    reader.end().map_err(|_| NOT_AN_OBJECT)?;
    match kind.map(RawValue::get) {
        Some("0") => Ok(Message::Ask),
        Some("1") => payload.map(|payload| Message::Block(payload.get())).ok_or(NO_BLOCKS),
        Some("2") => payload.map(|payload| Message::Chain(payload.get())).ok_or(NO_BLOCKS),
        _ => Ok(Message::Other),
    }
}

/// The first block of a type 1's payload, of which all must be well-formed.
pub(super) fn first_block(payload: &str) -> Result<HashedBlock, Fault> {
    let mut first = None;
    elements(payload, &mut |element| {
        let block = well_formed(element)?;
        first.get_or_insert(block);
        Ok(())
    })?;
    first.ok_or(NO_BLOCKS)
}

/// Hands over the elements of a payload one by one, unread.
pub(super) fn elements(
    payload: &str,
    each: &mut dyn FnMut(&str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut fault = None;
    let mut reader = serde_json::Deserializer::from_str(payload);
    let read = reader.deserialize_seq(Elements { each, fault: &mut fault });
    match (fault, read) {
        (Some(fault), _) => Err(fault),
        (None, Err(_)) => Err(NO_BLOCKS),
        (None, Ok(())) => Ok(()),
    }
}

/// Reads a block.
pub(super) fn well_formed(element: &str) -> Result<HashedBlock, Fault> {
    parse_block(element.as_bytes()).map_err(|_| NO_BLOCKS)
}

/// What an element says it is, at little cost.
pub(super) fn name(element: &str) -> Option<(u64, Hash)> {
    #[derive(serde::Deserialize)]
    struct Name<'a> {
        height: u64,
        hash: &'a str,
    }
    let Name { height, hash } = serde_json::from_str(element).ok()?;
    Some((height, hash.parse().ok()?))
}

struct EnvelopeSeed;

type Envelope<'a> = (Option<&'a RawValue>, Option<&'a RawValue>);

impl<'de> DeserializeSeed<'de> for EnvelopeSeed {
    type Value = Envelope<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Envelope<'de>, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeSeed {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
        let (mut kind, mut payload) = (None, None);
        while let Some(key) = map.next_key::<Key>()? {
            // Passed over without recursion.
            let value = map.next_value::<&RawValue>()?;
            match key {
                Key::Type => kind = Some(value),
                Key::Payload => payload = Some(value),
                Key::Unknown => {}
            }
        }
        Ok((kind, payload))
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Type,
    Payload,
    #[serde(other)]
    Unknown,
}

struct Elements<'a> {
    each: &'a mut dyn FnMut(&str) -> Result<(), Fault>,
    fault: &'a mut Option<Fault>,
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element::<&RawValue>()? {
            if let Err(fault) = (self.each)(element.get()) {
                *self.fault = Some(fault);
                return Err(serde::de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
