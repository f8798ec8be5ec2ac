//! `GET /v1/reorgs` and `GET /v1/reorgs/{number}/records`: the latest reorgs, and what became of
//! the records of the blocks that they disconnected, page by page.

use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::Call;
use super::query::{Query, invalid, plain_number};
use super::records::{STATE_INCLUDED, STATE_PENDING};
use super::status::Reorg;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;
use crate::chain::{BlockId, Hash, Height, MAX_SAFE_INTEGER};
use crate::node::{
    KnownRecord, NodeHandle, RecordLocation, RecordPlace, ReorgRecord, ReorgSummary,
};

/// Reorgs of a page, of at most 256 named blocks each: 2.5 MiB.
pub(super) const MAX_PAGE_REORGS: u64 = 100;

/// Reorgs of a page whose query names no limit.
pub(super) const DEFAULT_PAGE_REORGS: u64 = 20;

/// Records of a page.
pub(super) const MAX_PAGE_FATES: u64 = 1_000;

/// Records of a page whose query names no limit.
pub(super) const DEFAULT_PAGE_FATES: u64 = 100;

#[derive(Serialize, ToSchema)]
#[schema(as = ReorgPage)]
pub(super) struct Page {
    reorgs: Vec<Listed>,
    /// `before` of the next page.
    #[schema(required)]
    next: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ListedReorg)]
struct Listed {
    number: u64,
    #[serde(flatten)]
    reorg: Reorg,
}

pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let query = Query::parse(&call.query);
    let limit = query.number("limit", 1..=MAX_PAGE_REORGS)?.unwrap_or(DEFAULT_PAGE_REORGS);
    let before = query.number("before", 1..=MAX_SAFE_INTEGER)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let node = &call.context.node;
    call.share.json(async || reply::write(&page(node, before, limit).await?)).await
}

async fn page(node: &NodeHandle, before: Option<u64>, limit: usize) -> Result<Page, Problem> {
    // One more tells whether there is a next page.
    let mut reorgs = node.reorgs(before, limit.saturating_add(1)).await?;
    let has_next = reorgs.len() > limit;
    reorgs.truncate(limit);
    let next = reorgs.last().filter(|_| has_next).map(|last| last.number);
    Ok(Page { reorgs: reorgs.iter().map(Listed::of).collect(), next })
}

impl Listed {
    fn of(reorg: &ReorgSummary) -> Self {
        Self { number: reorg.number, reorg: Reorg::of(reorg) }
    }
}

/// What became of records.
#[derive(Serialize, ToSchema)]
#[schema(as = ReorgRecords)]
pub(super) struct Fates {
    records: Vec<Fate>,
    /// `cursor` of the next page.
    #[schema(required)]
    next: Option<String>,
}

/// A record of a disconnected block, and where it is now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReorgRecord)]
struct Fate {
    id: Hash,
    #[serde(rename = "displaced")]
    disconnected: Origin,
    #[schema(pattern = "^(pending|included)$")]
    state: &'static str,
    #[schema(required)]
    height: Option<Height>,
    #[schema(required)]
    block_hash: Option<Hash>,
    #[schema(required)]
    index: Option<u32>,
}

/// Where a record was.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordOrigin)]
struct Origin {
    #[serde(flatten)]
    block: BlockId,
    index: u32,
}

/// The own records of the blocks that a reorg disconnected.
pub(super) async fn records(call: Call) -> Result<Response, Problem> {
    let [number] = call.parameters()?;
    let number = plain_number(number)
        .ok_or_else(|| invalid("number", "name a reorg by its number, in decimal digits"))?;
    let query = Query::parse(&call.query);
    let limit = query.number("limit", 1..=MAX_PAGE_FATES)?.unwrap_or(DEFAULT_PAGE_FATES);
    let from = query.get("cursor")?.map(cursor).transpose()?;
    let limit = usize::try_from(limit).map_err(|_| Problem::internal())?;
    let node = &call.context.node;
    let build = async || {
        let found = node.reorg_records(number, from, limit).await?.ok_or_else(|| {
            let detail = "no reorg with this number is remembered; see GET /v1/reorgs";
            Problem::new(Kind::ReorgNotFound, detail).at("number")
        })?;
        let next = found.next.map(|place| format!("{}-{}", place.height, place.position));
        let fates = Fates { records: found.records.iter().map(Fate::of).collect(), next };
        reply::write(&fates)
    };
    call.share.json(build).await
}

/// Reads the `next` of a page.
fn cursor(text: &str) -> Result<RecordPlace, Problem> {
    let place = text.split_once('-').and_then(|(height, position)| {
        let position = u32::try_from(plain_number(position)?).ok()?;
        Some(RecordPlace { height: Height::new(plain_number(height)?), position })
    });
    place.ok_or_else(|| invalid("cursor", "give the `next` of the page before"))
}

impl Fate {
    fn of(record: &ReorgRecord) -> Self {
        let ReorgRecord { id, block, position, now } = record;
        let at = match now {
            KnownRecord::Pending { .. } => None,
            KnownRecord::Included(RecordLocation { block, position }) => Some((block, position)),
        };
        Self {
            id: *id,
            disconnected: Origin { block: *block, index: *position },
            state: if at.is_some() { STATE_INCLUDED } else { STATE_PENDING },
            height: at.map(|(block, _)| block.height),
            block_hash: at.map(|(block, _)| block.hash),
            index: at.map(|(_, position)| *position),
        }
    }
}
