//! `GET /v1/blocks/{height|hash|tip}`: one block. `GET /v1/blocks/{height}/{hash}`: one block, and
//! whether it is on the main chain.

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::block_json::block_text;
use super::block_response::{Written, respond};
use super::block_selector::BlockSelector;
use super::call::Call;
use crate::api::http::problem::{Kind, Problem};
use crate::chain::{BlockId, Hash, Height, Spec, Timestamp};
use crate::node::{HeldBlock, StoredBlock};

/// One block: by its hash of any branch, else of the main chain.
pub(super) async fn one(call: Call) -> Result<Response, Problem> {
    let [block] = call.parameters()?;
    let selector = BlockSelector::of(block)?;
    let write = |spec: &Spec, block: &StoredBlock| Written::from(block_text(spec, block));
    respond(call, selector, write).await
}

/// A block of any branch, and whether it is on the main chain.
pub(super) async fn of_any_branch(call: Call) -> Result<Response, Problem> {
    let ([height, hash], node, share) = (call.parameters()?, &call.context.node, &call.share);
    let names = (BlockSelector::parse(height), BlockSelector::parse(hash));
    let (Some(BlockSelector::Height(height)), Some(BlockSelector::Hash(hash))) = names else {
        let detail = "identify a block by its height in decimal digits and its hash in 64 lower-case hexadecimal digits: /v1/blocks/{height}/{hash}";
        return Err(Problem::new(Kind::InvalidParameter, detail).at("block"));
    };
    let find = async || {
        let held = node.held_block(BlockId { height, hash }).await?.ok_or_else(|| {
            let detail = format!(
                "no block with this hash is stored at height {height}; blocks off the main chain are removed after a while, see docs/storage.md"
            );
            Problem::new(Kind::BlockNotFound, detail).at("block")
        })?;
        held_text(node.spec(), &held)
    };
    let mut response = share.json(find).await?;
    // A reorg may change all but the block.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// The place of a block in the chain, as members beside its own.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Standing {
    on_main_chain: bool,
    #[schema(required)]
    replaced_by: Option<Hash>,
    #[serde(rename = "displaced")]
    #[schema(required)]
    disconnected: Option<Disconnected>,
}

/// The reorg that disconnected a block.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Disconnected {
    number: u64,
    time: Timestamp,
    fork: Height,
    depth: u64,
    new_tip: BlockId,
}

fn held_text(spec: &Spec, held: &HeldBlock) -> Result<Vec<u8>, Problem> {
    let standing = Standing {
        on_main_chain: held.is_main,
        replaced_by: held.replaced_by,
        disconnected: held.disconnected.map(|reorg| Disconnected {
            number: reorg.number,
            time: reorg.time,
            fork: reorg.fork,
            depth: reorg.depth,
            new_tip: reorg.new_tip,
        }),
    };
    let members = serde_json::to_vec(&standing).map_err(|_| Problem::internal())?;
    let members = members.strip_prefix(b"{").ok_or_else(Problem::internal)?;
    let mut text = block_text(spec, &held.block);
    text.pop_if(|last| *last == b'}').ok_or_else(Problem::internal)?;
    text.push(b',');
    text.extend_from_slice(members);
    Ok(text)
}
