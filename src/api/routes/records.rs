//! `/v1/records`: sending records, finding them, and taking pending ones back.

mod body;
mod disconnected;

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::Call;
use super::query::{Query, invalid};
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;
use crate::api::http::response_memory::SMALL_RESPONSE_BYTES;
use crate::chain::{Hash, RuleError};
use crate::node::{
    Acknowledged, KnownRecord, NodeHandle, PoolPlace, RecordLocation, RecordState, SubmitError,
};

pub(super) use body::MAX_REQUEST_RECORDS;

/// Looks for a record that reorgs move meanwhile.
pub(super) const STATE_ATTEMPTS: usize = 4;

/// Longest wait for a block, in seconds.
pub(super) const MAX_WAIT_SECONDS: u64 = 60;

/// Most records of a request that waits: it holds about 100 bytes of each meanwhile.
const MAX_WAITED_RECORDS: usize = 1_000;

/// Most records of a page.
pub(super) const MAX_PENDING_PAGE_RECORDS: u64 = 1_000;

/// Records of a page that does not say how many.
pub(super) const PAGE_RECORDS: u64 = 100;

/// Most bytes of the records of a page, the first one excepted: 4 MiB.
const MAX_PENDING_PAGE_BYTES: usize = 4 << 20;

/// How long a client should wait for a full pool.
const POOL_WAIT: Duration = Duration::from_secs(10);

/// Bytes of what is said of one record sent, about.
const ACKNOWLEDGED_BYTES: usize = 120;

/// What became of a record that was sent.
#[derive(Serialize, ToSchema)]
#[schema(as = TakenRecord)]
pub(super) struct Taken {
    #[schema(value_type = Hash)]
    id: String,
    #[schema(pattern = "^(pending|included|cancelled)$")]
    state: &'static str,
    /// Only while the index lags behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    checked: Option<bool>,
}

/// A record, and where it is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FoundRecord)]
pub(super) struct Found {
    #[schema(value_type = Hash)]
    id: String,
    #[schema(pattern = "^(pending|included)$")]
    state: &'static str,
    /// False while the index lags behind: the record may be in a block already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    checked: Option<bool>,
    data: String,
    #[schema(required)]
    height: Option<u64>,
    #[schema(value_type = Option<Hash>, required)]
    block_hash: Option<String>,
    #[schema(required)]
    index: Option<u32>,
    #[schema(required)]
    time: Option<u64>,
    #[schema(required)]
    confirmations: Option<u64>,
    #[serde(rename = "displaced")]
    disconnected: Vec<disconnected::Place>,
}

/// Pending records.
#[derive(Serialize, ToSchema)]
#[schema(as = PendingPage)]
pub(super) struct Page {
    records: Vec<Pending>,
    /// Where the next page begins.
    #[schema(required)]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PendingRecord)]
struct Pending {
    #[schema(value_type = Hash)]
    id: String,
    data: String,
    wait_seconds: u64,
    #[serde(rename = "displaced")]
    disconnected: Vec<disconnected::Place>,
}

pub(super) const STATE_PENDING: &str = "pending";
pub(super) const STATE_INCLUDED: &str = "included";
/// Of a record that was taken, and that an operator took back while its client waited.
const STATE_CANCELLED: &str = "cancelled";

/// Takes records into the pool, all or none.
pub(super) async fn add(mut call: Call) -> Result<Response, Problem> {
    let wait = Query::parse(&call.query).number("wait", 0..=MAX_WAIT_SECONDS)?;
    let body::Records { texts, place: body } = body::records(&mut call).await?;
    if wait.is_some() && texts.len() > MAX_WAITED_RECORDS {
        let detail = format!("send at most {MAX_WAITED_RECORDS} records in a request that waits");
        return Err(Problem::new(Kind::TooManyRecords, detail).at("data"));
    }
    let place = wait.map(|_| call.long_place()).transpose()?;
    // Room for the answer comes before the work: what was taken must be answered.
    let bytes = texts.len().saturating_mul(ACKNOWLEDGED_BYTES);
    let reserved =
        if bytes > SMALL_RESPONSE_BYTES { Some(call.share.reserve(bytes).await?) } else { None };
    let node = &call.context.node;
    let format = body::Format::of(&call.headers);
    let acknowledged = node.submit(texts).await.map_err(|error| refused(&error, format))?;
    drop(body);
    let new = acknowledged.iter().filter(|record| record.is_new).count();
    call.subject.note(&format!("{} records, {new} of them new", acknowledged.len()));
    let taken = match wait {
        None => acknowledged.iter().map(taken).collect(),
        Some(seconds) => settled(node, &acknowledged, Duration::from_secs(seconds)).await?,
    };
    drop(place);
    let is_pending = taken.iter().any(|taken: &Taken| taken.state == STATE_PENDING);
    let text = reply::write(&taken)?;
    let text = call.share.count(text, reserved).map_err(|_| Problem::internal())?;
    Ok(if new > 0 && is_pending { reply::accepted(text) } else { reply::json_text(text) })
}

fn taken(record: &Acknowledged) -> Taken {
    let (state, checked) = match record.state {
        RecordState::Included => (STATE_INCLUDED, None),
        RecordState::Pending { is_checked } => (STATE_PENDING, (!is_checked).then_some(false)),
    };
    Taken { id: record.id.to_string(), state, checked }
}

/// What became of the records once all of them are in blocks, or the time is over.
async fn settled(
    node: &NodeHandle,
    acknowledged: &[Acknowledged],
    limit: Duration,
) -> Result<Vec<Taken>, Problem> {
    let ids: Vec<Hash> = acknowledged.iter().map(|record| record.id).collect();
    node.wait_for_records(ids.clone(), limit).await?;
    let states = node.record_states(ids.clone()).await?;
    let taken = ids.iter().zip(states).map(|(id, state)| match state {
        Some(state) => taken(&Acknowledged { id: *id, state, is_new: false }),
        None => Taken { id: id.to_string(), state: STATE_CANCELLED, checked: None },
    });
    Ok(taken.collect())
}

fn refused(error: &SubmitError, format: body::Format) -> Problem {
    match error {
        SubmitError::TooLarge(rule) => {
            let problem = Problem::new(Kind::DataTooLarge, rule.to_string());
            match rule {
                RuleError::RecordBytes { index, .. } => problem.at(format.field(*index)),
                _ => problem.at("data"),
            }
        }
        SubmitError::PoolFull => {
            Problem::new(Kind::PoolFull, error.to_string()).retry_after(POOL_WAIT)
        }
        SubmitError::Unavailable(failure) => failure.clone().into(),
    }
}

/// One record by its id.
pub(super) async fn one(call: Call) -> Result<Response, Problem> {
    let id = record_id(&call)?;
    let wait = Query::parse(&call.query).number("wait", 0..=MAX_WAIT_SECONDS)?;
    let node = &call.context.node;
    if let Some(seconds) = wait {
        let _place = call.long_place()?;
        node.wait_for_records(vec![id], Duration::from_secs(seconds)).await?;
    }
    for _ in 0..STATE_ATTEMPTS {
        let found = match node.record(id).await? {
            Some(KnownRecord::Pending { text, is_checked }) => {
                Some(pending(id, text.as_ref().to_owned(), is_checked))
            }
            Some(KnownRecord::Included(location)) => included(node, id, location).await?,
            None => return Err(unknown()),
        };
        if let Some(mut found) = found {
            let places = disconnected::places(node, [id]).await?;
            // A reorg may have disconnected the block in which it was found.
            let is_other = |place: &disconnected::Place| {
                found.block_hash.as_ref() != Some(&place.block.hash.to_string())
            };
            found.disconnected = places.into_iter().flatten().filter(is_other).collect();
            return call.share.json(async || reply::write(&found)).await;
        }
    }
    Err(moving())
}

/// 503, for a record that is somewhere else at every look.
pub(super) fn moving() -> Problem {
    let detail = "reorgs move the record from block to block";
    Problem::new(Kind::Busy, detail).retry_after(Duration::from_secs(1))
}

fn pending(id: Hash, data: String, is_checked: bool) -> Found {
    Found {
        id: id.to_string(),
        state: STATE_PENDING,
        checked: (!is_checked).then_some(false),
        data,
        height: None,
        block_hash: None,
        index: None,
        time: None,
        confirmations: None,
        disconnected: Vec::new(),
    }
}

/// A record in its block; `None` if a reorg disconnected that meanwhile.
async fn included(
    node: &NodeHandle,
    id: Hash,
    RecordLocation { block, position }: RecordLocation,
) -> Result<Option<Found>, Problem> {
    let held = node.held_block(block).await?;
    let Some(held) = held.filter(|held| held.is_main) else { return Ok(None) };
    let mut records = held.block.records;
    let place = usize::try_from(position).map_err(|_| Problem::internal())?;
    if place >= records.len() {
        return Err(Problem::internal());
    }
    Ok(Some(Found {
        id: id.to_string(),
        state: STATE_INCLUDED,
        checked: None,
        data: records.swap_remove(place),
        height: Some(block.height.get()),
        block_hash: Some(block.hash.to_string()),
        index: Some(position),
        time: Some(held.block.header.timestamp.as_millis()),
        confirmations: Some(node.tip().header.height.next().above(block.height)),
        disconnected: Vec::new(),
    }))
}

/// The node's own pending records, oldest first.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let query = Query::parse(&call.query);
    if query.get("state")? != Some(STATE_PENDING) {
        return Err(invalid(
            "state",
            "give `state=pending`: records in blocks are found by their ids",
        ));
    }
    let limit = query.number("limit", 1..=MAX_PENDING_PAGE_RECORDS)?.unwrap_or(PAGE_RECORDS);
    let after = query.get("cursor")?.map(cursor).transpose()?;
    let limit = usize::try_from(limit).map_err(|_| Problem::internal())?;
    let node = &call.context.node;
    call.share.json(async || reply::write(&page(node, after, limit).await?)).await
}

async fn page(node: &NodeHandle, after: Option<PoolPlace>, limit: usize) -> Result<Page, Problem> {
    let mut entries = node.pending_records(after, limit.saturating_add(1));
    let mut bytes = 0_usize;
    let fitting = entries.iter().take(limit).take_while(|entry| {
        let is_first = bytes == 0;
        bytes = bytes.saturating_add(entry.text.len());
        is_first || bytes <= MAX_PENDING_PAGE_BYTES
    });
    let count = fitting.count();
    let is_partial = entries.len() > count;
    entries.truncate(count);
    let last = entries.last().filter(|_| is_partial).map(|entry| entry.place);
    let places = disconnected::places(node, entries.iter().map(|entry| entry.id)).await?;
    let records = entries.into_iter().zip(places).map(|(entry, disconnected)| Pending {
        id: entry.id.to_string(),
        data: entry.text.as_ref().to_owned(),
        wait_seconds: entry.wait.as_secs(),
        disconnected,
    });
    let next = last.map(|PoolPlace { batch, index }| format!("{batch}-{index}"));
    Ok(Page { records: records.collect(), next })
}

/// Reads the `next` of a page.
fn cursor(text: &str) -> Result<PoolPlace, Problem> {
    let parts = text.split_once('-');
    let place = parts.and_then(|(batch, index)| {
        Some(PoolPlace { batch: batch.parse().ok()?, index: index.parse().ok()? })
    });
    place.ok_or_else(|| invalid("cursor", "give the `next` of the page before"))
}

/// Takes a pending record back.
pub(super) async fn cancel(mut call: Call) -> Result<Response, Problem> {
    call.discard_body().await?;
    let id = record_id(&call)?;
    let node = &call.context.node;
    if node.cancel_record(id).await? {
        return Ok(reply::nothing());
    }
    if node.is_relayed(&id) {
        let detail = "a peer relayed this record: cancel it at the node that it was sent to";
        return Err(Problem::new(Kind::RecordNotFound, detail).at("id"));
    }
    if node.record(id).await?.is_none() {
        return Err(unknown());
    }
    let detail = "it is in a block, or a block with it is being written";
    Err(Problem::new(Kind::RecordIncluded, detail).at("id"))
}

pub(super) fn record_id(call: &Call) -> Result<Hash, Problem> {
    let [id] = call.parameters()?;
    id.parse().map_err(|_| {
        let detail = "identify a record by its id, 64 lower-case hexadecimal digits, as POST /v1/records returns it";
        Problem::new(Kind::InvalidParameter, detail).at("id")
    })
}

pub(super) fn unknown() -> Problem {
    let detail = "no record with this id is pending or on the main chain";
    Problem::new(Kind::RecordNotFound, detail).at("id")
}
