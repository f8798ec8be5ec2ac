//! `GET /livez` and `GET /readyz`: for whoever watches over the process.

use std::time::Duration;

use futures_util::FutureExt;
use warp::reply::Response;

use super::problem::{Kind, Problem, RESTART_WAIT};
use super::reply;
use super::routes::Context;
use crate::chain::Height;
use crate::node::{SyncProgress, SyncState};

/// A node that is this many blocks behind, or fewer, is ready: new blocks are always under way.
const MAX_BEHIND: u64 = 2;

/// How long whoever waits for a node that fetches blocks should wait at least.
const FETCH_WAIT: Duration = Duration::from_secs(5);

/// The process answers.
pub(super) fn live() -> Response {
    reply::text("alive")
}

/// The database is open and serves, and the chain is that of the peers as far as is known. A
/// node that takes no blocks because its disk is nearly full still serves, so it is ready.
pub(super) fn ready(context: &Context) -> Result<Response, Problem> {
    let node = &context.node;
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
    Ok(reply::json_text(br#"{"status":"ready"}"#.to_vec()))
}

/// How many blocks of the chain that is fetched are not served yet. How far it goes is what its
/// peers say, but that counts only while headers that were checked lack their blocks.
fn behind(progress: &SyncProgress, height: Height) -> u64 {
    match progress.state {
        // Of a branch that is staged nothing is served, however little of it is missing.
        SyncState::Blocks => progress.remaining.max(progress.target.above(height)),
        _ => 0,
    }
}
