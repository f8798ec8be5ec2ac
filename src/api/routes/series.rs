//! `GET /v1/series`: intervals, difficulty and records of many blocks, gathered into points of a
//! chart.

use std::sync::Arc;

use http::HeaderValue;
use http::header::CACHE_CONTROL;
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::Call;
use super::query::{Query, invalid};
use crate::api::header_facts::Fact;
use crate::api::http::problem::Problem;
use crate::api::http::reply;
use crate::chain::{Difficulty, Height, MAX_SAFE_INTEGER, Spec, Target, Timestamp};

/// Most blocks that a request covers.
pub(super) const MAX_SERIES_BLOCKS: u64 = 10_000;

/// Most points of a response.
pub(super) const MAX_SERIES_POINTS: u64 = 1_000;

/// Blocks of a request without `from`, and points of one without `points`.
pub(super) const DEFAULT_SERIES: u64 = 360;

/// Some of the main chain's blocks in points of equal length.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Series {
    from: Height,
    to: Height,
    /// The last point may have fewer.
    blocks_per_point: u64,
    points: Vec<Point>,
}

/// Consecutive blocks.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SeriesPoint)]
struct Point {
    /// Of the last block.
    height: Height,
    blocks: u64,
    /// Of the last block.
    timestamp: Timestamp,
    /// From each block's parent to it, on average; null of the genesis block alone.
    #[schema(required)]
    seconds_per_block: Option<f64>,
    /// Of the last block, as in its header.
    difficulty: f64,
    /// In compact form, the target of the last block.
    #[schema(pattern = "^[0-9a-f]{8}$")]
    bits: String,
    records: u64,
}

/// Which blocks, in how many points.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Range {
    from: Height,
    to: Height,
    points: u64,
}

pub(super) async fn series(call: Call) -> Result<Response, Problem> {
    let node = &call.context.node;
    let view = Arc::new(node.view());
    let range = Range::parse(&Query::parse(&call.query), view.tip().header.height)?;
    // The interval of the first block begins with its parent.
    let first = range.from.parent().unwrap_or(range.from);
    let facts = call.context.header_facts.read(node, &view, first, range.to).await?;
    let mut response = reply::json(&range.gather(&facts, node.spec()))?;
    // The next block, or a reorg, changes it.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

impl Range {
    /// Reads the query, for a chain with this tip.
    fn parse(query: &Query, tip: Height) -> Result<Self, Problem> {
        let height = |name| query.number(name, 0..=MAX_SAFE_INTEGER);
        let to = height("to")?.map_or(tip, Height::new).min(tip);
        let from = height("from")?.map_or_else(|| to.back(DEFAULT_SERIES - 1), Height::new);
        if from > to {
            return Err(invalid("from", format!("`from` is {from}, above {to}, the last block")));
        }
        if to.above(from) >= MAX_SERIES_BLOCKS {
            let detail = format!(
                "a request covers at most {MAX_SERIES_BLOCKS} blocks; ask for fewer at a time"
            );
            return Err(invalid("from", detail));
        }
        let points = query.number("points", 1..=MAX_SERIES_POINTS)?.unwrap_or(DEFAULT_SERIES);
        Ok(Self { from, to, points })
    }

    /// Makes points of the facts of these blocks, and of the parent of the first one if that has
    /// one.
    fn gather(self, facts: &[Fact], spec: &Spec) -> Series {
        let Self { from, to, points } = self;
        let (before, facts) = match facts.split_first() {
            Some((parent, facts)) if from > Height::GENESIS => (Some(*parent), facts),
            _ => (None, facts),
        };
        let blocks_per_point = (facts.len() as u64).div_ceil(points).max(1);
        let size = usize::try_from(blocks_per_point).unwrap_or(usize::MAX);
        let (mut before, mut next) = (before, from);
        let mut gathered = Vec::new();
        for facts in facts.chunks(size) {
            let Some(last) = facts.last() else { continue };
            let blocks = facts.len() as u64;
            next = next.ahead(blocks);
            gathered.push(Point::of(next.back(1), facts, last, before, spec.pow_limit()));
            before = Some(*last);
        }
        Series { from, to, blocks_per_point, points: gathered }
    }
}

impl Point {
    fn of(
        height: Height,
        facts: &[Fact],
        last: &Fact,
        before: Option<Fact>,
        easiest: Target,
    ) -> Self {
        let blocks = facts.len() as u64;
        // Without a parent the first of them is the genesis block.
        let (start, intervals) = match (before, facts.first()) {
            (Some(before), _) => (before.timestamp, blocks),
            (None, Some(genesis)) => (genesis.timestamp, blocks.saturating_sub(1)),
            (None, None) => (last.timestamp, 0),
        };
        let seconds_per_block = u32::try_from(intervals).ok().filter(|&intervals| intervals > 0);
        let elapsed = std::time::Duration::from_millis(last.timestamp.millis_since(start));
        Self {
            height,
            blocks,
            timestamp: last.timestamp,
            seconds_per_block: seconds_per_block
                .map(|count| elapsed.as_secs_f64() / f64::from(count)),
            difficulty: Difficulty::of(last.bits.target().unwrap_or(easiest), easiest).get(),
            bits: format!("{:08x}", last.bits.get()),
            records: facts.iter().map(|fact| u64::from(fact.records)).sum(),
        }
    }
}

#[cfg(test)]
mod tests;
