//! `GET /v1/blocks/{height|hash|tip}`: one block of the main chain.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use warp::reply::Response;

use super::answers::{ANSWER_WAIT, NoRoom, Reserved, Share};
use super::mine::BLOCK_JSON_BYTES;
use super::problem::{Kind, Problem};
use super::reply;
use super::routes::Context;
use crate::chain::{Hash, Height, MAX_SAFE_INTEGER, Spec, write_block_json};
use crate::node::{StoreError, View};

/// A block is found by its hash among so many last ones. A search reads that many
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

pub(super) async fn one(
    context: &Context,
    share: &Share,
    name: &str,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let name = parse(name).ok_or_else(|| {
        let detail = "name a block by its height in plain digits, by its hash in 64 lower-case hexadecimal digits, or `tip`";
        Problem::new(Kind::InvalidParameter, detail).at("block")
    })?;
    let held = Held::of(headers);
    let view = Arc::new(context.node.view());
    let tip = view.tip();
    let found = if name == Name::Tip && held.has(&tip.hash) {
        Some(Found { hash: tip.hash, text: None })
    } else {
        let read = |reserved| {
            let (view, spec) = (Arc::clone(&view), context.node.spec().clone());
            let (share, held) = (share.clone(), held.clone());
            let find = move || find(&view, &spec, name, &held, &share, reserved);
            context.node.read(find)
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
    let bytes = block.records.iter().map(String::len).fold(BLOCK_JSON_BYTES, usize::saturating_add);
    let mut text = Vec::with_capacity(bytes);
    write_block_json(&mut text, spec, &block.header, &block.hash, &block.records);
    let text = share.count(text, reserved);
    Ok(text.map(|text| Some(Found { hash: block.hash, text: Some(text) })))
}

fn not_found(name: Name, tip: Height) -> Problem {
    let detail = match name {
        Name::Hash(_) => format!(
            "no block with this hash is among the last {SEARCHED_BLOCKS} of the main chain; older ones are found by their height only"
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
            // A tag of ours holds no comma, so that a split finds all of them.
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
