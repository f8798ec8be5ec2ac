//! The JSON form of a block: what REST and the JSON dialect carry.

mod header;

use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::number::MAX_SAFE_INTEGER;
use super::{Bits, Block, Difficulty, Hash, HashedBlock, Header, Height, Spec, Timestamp};
pub(super) use header::JsonHeader;

/// Appends the JSON form of a block whose hash is known to be `hash`.
pub fn write_block_json(
    out: &mut Vec<u8>,
    spec: &Spec,
    header: &Header,
    hash: &Hash,
    records: &[String],
) {
    write_start(out, header);
    write_end(out, spec, header, hash);
    out.extend_from_slice(b",\"data\":[");
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(out, record);
    }
    out.extend_from_slice(b"]}");
}

/// Appends the JSON form of a header alone, with `recordCount` in place of `data`.
pub fn write_header_json(out: &mut Vec<u8>, spec: &Spec, header: &Header, hash: &Hash) {
    write_start(out, header);
    out.extend_from_slice(b",\"recordCount\":");
    write_integer(out, u64::from(header.record_count));
    write_end(out, spec, header, hash);
    out.push(b'}');
}

fn write_start(out: &mut Vec<u8>, header: &Header) {
    out.extend_from_slice(b"{\"version\":");
    write_integer(out, u64::from(header.version));
    out.extend_from_slice(b",\"height\":");
    write_integer(out, header.height.get());
    out.extend_from_slice(b",\"timestamp\":");
    write_integer(out, header.timestamp.as_millis());
    for (key, hash) in [
        (b",\"previousHash\":\"".as_slice(), &header.previous_hash),
        (b",\"merkleRoot\":\"", &header.merkle_root),
        (b",\"historyRoot\":\"", &header.history_root),
    ] {
        out.extend_from_slice(key);
        out.extend_from_slice(&hash.to_hex());
        out.push(b'"');
    }
}

fn write_end(out: &mut Vec<u8>, spec: &Spec, header: &Header, hash: &Hash) {
    let limit = spec.pow_limit();
    // The header may be one that nobody checked: bits that are no target have the difficulty 1.
    let difficulty = Difficulty::of(header.bits.target().unwrap_or(limit), limit);
    out.extend_from_slice(b",\"bits\":\"");
    write_text(out, &header.bits);
    out.extend_from_slice(b"\",\"difficulty\":");
    write_text(out, &difficulty);
    out.extend_from_slice(b",\"nonce\":");
    write_integer(out, header.nonce);
    out.extend_from_slice(b",\"hash\":\"");
    out.extend_from_slice(&hash.to_hex());
    out.push(b'"');
}

#[expect(clippy::expect_used, reason = "a string has a JSON form, and memory takes every byte")]
pub(super) fn write_string(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string");
}

#[expect(clippy::expect_used, reason = "a number is displayed, and memory takes every byte")]
fn write_text(out: &mut Vec<u8>, value: &dyn fmt::Display) {
    use std::io::Write;
    write!(out, "{value}").expect("a number");
}

fn write_integer(out: &mut Vec<u8>, value: u64) {
    write_text(out, &value);
}

/// Levels of arrays and objects in the JSON form of a block, its own object with
/// them: `serde_json` refuses the 128th.
pub(super) const MAX_JSON_DEPTH: usize = 127;

/// Why a text is not the JSON form of a block.
#[derive(Debug, thiserror::Error)]
#[error("not a block: {0}")]
pub struct JsonError(#[from] serde_json::Error);

/// Reads one block, whose `hash` is found to be its header's. No chain rule is checked.
///
/// Integers are plain digits up to 2^53 - 1; hashes and `bits` have exactly their digits in lower
/// case; a repeated key is an error; the values of `difficulty` and of unknown keys are skipped
/// unread, nested at most 127 levels deep.
///
/// # Errors
/// When the text is not the JSON form of a block, or its `hash` is not its header's.
pub fn parse_block(json: &[u8]) -> Result<HashedBlock, JsonError> {
    parse_bounded_block(json, u32::MAX)
}

/// Reads one block of at most `max` records. A further record is an error as soon as it comes,
/// so that the memory of a block is in proportion to its limits and not to its text: an empty
/// record of three bytes costs 24.
///
/// # Errors
/// As [`parse_block`], and when there are more records.
pub fn parse_bounded_block(json: &[u8], max: u32) -> Result<HashedBlock, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let block = BoundedBlock { max }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(block)
}

/// Reads blocks as [`parse_bounded_block`] does, from any deserializer.
#[derive(Clone, Copy, Debug)]
pub struct BoundedBlock {
    /// Most records.
    pub max: u32,
}

impl<'de> DeserializeSeed<'de> for BoundedBlock {
    type Value = HashedBlock;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<HashedBlock, D::Error> {
        deserializer.deserialize_map(BlockVisitor { max: self.max as usize })
    }
}

struct BlockVisitor {
    /// Most records.
    max: usize,
}

/// The records, at most `max`.
struct Records {
    max: usize,
}

impl<'de> DeserializeSeed<'de> for Records {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Records {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<Vec<String>, A::Error> {
        let mut all = Vec::new();
        while let Some(record) = records.next_element()? {
            if all.len() >= self.max {
                let max = self.max;
                return Err(de::Error::custom(format_args!("data has more than {max} records")));
            }
            all.push(record);
        }
        Ok(all)
    }
}

impl<'de> Visitor<'de> for BlockVisitor {
    type Value = HashedBlock;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a block object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HashedBlock, A::Error> {
        let mut seen = Partial::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Version => set(&mut seen.version, "version", integer(&mut map)?)?,
                Key::Height => set(&mut seen.height, "height", integer(&mut map)?)?,
                Key::Timestamp => set(&mut seen.timestamp, "timestamp", integer(&mut map)?)?,
                Key::PreviousHash => set(&mut seen.previous, "previousHash", text(&mut map)?)?,
                Key::MerkleRoot => set(&mut seen.merkle, "merkleRoot", text(&mut map)?)?,
                Key::HistoryRoot => set(&mut seen.history, "historyRoot", text(&mut map)?)?,
                Key::Bits => set(&mut seen.bits, "bits", text(&mut map)?)?,
                Key::Nonce => set(&mut seen.nonce, "nonce", integer(&mut map)?)?,
                Key::Hash => set(&mut seen.hash, "hash", text(&mut map)?)?,
                Key::Data => {
                    let records = Records { max: self.max };
                    set(&mut seen.data, "data", map.next_value_seed(records)?)?;
                }
                Key::Difficulty => {
                    set(&mut seen.difficulty, "difficulty", skip(&mut map)?)?;
                }
                Key::RecordCount | Key::Unknown => skip(&mut map)?,
            }
        }
        seen.finish()
    }
}

#[derive(Default)]
struct Partial {
    version: Option<u64>,
    height: Option<u64>,
    timestamp: Option<u64>,
    previous: Option<Hash>,
    merkle: Option<Hash>,
    history: Option<Hash>,
    bits: Option<Bits>,
    difficulty: Option<()>,
    nonce: Option<u64>,
    hash: Option<Hash>,
    data: Option<Vec<String>>,
}

impl Partial {
    fn finish<E: de::Error>(mut self) -> Result<HashedBlock, E> {
        let records = need(self.data.take(), "data")?;
        let record_count =
            u32::try_from(records.len()).map_err(|_| E::custom("data has too many records"))?;
        let (header, hash) = self.header(record_count)?;
        Ok(HashedBlock::of_known(Block { header, records }, hash))
    }

    /// The header with this record count, and its hash, which was found to be the given one.
    fn header<E: de::Error>(self, record_count: u32) -> Result<(Header, Hash), E> {
        let header = Header {
            version: need(self.version, "version")?
                .try_into()
                .map_err(|_| E::custom("version is above 4294967295"))?,
            height: Height::new(need(self.height, "height")?),
            timestamp: Timestamp::from_millis(need(self.timestamp, "timestamp")?),
            previous_hash: need(self.previous, "previousHash")?,
            merkle_root: need(self.merkle, "merkleRoot")?,
            history_root: need(self.history, "historyRoot")?,
            record_count,
            bits: need(self.bits, "bits")?,
            nonce: need(self.nonce, "nonce")?,
        };
        let (hash, claimed) = (header.hash(), need(self.hash, "hash")?);
        if hash != claimed {
            return Err(E::custom(format_args!("hash is {claimed}, the header's is {hash}")));
        }
        Ok((header, hash))
    }
}

fn set<T, E: de::Error>(slot: &mut Option<T>, key: &'static str, value: T) -> Result<(), E> {
    if slot.replace(value).is_some() {
        return Err(E::duplicate_field(key));
    }
    Ok(())
}

fn need<T, E: de::Error>(slot: Option<T>, key: &'static str) -> Result<T, E> {
    slot.ok_or_else(|| E::missing_field(key))
}

fn integer<'de, A: MapAccess<'de>>(map: &mut A) -> Result<u64, A::Error> {
    let value = map.next_value::<u64>()?;
    if value > MAX_SAFE_INTEGER {
        return Err(de::Error::custom(format_args!("{value} is above 9007199254740991")));
    }
    Ok(value)
}

/// Passes over a value without reading it. `serde_json` does so without recursion
/// and therefore without its depth limit, which is held here.
fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    let value = map.next_value::<Box<RawValue>>()?;
    if depth(value.get()) >= MAX_JSON_DEPTH {
        return Err(de::Error::custom("nested too deep: at most 127 levels"));
    }
    Ok(())
}

/// How many arrays and objects enclose the innermost value of a JSON text.
pub(super) fn depth(json: &str) -> usize {
    let (mut depth, mut max) = (0_usize, 0);
    let mut bytes = json.bytes();
    let mut is_text = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_text = !is_text,
            b'\\' => drop(bytes.next()),
            b'[' | b'{' if !is_text => {
                depth = depth.saturating_add(1);
                max = depth.max(max);
            }
            b']' | b'}' if !is_text => {
                debug_assert!(depth > 0, "the text is JSON");
                depth = depth.saturating_sub(1);
            }
            _ => (),
        }
    }
    max
}

fn text<'de, A, T>(map: &mut A) -> Result<T, A::Error>
where
    A: MapAccess<'de>,
    T: std::str::FromStr<Err: fmt::Display>,
{
    map.next_value::<Text<T>>().map(|text| text.0)
}

/// A value read from a JSON string without keeping the string.
pub(super) struct Text<T>(pub(super) T);

impl<'de, T: std::str::FromStr<Err: fmt::Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor<T>(std::marker::PhantomData<T>);

        impl<T: std::str::FromStr<Err: fmt::Display>> Visitor<'_> for TextVisitor<T> {
            type Value = Text<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string of hexadecimal digits")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<T>, E> {
                text.parse().map(Text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(TextVisitor(std::marker::PhantomData))
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Key {
    Version,
    Height,
    Timestamp,
    PreviousHash,
    MerkleRoot,
    HistoryRoot,
    RecordCount,
    Bits,
    Difficulty,
    Nonce,
    Hash,
    Data,
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests;
