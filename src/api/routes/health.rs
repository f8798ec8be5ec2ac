//! `GET /livez` and `GET /readyz`: for programs that watch over the process.

use std::time::Duration;

use futures_util::FutureExt;
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::Call;
use super::query::{Query, invalid};
use crate::api::http::problem::{Kind, Problem, RESTART_WAIT};
use crate::api::http::reply;
use crate::chain::Height;
use crate::node::{SyncProgress, SyncState};

/// A node that is this many blocks behind, or fewer, is ready: new blocks are always under way.
const MAX_BEHIND: u64 = 2;

/// Shortest time for a client to wait for a node that fetches blocks.
const FETCH_WAIT: Duration = Duration::from_secs(5);

/// Shortest time for a client to wait before it writes again: an operator has to act.
const REFUSING_WAIT: Duration = Duration::from_secs(60);

#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    #[schema(pattern = "^ready$")]
    status: &'static str,
    /// Whether blocks are taken.
    writes: bool,
}

/// The process answers.
pub(super) fn live() -> Response {
    reply::text("alive")
}

/// The database is open and serves, and the chain is that of the peers as far as is known. A
/// node that takes no blocks, because its disk is nearly full or its clock is off, still serves:
/// it is ready, but not `for=writes`.
pub(super) fn ready(call: &Call) -> Result<Response, Problem> {
    let for_writes = for_writes(&Query::parse(&call.query))?;
    let node = &call.context.node;
    if let Some(failure) = node.failed().now_or_never() {
        return Err(Problem::new(Kind::NotReady, failure.to_string()).retry_after(RESTART_WAIT));
    }
    let progress = node.links().progress();
    let behind = behind(&progress, node.tip().header.height);
    if behind > MAX_BEHIND {
        let detail = format!("{behind} blocks are still to be fetched from peers");
        let wait = progress.eta.unwrap_or_default().max(FETCH_WAIT);
        return Err(Problem::new(Kind::NotReady, detail).retry_after(wait));
    }
    let refusing = node.refusing();
    let writes = refusing.is_none();
    match refusing.filter(|_| for_writes) {
        Some(why) => Err(Problem::new(Kind::NotReady, why).retry_after(REFUSING_WAIT)),
        None => reply::json(&Ready { status: "ready", writes }),
    }
}

/// Whether the query asks about writes.
fn for_writes(query: &Query) -> Result<bool, Problem> {
    match query.get("for")? {
        None => Ok(false),
        Some("writes") => Ok(true),
        Some(_) => Err(invalid("for", "`for` must be `writes`")),
    }
}

/// How many blocks of the chain that is fetched are not served yet. How far it goes is what its
/// peers say, but that counts only while headers that were checked lack their blocks.
fn behind(progress: &SyncProgress, height: Height) -> u64 {
    match progress.state {
        // Of a branch that is stored nothing is served, however little of it is missing.
        SyncState::Blocks => progress.remaining.max(progress.target.above(height)),
        _ => 0,
    }
}
