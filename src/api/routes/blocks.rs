//! `GET /v1/blocks/{height|hash|tip}`: one block of the main chain. `GET
//! /v1/blocks/{height}/{hash}`: one block of any branch.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use serde::Serialize;
use warp::reply::Response;

use super::call::Call;
use super::mine::BLOCK_JSON_BYTES;
use super::status::BlockName;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;
use crate::api::http::response_memory::{ANSWER_WAIT, NoRoom, Reserved, Share};
use crate::chain::{BlockId, Hash, Height, MAX_SAFE_INTEGER, Spec, write_block_json};
use crate::node::{HeldBlock, StoreError, StoredBlock, View};

/// A block is found by its hash among this many last ones. A search reads that many
/// headers at most.
const SEARCHED_BLOCKS: u64 = 10_000;

/// By what a block is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Name {
    Tip,
    Height(Height),
    Hash(Hash),
}

/// A block that is there: its text, unless the client holds it.
struct Found {
    hash: Hash,
    text: Option<Bytes>,
}

pub(super) async fn one(call: Call) -> Result<Response, Problem> {
    let ([name], node, share) = (call.parameters()?, &call.context.node, &call.share);
    let name = parse(name).ok_or_else(|| {
        let detail = "identify a block by its height in decimal digits, by its hash in 64 lower-case hexadecimal digits, or by `tip`";
        Problem::new(Kind::InvalidParameter, detail).at("block")
    })?;
    let held = Held::of(&call.headers);
    let view = Arc::new(node.view());
    let tip = view.tip();
    let found = if name == Name::Tip && held.has(&tip.hash) {
        Some(Found { hash: tip.hash, text: None })
    } else {
        let read = |reserved| {
            let (view, spec) = (Arc::clone(&view), node.spec().clone());
            let (share, held) = (share.clone(), held.clone());
            let find = move || find(&view, &spec, name, &held, &share, reserved);
            node.read(find)
        };
        share.build(ANSWER_WAIT, read).await?
    };
    let found = found.ok_or_else(|| not_found(name, tip.header.height))?;
    let mut response = found.text.map_or_else(not_modified, reply::json_text);
    // What a hash names never changes; what a height or `tip` names may.
    let caching = match name {
        Name::Hash(_) => "private, max-age=31536000, immutable",
        Name::Height(_) | Name::Tip => "no-cache",
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::try_from(format!("W/\"{}\"", found.hash)) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// A block of any branch, and whether it is on the main chain.
pub(super) async fn of_any_branch(call: Call) -> Result<Response, Problem> {
    let ([height, hash], node, share) = (call.parameters()?, &call.context.node, &call.share);
    let (Some(Name::Height(height)), Some(Name::Hash(hash))) = (parse(height), parse(hash)) else {
        let detail = "identify a block by its height in decimal digits and its hash in 64 lower-case hexadecimal digits: /v1/blocks/{height}/{hash}";
        return Err(Problem::new(Kind::InvalidParameter, detail).at("block"));
    };
    let find = async |reserved| {
        let held = node.held_block(BlockId { height, hash }).await?.ok_or_else(|| {
            let detail = format!(
                "no block with this hash is stored at height {height}; blocks off the main chain are removed after a while, see docs/storage.md"
            );
            Problem::new(Kind::BlockNotFound, detail).at("block")
        })?;
        let text = held_text(node.spec(), &held)?;
        Ok::<_, Problem>(share.count(text, reserved))
    };
    let text = share.build(ANSWER_WAIT, find).await?;
    let mut response = reply::json_text(text);
    // A reorg may change all but the block.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// The place of a block in the chain, as members beside its own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Standing {
    on_main_chain: bool,
    replaced_by: Option<String>,
    #[serde(rename = "displaced")]
    disconnected: Option<Disconnected>,
}

/// The reorg that disconnected a block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Disconnected {
    time: u64,
    fork: u64,
    depth: u64,
    new_tip: BlockName,
}

fn held_text(spec: &Spec, held: &HeldBlock) -> Result<Vec<u8>, Problem> {
    let standing = Standing {
        on_main_chain: held.is_main,
        replaced_by: held.replaced_by.map(|hash| hash.to_string()),
        disconnected: held.disconnected.map(|reorg| Disconnected {
            time: reorg.time.as_millis(),
            fork: reorg.fork.get(),
            depth: reorg.depth,
            new_tip: BlockName::of(reorg.new_tip),
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

fn block_text(spec: &Spec, block: &StoredBlock) -> Vec<u8> {
    let bytes = block.records.iter().map(String::len).fold(BLOCK_JSON_BYTES, usize::saturating_add);
    let mut text = Vec::with_capacity(bytes);
    write_block_json(&mut text, spec, &block.header, &block.hash, &block.records);
    text
}

/// Plain digits without leading zeros, 64 lower-case hexadecimal digits, or `tip`.
fn parse(name: &str) -> Option<Name> {
    if name == "tip" {
        return Some(Name::Tip);
    }
    if let Ok(hash) = name.parse() {
        return Some(Name::Hash(hash));
    }
    let is_plain =
        name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    let height = is_plain.then(|| name.parse().ok()).flatten()?;
    (height <= MAX_SAFE_INTEGER).then(|| Name::Height(Height::new(height)))
}

fn find(
    view: &View,
    spec: &Spec,
    name: Name,
    held: &Held,
    share: &Share,
    reserved: Option<Reserved>,
) -> Result<Result<Option<Found>, NoRoom>, StoreError> {
    let height = match name {
        Name::Tip => Some(view.tip().header.height),
        Name::Height(height) => Some(height),
        Name::Hash(hash) => view.find_recent(&hash, SEARCHED_BLOCKS)?,
    };
    let Some(height) = height else { return Ok(Ok(None)) };
    let Some(block) = view.block(height)? else { return Ok(Ok(None)) };
    if held.has(&block.hash) {
        return Ok(Ok(Some(Found { hash: block.hash, text: None })));
    }
    let text = share.count(block_text(spec, &block), reserved);
    Ok(text.map(|text| Some(Found { hash: block.hash, text: Some(text) })))
}

fn not_found(name: Name, tip: Height) -> Problem {
    let detail = match name {
        Name::Hash(_) => format!(
            "no block with this hash is among the last {SEARCHED_BLOCKS} blocks of the main chain; older blocks are found only by height"
        ),
        Name::Height(_) | Name::Tip => format!("the chain ends at height {tip}"),
    };
    Problem::new(Kind::BlockNotFound, detail).at("block")
}

fn not_modified() -> Response {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response
}

/// What the client says it holds: `If-None-Match` (RFC 9110 section 13.1.2), with
/// weak comparison.
#[derive(Clone)]
struct Held {
    any: bool,
    hashes: Vec<Hash>,
}

impl Held {
    fn of(headers: &HeaderMap) -> Self {
        let mut held = Self { any: false, hashes: Vec::new() };
        for value in headers.get_all(IF_NONE_MATCH) {
            // Our tags hold no comma, so that a split finds all of them.
            for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
                held.any |= tag == "*";
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                let quoted = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
                held.hashes.extend(quoted.and_then(|tag| tag.parse::<Hash>().ok()));
            }
        }
        held
    }

    fn has(&self, hash: &Hash) -> bool {
        self.any || self.hashes.contains(hash)
    }
}

#[cfg(test)]
mod tests;
