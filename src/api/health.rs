//! `GET /livez` and `GET /readyz`: for whoever watches over the process.

use futures_util::FutureExt;
use warp::reply::Response;

use super::problem::{Kind, Problem, RESTART_WAIT};
use super::reply;
use super::routes::Context;

/// The process answers.
pub(super) fn live() -> Response {
    reply::text("alive")
}

/// The database is open and serves. A node that takes no blocks because its disk is
/// nearly full still serves, so it is ready.
pub(super) fn ready(context: &Context) -> Result<Response, Problem> {
    match context.node.failed().now_or_never() {
        None => Ok(reply::json_text(br#"{"status":"ready"}"#.to_vec())),
        Some(failure) => {
            Err(Problem::new(Kind::NotReady, failure.to_string()).retry_after(RESTART_WAIT))
        }
    }
}
