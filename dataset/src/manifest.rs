//! The manifest of a dataset: which chain it is of, and which files count. `docs/analytics.md`
//! specifies it.

use std::fmt::Write as _;

use jenny_chain::chain::{BlockId, Hash, Height, Spec};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::digest::Digest;

/// The version of the format.
pub(crate) const DATASET_VERSION: u64 = 1;

/// Most blocks of a range.
pub(crate) const MAX_RANGE_BLOCKS: u64 = 1_000_000;

/// Most ranges of a dataset.
pub(crate) const MAX_DATASET_RANGES: usize = 100_000;

/// Most bytes that are read of a manifest: a range has less than 400.
pub(crate) const MAX_MANIFEST_BYTES: u64 = 64 << 20;

/// Which chain a dataset is of, and its ranges: from genesis on, without a gap, each full.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Manifest {
    pub(crate) spec: Spec,
    pub(crate) range_blocks: u64,
    /// That of the export that wrote it.
    pub(crate) depth: u64,
    ranges: Vec<Range>,
}

/// The records of some consecutive blocks, which one file has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Range {
    /// The first height.
    pub(crate) from: u64,
    /// The last height.
    pub(crate) to: u64,
    /// Of the block before the first one; zeros at height 0.
    pub(crate) previous_hash: Hash,
    /// Of the last block.
    pub(crate) last_hash: Hash,
    pub(crate) rows: u64,
    pub(crate) digest: Digest,
}

/// Why a manifest cannot be used.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum ManifestError {
    /// A newer program wrote it, with this version of the format.
    Newer(u64),
    /// This is wrong with it.
    Damaged(String),
}

/// What every version has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versioned {
    format_version: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JsonManifest<'a> {
    #[serde(rename = "formatVersion")]
    _format_version: u64,
    chain_id: String,
    #[serde(borrow)]
    chain_spec: &'a RawValue,
    range_blocks: u64,
    depth: u64,
    ranges: Vec<JsonRange>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JsonRange {
    from: u64,
    to: u64,
    previous_hash: String,
    last_hash: String,
    file: String,
    rows: u64,
    bytes: u64,
    sha256: String,
}

impl Manifest {
    /// The manifest of a dataset without files.
    pub(crate) const fn new(spec: Spec, range_blocks: u64, depth: u64) -> Self {
        Self { spec, range_blocks, depth, ranges: Vec::new() }
    }

    pub(crate) fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// The last block whose records are in the dataset.
    pub(crate) fn last(&self) -> Option<BlockId> {
        let last = self.ranges.last()?;
        Some(BlockId { height: Height::new(last.to), hash: last.last_hash })
    }

    /// The first height that is not in the dataset.
    pub(crate) fn next(&self) -> u64 {
        self.ranges.last().map_or(0, |last| last.to.saturating_add(1))
    }

    /// Adds the next range.
    ///
    /// # Panics
    /// In debug builds, if it does not follow the last one.
    pub(crate) fn push(&mut self, range: Range) {
        debug_assert_eq!(self.check_next(&range), Ok(()), "the export makes full ranges");
        self.ranges.push(range);
    }

    /// Checks that a range follows the last one.
    fn check_next(&self, range: &Range) -> Result<(), String> {
        let Range { from, to, .. } = *range;
        let previous_hash = self.ranges.last().map_or(Hash::ZERO, |last| last.last_hash);
        let wrong = |what: &str| Err(format!("the range of the blocks {from} to {to} {what}"));
        if from != self.next() {
            return wrong("does not follow the one before it");
        }
        if to.checked_sub(from).and_then(|more| more.checked_add(1)) != Some(self.range_blocks) {
            return wrong("is not full");
        }
        if range.previous_hash != previous_hash {
            return wrong("does not name the block before it");
        }
        Ok(())
    }

    /// The bytes of the file: the same manifest has the same.
    #[expect(clippy::expect_used, reason = "strings and integers have a JSON form")]
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (id, spec) = (self.spec.genesis().hash(), self.spec.canonical_text());
        let Self { range_blocks, depth, .. } = self;
        let mut out = format!(
            "{{\n  \"formatVersion\":{DATASET_VERSION},\n  \"chainId\":\"{id}\",\n  \
             \"chainSpec\":{spec},\n  \"rangeBlocks\":{range_blocks},\n  \"depth\":{depth},\n  \
             \"ranges\":["
        );
        for (number, range) in self.ranges.iter().enumerate() {
            let json = serde_json::to_string(&JsonRange::from(range)).expect("a JSON form");
            // Writing into memory cannot fail.
            let _ = write!(out, "{}\n    {json}", if number == 0 { "" } else { "," });
        }
        out.push_str(if self.ranges.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
        out.into_bytes()
    }

    /// Reads what [`Manifest::encode`] wrote; white space does not matter.
    ///
    /// # Errors
    /// When it is newer or damaged.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ManifestError> {
        let damaged = |error: serde_json::Error| ManifestError::Damaged(error.to_string());
        let Versioned { format_version } = serde_json::from_slice(bytes).map_err(damaged)?;
        if format_version > DATASET_VERSION {
            return Err(ManifestError::Newer(format_version));
        }
        let json: JsonManifest<'_> = serde_json::from_slice(bytes).map_err(damaged)?;
        let manifest = Self::of_json(format_version, &json);
        manifest.map_err(ManifestError::Damaged)
    }

    fn of_json(version: u64, json: &JsonManifest<'_>) -> Result<Self, String> {
        if version != DATASET_VERSION {
            return Err(format!("there is no version {version} of the format"));
        }
        let spec = Spec::parse(json.chain_spec.get()).map_err(|error| error.to_string())?;
        if hash("chainId", &json.chain_id)? != spec.genesis().hash() {
            return Err("the chain id is not that of the chain spec".to_owned());
        }
        if !(1..=MAX_RANGE_BLOCKS).contains(&json.range_blocks) {
            return Err(format!("rangeBlocks is not between 1 and {MAX_RANGE_BLOCKS}"));
        }
        if json.ranges.len() > MAX_DATASET_RANGES {
            return Err(format!("it has more than {MAX_DATASET_RANGES} ranges"));
        }
        let mut manifest = Self::new(spec, json.range_blocks, json.depth);
        for json in &json.ranges {
            let range = Range::of_json(json)?;
            manifest.check_next(&range)?;
            manifest.ranges.push(range);
        }
        Ok(manifest)
    }
}

impl Range {
    /// The file, relative to the dataset. Its width sorts names like heights for all time.
    pub(crate) fn file(from: u64, to: u64) -> String {
        format!("records/{from:012}-{to:012}.parquet")
    }

    fn of_json(json: &JsonRange) -> Result<Self, String> {
        if json.file != Self::file(json.from, json.to) {
            let JsonRange { from, to, .. } = json;
            return Err(format!("the range of the blocks {from} to {to} names another file"));
        }
        let digest = Digest { bytes: json.bytes, sha256: hash("sha256", &json.sha256)? };
        Ok(Self {
            from: json.from,
            to: json.to,
            previous_hash: hash("previousHash", &json.previous_hash)?,
            last_hash: hash("lastHash", &json.last_hash)?,
            rows: json.rows,
            digest,
        })
    }
}

impl From<&Range> for JsonRange {
    fn from(range: &Range) -> Self {
        Self {
            from: range.from,
            to: range.to,
            previous_hash: range.previous_hash.to_string(),
            last_hash: range.last_hash.to_string(),
            file: Range::file(range.from, range.to),
            rows: range.rows,
            bytes: range.digest.bytes,
            sha256: range.digest.sha256.to_string(),
        }
    }
}

fn hash(key: &str, text: &str) -> Result<Hash, String> {
    text.parse().map_err(|_| format!("{key} is not 64 hexadecimal digits"))
}

#[cfg(test)]
mod tests;
