//! Schemas of the chain's values, and of what the chain writes as text by itself: blocks, headers
//! and proofs.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::chain::{BlockId, Hash, Height, Timestamp};

/// What a hash looks like.
pub(in crate::api) const HASH_PATTERN: &str = "^[0-9a-f]{64}$";

impl PartialSchema for Hash {
    fn schema() -> RefOr<Schema> {
        let text = "SHA-256, as 64 lower-case hexadecimal digits.";
        of_type(Type::String, text).pattern(Some(HASH_PATTERN)).into()
    }
}

impl PartialSchema for Height {
    fn schema() -> RefOr<Schema> {
        of_type(Type::Integer, "The number of blocks before this one.").minimum(Some(0)).into()
    }
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        of_type(Type::Integer, "Milliseconds since the epoch.").minimum(Some(0)).into()
    }
}

impl PartialSchema for BlockId {
    fn schema() -> RefOr<Schema> {
        let members = ObjectBuilder::new()
            .description(Some("A block by its height and its hash."))
            .property("height", Height::schema())
            .required("height")
            .property("hash", Hash::schema())
            .required("hash");
        members.into()
    }
}

impl ToSchema for Hash {}
impl ToSchema for Height {}
impl ToSchema for Timestamp {}
impl ToSchema for BlockId {}

fn of_type(schema_type: Type, text: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(schema_type)).description(Some(text))
}

/// What a block and a header have in common. Its hash covers all members but `difficulty`.
#[derive(ToSchema)]
#[schema(as = HeaderFields, rename_all = "camelCase")]
#[expect(dead_code, reason = "the chain writes the text; this is its schema alone")]
pub(in crate::api) struct CommonJson {
    version: u32,
    height: Height,
    timestamp: Timestamp,
    previous_hash: Hash,
    /// Root of the tree of the block's records (RFC 6962).
    merkle_root: Hash,
    /// Root of the tree of the hashes of all blocks before this one (RFC 6962).
    history_root: Hash,
    /// The target in compact form.
    #[schema(pattern = "^[0-9a-f]{8}$")]
    bits: String,
    /// How much harder the target is than the chain's easiest one.
    difficulty: f64,
    nonce: u64,
    hash: Hash,
}

/// A block.
#[derive(ToSchema)]
#[schema(as = Block)]
#[expect(dead_code, reason = "the chain writes the text; this is its schema alone")]
pub(in crate::api) struct BlockJson {
    #[serde(flatten)]
    header: CommonJson,
    /// The records.
    data: Vec<String>,
}

/// The header of a block.
#[derive(ToSchema)]
#[schema(as = Header, rename_all = "camelCase")]
#[expect(dead_code, reason = "the chain writes the text; this is its schema alone")]
pub(in crate::api) struct HeaderJson {
    #[serde(flatten)]
    header: CommonJson,
    record_count: u32,
}

/// The parameters of a chain.
#[derive(ToSchema)]
#[schema(as = Spec)]
#[expect(dead_code, reason = "the chain writes the text; this is its schema alone")]
pub(in crate::api) struct SpecJson {
    name: String,
    /// Milliseconds since the epoch.
    genesis_timestamp: u64,
    /// The easiest target in compact form.
    #[schema(pattern = "^[0-9a-f]{8}$")]
    pow_limit_bits: String,
    target_block_time_ms: u64,
    /// Blocks between changes of the difficulty; 0 if it never changes.
    retarget_window: u64,
    max_future_ms: u64,
    max_record_bytes: u64,
    max_block_records: u32,
    max_block_bytes: u64,
}

/// The proof that a record is in a block, and the block in the history of a tip.
#[derive(ToSchema)]
#[schema(as = Receipt, rename_all = "camelCase")]
#[expect(dead_code, reason = "the chain writes the text; this is its schema alone")]
pub(in crate::api) struct ReceiptJson {
    #[schema(pattern = "^jenny-receipt-1$")]
    format: String,
    chain_id: Hash,
    record: String,
    record_index: u64,
    /// From the record to the block's `merkleRoot`, leaf first.
    #[schema(max_items = 64)]
    record_path: Vec<Hash>,
    header: HeaderJson,
    /// From the block to the tip's `historyRoot`, leaf first.
    #[schema(max_items = 64)]
    block_path: Vec<Hash>,
    tip: HeaderJson,
    /// From block 0 to the tip's `historyRoot`, leaf first.
    #[schema(max_items = 64)]
    genesis_path: Vec<Hash>,
}

/// The proof that the history of one block begins with that of an earlier one.
#[derive(ToSchema)]
#[schema(as = Consistency, rename_all = "camelCase")]
#[expect(dead_code, reason = "the chain writes the text; this is its schema alone")]
pub(in crate::api) struct ConsistencyJson {
    from: Height,
    to: Height,
    /// `historyRoot` of the block at `from`.
    from_root: Hash,
    /// `historyRoot` of the block at `to`.
    to_root: Hash,
    #[schema(max_items = 64)]
    proof: Vec<Hash>,
    header: HeaderJson,
}
