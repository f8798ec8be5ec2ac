//! The parameters of a chain, and the genesis block that records them.

use serde::{Deserialize, Serialize};

use super::number::MAX_SAFE_INTEGER;
use super::{
    Bits, Block, Hash, HashedBlock, Header, Height, Target, Timestamp, VERSION, ValidBlock, Work,
    empty_root, merkle_root,
};

/// The parameters of a chain. Its canonical text is the only record of the
/// genesis block, so two chains with different rules have different genesis
/// hashes, and that hash is the chain's id.
/// # Examples
///
/// The genesis block of a node shows which rules it follows:
///
/// ```
/// use jenny_chain::chain::Spec;
///
/// let genesis = Spec::jenny().genesis();
/// let id = "f0951e80830e50c655a00f321c956a47e7caa7e91ad7044193ae30783acaa8aa";
/// assert_eq!(genesis.hash().to_string(), id);
///
/// let spec = Spec::from_canonical(&genesis.block().records[0])?;
/// assert_eq!(spec.name(), "jenny");
/// assert_eq!(spec.target_block_time_ms(), 10_000);
/// # Ok::<(), jenny_chain::chain::SpecError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spec {
    fields: Fields,
    pow_limit: Target,
}

/// Why a text is no chain spec.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Not JSON, or a key is unknown, missing, repeated or of another type.
    #[error("chain spec: {0}")]
    Json(String),
    /// A value is outside its range.
    #[error("chain spec: `{field}` must be {allowed}")]
    Range {
        /// The key.
        field: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
    /// A genesis record that is not written canonically.
    #[error("chain spec: the genesis record is not in canonical form")]
    NotCanonical,
}

/// The nine keys, in canonical order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    name: String,
    genesis_timestamp: u64,
    pow_limit_bits: String,
    target_block_time_ms: u64,
    retarget_window: u64,
    max_future_ms: u64,
    max_record_bytes: u64,
    max_block_records: u32,
    max_block_bytes: u64,
}

const DAY_MS: u64 = 86_400_000;

impl Spec {
    /// Most bytes of records in a block of any chain: 1 MiB.
    pub const MAX_BLOCK_BYTES: u64 = 1 << 20;

    /// Most records in a block of any chain.
    pub const MAX_BLOCK_RECORDS: u32 = 65_536;

    /// The default chain: one block in ten seconds, whatever the hardware.
    pub fn jenny() -> Self {
        Self::built_in("jenny", "1f00ffff", 60)
    }

    /// The chain for tests and local work: about two attempts a block, for ever.
    pub fn dev() -> Self {
        Self::built_in("dev", "207fffff", 0)
    }

    #[expect(clippy::expect_used, reason = "it is called with two texts, both of them valid")]
    fn built_in(name: &str, pow_limit_bits: &str, retarget_window: u64) -> Self {
        let fields = Fields {
            name: name.to_owned(),
            genesis_timestamp: 1_655_424_000_000,
            pow_limit_bits: pow_limit_bits.to_owned(),
            target_block_time_ms: 10_000,
            retarget_window,
            max_future_ms: 120_000,
            max_record_bytes: 65_536,
            max_block_records: 4_096,
            max_block_bytes: Self::MAX_BLOCK_BYTES,
        };
        let pow_limit = pow_limit_bits.parse::<Bits>().and_then(Bits::target);
        Self { fields, pow_limit: pow_limit.expect("a valid compact target") }
    }

    /// A chain of one's own: the parameters of [`Spec::jenny`], under a name, with a genesis
    /// block and an interval of blocks of its own. Two that are made in different milliseconds
    /// are different chains.
    ///
    /// # Errors
    /// When a value is outside its range.
    pub fn own(name: &str, genesis: Timestamp, block_time_ms: u64) -> Result<Self, SpecError> {
        let mut spec = Self::jenny();
        name.clone_into(&mut spec.fields.name);
        spec.fields.genesis_timestamp = genesis.as_millis();
        spec.fields.target_block_time_ms = block_time_ms;
        Self::parse(&spec.canonical_text())
    }

    /// Reads a spec laid out freely.
    ///
    /// # Errors
    /// When the text is not one JSON object with exactly the nine keys, or a
    /// value is outside its range.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        // serde would also take the nine values as an array.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(SpecError::Json("expected a JSON object".to_owned()));
        }
        let fields: Fields =
            serde_json::from_str(text).map_err(|error| SpecError::Json(error.to_string()))?;
        let pow_limit = fields.pow_limit_bits.parse::<Bits>().and_then(Bits::target);
        let range = |field, allowed, holds: bool| {
            if holds { Ok(()) } else { Err(SpecError::Range { field, allowed }) }
        };
        range("name", "[a-z0-9][a-z0-9-]{0,31}", is_name(&fields.name))?;
        range("genesis_timestamp", "0 to 2^53 - 1", fields.genesis_timestamp <= MAX_SAFE_INTEGER)?;
        let pow_limit = pow_limit.map_err(|_| SpecError::Range {
            field: "pow_limit_bits",
            allowed: "a valid compact target in 8 lower-case hexadecimal digits",
        })?;
        range(
            "target_block_time_ms",
            "1 to 86400000",
            (1..=DAY_MS).contains(&fields.target_block_time_ms),
        )?;
        range(
            "retarget_window",
            "0, or 10 to 1000",
            fields.retarget_window == 0 || (10..=1_000).contains(&fields.retarget_window),
        )?;
        range("max_future_ms", "0 to 86400000", fields.max_future_ms <= DAY_MS)?;
        range(
            "max_block_bytes",
            "1 to 1048576",
            (1..=Self::MAX_BLOCK_BYTES).contains(&fields.max_block_bytes),
        )?;
        range(
            "max_record_bytes",
            "1 to max_block_bytes",
            (1..=fields.max_block_bytes).contains(&fields.max_record_bytes),
        )?;
        range(
            "max_block_records",
            "1 to 65536",
            (1..=Self::MAX_BLOCK_RECORDS).contains(&fields.max_block_records),
        )?;
        Ok(Self { fields, pow_limit })
    }

    /// Reads the record of a genesis block.
    ///
    /// # Errors
    /// As [`Spec::parse`], and when the text is not canonical.
    pub fn from_canonical(text: &str) -> Result<Self, SpecError> {
        let spec = Self::parse(text)?;
        if spec.canonical_text() == text { Ok(spec) } else { Err(SpecError::NotCanonical) }
    }

    /// The one text that is hashed: no white space, the nine keys in order.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "strings and integers under fixed keys always have a JSON form"
    )]
    pub fn canonical_text(&self) -> String {
        serde_json::to_string(&self.fields).expect("strings and integers")
    }

    /// The first block, which nobody had to mine.
    pub fn genesis(&self) -> ValidBlock {
        let records = vec![self.canonical_text()];
        let header = Header {
            version: VERSION,
            height: Height::GENESIS,
            timestamp: Timestamp::from_millis(self.fields.genesis_timestamp),
            previous_hash: Hash::ZERO,
            merkle_root: merkle_root(&records),
            history_root: empty_root(),
            record_count: 1,
            bits: self.pow_limit.to_bits(),
            nonce: 0,
        };
        ValidBlock::new(HashedBlock::new(Block { header, records }), Work::of(self.pow_limit))
    }

    /// The chain's name.
    pub fn name(&self) -> &str {
        &self.fields.name
    }

    /// The easiest target, and the first blocks'.
    pub const fn pow_limit(&self) -> Target {
        self.pow_limit
    }

    /// The block interval that the difficulty aims at, in milliseconds.
    pub const fn target_block_time_ms(&self) -> u64 {
        self.fields.target_block_time_ms
    }

    /// Blocks over which the difficulty averages; 0 for a fixed difficulty.
    pub const fn retarget_window(&self) -> u64 {
        self.fields.retarget_window
    }

    /// How far ahead of the clock a block may be, in milliseconds.
    pub const fn max_future_ms(&self) -> u64 {
        self.fields.max_future_ms
    }

    /// Most bytes in a record.
    pub const fn max_record_bytes(&self) -> u64 {
        self.fields.max_record_bytes
    }

    /// Most records in a block.
    pub const fn max_block_records(&self) -> u32 {
        self.fields.max_block_records
    }

    /// Most bytes of records in a block.
    pub const fn max_block_bytes(&self) -> u64 {
        self.fields.max_block_bytes
    }
}

fn is_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let Some((&first, rest)) = name.as_bytes().split_first() else { return false };
    is_word(first) && rest.len() <= 31 && rest.iter().all(|&byte| is_word(byte) || byte == b'-')
}

#[cfg(test)]
mod tests;
