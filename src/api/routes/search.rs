//! `GET /v1/search?q=`: blocks and records by what somebody has of their names.

use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::Call;
use super::query::{Query, invalid, plain_number};
use crate::api::http::problem::Problem;
use crate::api::http::reply;
use crate::chain::{BlockId, Hash, HashPattern, Height};
use crate::node::{KnownRecord, NodeHandle, SearchedRecord};

/// Most bytes of `q`: a hash with `..` in it.
const MAX_QUERY_BYTES: usize = 66;

/// What was found.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SearchResult {
    blocks: Vec<BlockHit>,
    records: Vec<RecordHit>,
    /// Whether there may be more: give more digits.
    partial: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BlockHit {
    height: Height,
    hash: Hash,
    on_main_chain: bool,
}

/// A record; the last three are null while it is pending.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RecordHit {
    id: Hash,
    state: HitState,
    #[schema(required)]
    height: Option<Height>,
    #[schema(required)]
    block_hash: Option<Hash>,
    #[schema(required)]
    index: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum HitState {
    Pending,
    Included,
}

/// What is looked for. A text may be a height as well as digits of a hash.
#[derive(Debug, Eq, PartialEq)]
struct Wanted {
    height: Option<Height>,
    hash: Option<Hash>,
    pattern: Option<HashPattern>,
}

pub(super) async fn search(call: Call) -> Result<Response, Problem> {
    let query = Query::parse(&call.query);
    let wanted = query.get("q")?.and_then(Wanted::parse).ok_or_else(|| {
        let detail = "`q` must be a height, a hash of 64 lower-case hexadecimal digits, the first digits of one, at least 4 without leading zeros, or HEAD..TAIL";
        invalid("q", detail)
    })?;
    reply::json(&wanted.find(&call.context.node).await?)
}

impl Wanted {
    fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_QUERY_BYTES {
            return None;
        }
        let height = plain_number(text).map(Height::new);
        let hash = text.parse().ok();
        let pattern = hash.is_none().then(|| text.parse().ok()).flatten();
        let is_any = height.is_some() || hash.is_some() || pattern.is_some();
        is_any.then_some(Self { height, hash, pattern })
    }

    async fn find(self, node: &NodeHandle) -> Result<SearchResult, Problem> {
        let mut result = SearchResult::default();
        if let Some(height) = self.height {
            let view = node.view();
            let header = node.read(move || view.header(height)).await?;
            let id = header.map(|header| BlockId { height, hash: header.hash });
            result.blocks.extend(id.map(|id| BlockHit::of(id, true)));
        }
        if let Some(hash) = self.hash {
            result.blocks.extend(held_block(node, hash).await?);
            result.records.extend(record(node, hash).await?);
        }
        if let Some(pattern) = self.pattern {
            let hits = node.search(&pattern).await?;
            result.blocks.extend(hits.blocks.into_iter().map(|id| BlockHit::of(id, true)));
            result.blocks.extend(hits.disconnected.into_iter().map(|id| BlockHit::of(id, false)));
            result.records.extend(hits.records.into_iter().map(RecordHit::of));
            result.partial = hits.is_partial;
        }
        Ok(result)
    }
}

/// The block of any branch with this hash.
async fn held_block(node: &NodeHandle, hash: Hash) -> Result<Option<BlockHit>, Problem> {
    let Some(id) = node.find_held_block(hash).await? else { return Ok(None) };
    let view = node.view();
    let main = node.read(move || view.header(id.height)).await?;
    let on_main_chain = main.is_some_and(|main| main.hash == id.hash);
    Ok(Some(BlockHit::of(id, on_main_chain)))
}

async fn record(node: &NodeHandle, id: Hash) -> Result<Option<RecordHit>, Problem> {
    let location = match node.record(id).await? {
        None => return Ok(None),
        Some(KnownRecord::Pending { .. }) => None,
        Some(KnownRecord::Included(location)) => Some(location),
    };
    Ok(Some(RecordHit::of(SearchedRecord { id, location })))
}

impl BlockHit {
    const fn of(id: BlockId, on_main_chain: bool) -> Self {
        Self { height: id.height, hash: id.hash, on_main_chain }
    }
}

impl RecordHit {
    fn of(SearchedRecord { id, location }: SearchedRecord) -> Self {
        Self {
            id,
            state: if location.is_some() { HitState::Included } else { HitState::Pending },
            height: location.map(|location| location.block.height),
            block_hash: location.map(|location| location.block.hash),
            index: location.map(|location| location.position),
        }
    }
}

#[cfg(test)]
mod tests;
