//! The JSON form of receipts and consistency proofs.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, SeqAccess, Visitor};

use super::{Consistency, HeaderName, Receipt, ReceiptError};
use crate::chain::json::{JsonHeader, MAX_JSON_DEPTH, Text, depth, write_string};
use crate::chain::{Difficulty, Hash, Height, MAX_SAFE_INTEGER, Spec, Target, write_header_json};

/// What `format` says.
const RECEIPT_FORMAT: &str = "jenny-receipt-1";

/// Most hashes of a path: one for each level of a tree of 2^64 leaves.
const MAX_PATH_HASHES: usize = 64;

/// Longest text of a receipt: the longest record of any chain with every byte escaped (six
/// for one), and 64 KiB for the rest, of which paths and headers take 15.
pub const MAX_RECEIPT_BYTES: usize = 6 * (1 << 20) + (64 << 10);

impl Receipt {
    /// Reads the JSON form.
    ///
    /// Integers are plain digits up to 2^53 - 1; hashes have exactly 64 digits in lower case; all
    /// keys are required, and a repeated one is an error; unknown keys are ignored. `difficulty` is
    /// in both headers or in neither, and both fit one easiest target.
    ///
    /// # Errors
    /// When the text is not the JSON form of a receipt, or a header's `hash` is not its own.
    pub fn parse(json: &[u8]) -> Result<Self, ReceiptError> {
        let receipt: ReceiptText = match parse(json) {
            Err(error @ ReceiptError::Malformed(_)) => {
                // Another format may have other members, so that one goes first.
                let tag = parse::<Tag>(json).ok().filter(|tag| tag.format != RECEIPT_FORMAT);
                return Err(tag.map_or(error, |tag| ReceiptError::Format { found: tag.format }));
            }
            parsed => parsed?,
        };
        if receipt.format != RECEIPT_FORMAT {
            return Err(ReceiptError::Format { found: receipt.format });
        }
        let (header, tip) = (&receipt.header, &receipt.tip);
        check_difficulties(&[(HeaderName::Header, header), (HeaderName::Tip, tip)])?;
        Ok(Self {
            chain_id: receipt.chain_id.0,
            record: receipt.record,
            record_index: receipt.record_index.0,
            record_path: receipt.record_path.0,
            header: header.header,
            block_path: receipt.block_path.0,
            tip: tip.header,
            genesis_path: receipt.genesis_path.0,
        })
    }

    /// The JSON form, for a chain of this spec.
    pub fn to_json(&self, spec: &Spec) -> Vec<u8> {
        let mut out =
            format!("{{\"format\":\"{RECEIPT_FORMAT}\",\"chainId\":\"{}\"", self.chain_id);
        out.push_str(",\"record\":");
        let mut out = out.into_bytes();
        write_string(&mut out, &self.record);
        out.extend(format!(",\"recordIndex\":{}", self.record_index).into_bytes());
        write_path(&mut out, "recordPath", &self.record_path);
        out.extend_from_slice(b",\"header\":");
        write_header_json(&mut out, spec, &self.header, &self.header.hash());
        write_path(&mut out, "blockPath", &self.block_path);
        out.extend_from_slice(b",\"tip\":");
        write_header_json(&mut out, spec, &self.tip, &self.tip.hash());
        write_path(&mut out, "genesisPath", &self.genesis_path);
        out.push(b'}');
        out
    }
}

impl Consistency {
    /// Reads the JSON form, as strictly as [`Receipt::parse`], except that `difficulty` is ignored.
    ///
    /// # Errors
    /// When the text is not the JSON form of a consistency proof, or `to` and `toRoot` are not
    /// those of its header.
    pub fn parse(json: &[u8]) -> Result<Self, ReceiptError> {
        let text: ConsistencyText = parse(json)?;
        let header = text.header.header;
        if text.to.0 != header.height.get() {
            return Err(ReceiptError::ConsistencyHeader { member: "to" });
        }
        if text.to_root.0 != header.history_root {
            return Err(ReceiptError::ConsistencyHeader { member: "toRoot" });
        }
        Ok(Self {
            from: Height::new(text.from.0),
            from_root: text.from_root.0,
            header,
            proof: text.proof.0,
        })
    }

    /// The JSON form, for a chain of this spec.
    pub fn to_json(&self, spec: &Spec) -> Vec<u8> {
        let (from, to) = (self.from, self.header.height);
        let roots = format!(
            "{{\"from\":{from},\"to\":{to},\"fromRoot\":\"{}\",\"toRoot\":\"{}\"",
            self.from_root, self.header.history_root
        );
        let mut out = roots.into_bytes();
        write_path(&mut out, "proof", &self.proof);
        out.extend_from_slice(b",\"header\":");
        write_header_json(&mut out, spec, &self.header, &self.header.hash());
        out.push(b'}');
        out
    }
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, ReceiptError> {
    if json.len() > MAX_RECEIPT_BYTES {
        return Err(ReceiptError::TooLarge { max: MAX_RECEIPT_BYTES });
    }
    let text = std::str::from_utf8(json).map_err(serde_json::Error::custom)?;
    let parsed = serde_json::from_str(text)?;
    // serde_json skips unknown values without recursion, and without its limit.
    if depth(text) > MAX_JSON_DEPTH {
        return Err(ReceiptError::TooDeep);
    }
    Ok(parsed)
}

/// The difficulties are for people, but no byte of a receipt is free: they are in all headers or
/// in none, and those of the first header and its target imply the target that is the chain's
/// easiest, which the others must share.
fn check_difficulties(headers: &[(HeaderName, &JsonHeader)]) -> Result<(), ReceiptError> {
    let mut easiest = None;
    for (name, header) in headers {
        let implied = match &header.difficulty {
            None => None,
            Some(text) => {
                let target = header.header.bits.target().ok();
                let implied = target.and_then(|target| Difficulty::easiest(text.get(), target));
                Some(implied.ok_or(ReceiptError::Difficulty { name: *name })?)
            }
        };
        let first: Option<Target> = *easiest.get_or_insert(implied);
        if first != implied {
            return Err(ReceiptError::Difficulty { name: *name });
        }
    }
    Ok(())
}

fn write_path(out: &mut Vec<u8>, key: &str, path: &[Hash]) {
    out.extend(format!(",\"{key}\":[").into_bytes());
    for (number, hash) in path.iter().enumerate() {
        out.extend_from_slice(if number > 0 { b",\"" } else { b"\"" });
        out.extend_from_slice(&hash.to_hex());
        out.push(b'"');
    }
    out.push(b']');
}

#[derive(Deserialize)]
struct Tag {
    format: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptText {
    format: String,
    chain_id: Text<Hash>,
    record: String,
    record_index: Integer,
    record_path: Path,
    header: JsonHeader,
    block_path: Path,
    tip: JsonHeader,
    genesis_path: Path,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConsistencyText {
    from: Integer,
    to: Integer,
    from_root: Text<Hash>,
    to_root: Text<Hash>,
    proof: Path,
    header: JsonHeader,
}

/// An integer that every reader of JSON keeps exact.
#[derive(Clone, Copy)]
struct Integer(u64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = u64::deserialize(deserializer)?;
        if value > MAX_SAFE_INTEGER {
            return Err(D::Error::custom(format_args!("{value} is above 9007199254740991")));
        }
        Ok(Self(value))
    }
}

/// A path, of which no more is kept than the tallest tree has.
struct Path(Vec<Hash>);

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PathVisitor)
    }
}

struct PathVisitor;

impl<'de> Visitor<'de> for PathVisitor {
    type Value = Path;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of hashes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut hashes: A) -> Result<Path, A::Error> {
        let mut path = Vec::new();
        while let Some(Text(hash)) = hashes.next_element()? {
            if path.len() == MAX_PATH_HASHES {
                return Err(A::Error::custom("a path has more than 64 hashes"));
            }
            path.push(hash);
        }
        Ok(Path(path))
    }
}
