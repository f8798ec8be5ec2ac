//! Reads the small JSON objects that clients post, strictly.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::problem::{Kind, Problem};

/// Deepest nesting of objects and arrays in a body.
const MAX_REQUEST_DEPTH: usize = 128;

/// What some editors put before UTF-8 text. It is no part of JSON (RFC 8259 section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where in the body the reader is, to name the place of an error.
#[derive(Clone, Copy, Debug)]
enum Place {
    Body,
    Value,
    Item(usize),
}

/// Reads `{"key": ["..", ..]}`. Of more than `max` strings the rest is checked and
/// counted but not kept.
///
/// # Errors
/// 400 when the body is not UTF-8, not one JSON object, nested too deep or holds a
/// lone surrogate, and when the key is missing, repeated, or not such an array.
pub(in crate::api) fn strings(
    body: &[u8],
    key: &'static str,
    max: usize,
) -> Result<Strings, Problem> {
    let place = Cell::new(Place::Body);
    read(body, key, &place, StringsSeed { place: &place, max, or_one: false })
}

/// Reads `{"key": ".."}` or `{"key": ["..", ..]}`, as [`strings`] does.
///
/// # Errors
/// As [`strings`].
pub(in crate::api) fn one_or_more(
    body: &[u8],
    key: &'static str,
    max: usize,
) -> Result<Strings, Problem> {
    let place = Cell::new(Place::Body);
    read(body, key, &place, StringsSeed { place: &place, max, or_one: true })
}

/// Reads `{"key": ".."}`.
///
/// # Errors
/// As [`strings`], for one string.
pub(in crate::api) fn string(body: &[u8], key: &'static str) -> Result<String, Problem> {
    let place = Cell::new(Place::Body);
    read(body, key, &place, PhantomData::<String>)
}

/// Reads a value of this type under `key`; `None` when the key is missing.
///
/// # Errors
/// As [`string`], but for that.
pub(in crate::api) fn optional<'de, T: de::Deserialize<'de>>(
    body: &'de [u8],
    key: &'static str,
) -> Result<Option<T>, Problem> {
    let place = Cell::new(Place::Body);
    read_optional(body, key, &place, PhantomData)
}

/// The strings of an array.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::api) struct Strings {
    /// The first of them.
    pub(in crate::api) kept: Vec<String>,
    /// How many there were.
    pub(in crate::api) count: usize,
}

fn read<'de, S>(
    body: &'de [u8],
    key: &'static str,
    place: &Cell<Place>,
    seed: S,
) -> Result<S::Value, Problem>
where
    S: DeserializeSeed<'de> + Clone,
{
    let value = read_optional(body, key, place, seed)?;
    value.ok_or_else(|| invalid(format!("`{key}` is missing"), Place::Value, key))
}

/// `None` when the key is missing.
fn read_optional<'de, S>(
    body: &'de [u8],
    key: &'static str,
    place: &Cell<Place>,
    seed: S,
) -> Result<Option<S::Value>, Problem>
where
    S: DeserializeSeed<'de> + Clone,
{
    if body.starts_with(BYTE_ORDER_MARK) {
        let detail = "the body begins with a byte order mark (EF BB BF); send the JSON without it";
        return Err(invalid(detail.to_owned(), Place::Body, key));
    }
    let text = std::str::from_utf8(body)
        .map_err(|_| invalid("the body must be UTF-8".to_owned(), Place::Body, key))?;
    if text.trim_ascii().is_empty() {
        let detail = format!("the body is empty; send a JSON object with the key `{key}`");
        return Err(invalid(detail, Place::Body, key));
    }
    let skipped = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = ObjectSeed { key, place, skipped: &skipped, seed }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| invalid(error.to_string(), place.get(), key))?;
    if skipped.get() {
        check_skipped(text.as_bytes())
            .map_err(|reason| invalid(reason.to_owned(), Place::Body, key))?;
    }
    Ok(value)
}

fn invalid(detail: String, place: Place, key: &'static str) -> Problem {
    let problem = Problem::new(Kind::InvalidBody, detail);
    match place {
        Place::Body => problem,
        Place::Value => problem.at(key),
        Place::Item(index) => problem.at(format!("{key}[{index}]")),
    }
}

/// What the parser skipped unread may still be nested too deep or hold half a
/// surrogate pair. `text` is valid JSON otherwise.
fn check_skipped(text: &[u8]) -> Result<(), &'static str> {
    let mut depth = 0_usize;
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => check_string(&mut bytes)?,
            b'[' | b'{' => {
                depth = depth.saturating_add(1);
                if depth > MAX_REQUEST_DEPTH {
                    return Err("the body is nested too deep");
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Moves behind a string's end, checking its surrogates (RFC 8259 section 8.2).
fn check_string(bytes: &mut impl Iterator<Item = u8>) -> Result<(), &'static str> {
    const LONE: &str = "a string holds a lone surrogate";
    let mut high = false;
    loop {
        let unit = match bytes.next() {
            None | Some(b'"') => return if high { Err(LONE) } else { Ok(()) },
            Some(b'\\') => escaped_unit(bytes),
            Some(_) => 0,
        };
        match (high, unit) {
            (false, 0xd800..=0xdbff) => high = true,
            (true, 0xdc00..=0xdfff) => high = false,
            (true, _) | (false, 0xdc00..=0xdfff) => return Err(LONE),
            (false, _) => {}
        }
    }
}

/// The UTF-16 unit of a `\u` escape; zero for any other escape.
fn escaped_unit(bytes: &mut impl Iterator<Item = u8>) -> u32 {
    if bytes.next() != Some(b'u') {
        return 0;
    }
    let digits = bytes.take(4).filter_map(|digit| char::from(digit).to_digit(16));
    digits.fold(0, |unit, digit| unit << 4 | digit)
}

struct ObjectSeed<'a, S> {
    key: &'static str,
    place: &'a Cell<Place>,
    skipped: &'a Cell<bool>,
    seed: S,
}

impl<'de, S: DeserializeSeed<'de> + Clone> DeserializeSeed<'de> for ObjectSeed<'_, S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de> + Clone> Visitor<'de> for ObjectSeed<'_, S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the key `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut value = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != self.key {
                self.skipped.set(true);
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            self.place.set(Place::Value);
            if value.is_some() {
                return Err(de::Error::duplicate_field(self.key));
            }
            value = Some(map.next_value_seed(self.seed.clone())?);
            self.place.set(Place::Body);
        }
        Ok(value)
    }
}

#[derive(Clone)]
struct StringsSeed<'a> {
    place: &'a Cell<Place>,
    max: usize,
    /// Whether a string stands for an array of it.
    or_one: bool,
}

impl<'de> DeserializeSeed<'de> for StringsSeed<'_> {
    type Value = Strings;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Strings, D::Error> {
        if self.or_one {
            deserializer.deserialize_any(self)
        } else {
            deserializer.deserialize_seq(self)
        }
    }
}

impl<'de> Visitor<'de> for StringsSeed<'_> {
    type Value = Strings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.or_one {
            "a string or an array of strings"
        } else {
            "an array of strings"
        })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Strings, E> {
        Ok(Strings { kept: vec![text.to_owned()], count: 1 })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strings, A::Error> {
        let mut strings = Strings { kept: Vec::new(), count: 0 };
        loop {
            self.place.set(Place::Item(strings.count));
            let Some(item) = items.next_element::<String>()? else { break };
            strings.count = strings.count.saturating_add(1);
            if strings.kept.len() < self.max {
                strings.kept.push(item);
            }
        }
        self.place.set(Place::Value);
        Ok(strings)
    }
}

#[cfg(test)]
mod tests;
