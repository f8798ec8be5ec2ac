//! `GET /v1/chain`: what a client needs to check blocks itself.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use warp::reply::Response;

use super::block_json::BLOCK_JSON_BYTES;
use super::block_pages::{MAX_PAGE_BLOCKS, MAX_PAGE_BYTES, MAX_PAGE_HEADERS};
use super::block_records::MAX_PAGE_RECORDS;
use super::call::Call;
use crate::api::http::body::MAX_MINE_BYTES;
use crate::api::http::problem::Problem;
use crate::api::http::reply;
use crate::api::openapi::{BlockJson, SpecJson};
use crate::chain::{BlockId, Hash, Spec, write_block_json};
use crate::node::NodeHandle;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chain {
    name: String,
    id: Hash,
    #[schema(value_type = SpecJson)]
    spec: Box<RawValue>,
    #[schema(value_type = BlockJson)]
    genesis: Box<RawValue>,
    checkpoints: Vec<BlockId>,
    #[schema(required)]
    max_reorg_depth: Option<u64>,
    limits: Limits,
}

/// What a request and a page may hold; the limits of blocks are in the spec.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Limits {
    mine_body_bytes: usize,
    page_blocks: u64,
    page_headers: u64,
    page_records: u64,
    page_bytes: usize,
}

pub(super) async fn describe(call: Call) -> Result<Response, Problem> {
    let node = &call.context.node;
    call.share.json(async || reply::write(&chain(node)?)).await
}

fn chain(node: &NodeHandle) -> Result<Chain, Problem> {
    let spec = node.spec();
    let checkpoints = node.checkpoints().iter();
    let checkpoints = checkpoints.map(|(height, hash)| BlockId { height, hash });
    Ok(Chain {
        name: spec.name().to_owned(),
        id: node.chain_id(),
        spec: raw(spec.canonical_text())?,
        genesis: raw(genesis(spec)?)?,
        checkpoints: checkpoints.collect(),
        max_reorg_depth: node.max_reorg_depth(),
        limits: Limits {
            mine_body_bytes: MAX_MINE_BYTES,
            page_blocks: MAX_PAGE_BLOCKS,
            page_headers: MAX_PAGE_HEADERS,
            page_records: MAX_PAGE_RECORDS,
            page_bytes: MAX_PAGE_BYTES,
        },
    })
}

fn genesis(spec: &Spec) -> Result<String, Problem> {
    let genesis = spec.genesis();
    let (block, hash) = (genesis.block(), genesis.hash());
    let mut text = Vec::with_capacity(2 * BLOCK_JSON_BYTES);
    write_block_json(&mut text, spec, &block.header, &hash, &block.records);
    String::from_utf8(text).map_err(|_| Problem::internal())
}

/// JSON text of this program's own.
fn raw(text: String) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(text).map_err(|_| Problem::internal())
}
