//! `GET /v1/bans`: the addresses that are kept out.

use serde::Serialize;

use super::problem::Problem;
use super::reply;
use super::routes::Context;

#[derive(Serialize)]
struct Ban {
    address: String,
    /// Milliseconds since the epoch.
    until: u64,
    reason: String,
}

/// The bans that have not ended.
pub(super) fn list(context: &Context) -> Result<Vec<u8>, Problem> {
    let bans = context.node.bans().into_iter().map(|ban| Ban {
        address: ban.address.to_string(),
        until: ban.until.as_millis(),
        reason: ban.reason,
    });
    reply::write(&bans.collect::<Vec<_>>())
}
