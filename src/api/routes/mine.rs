//! `POST /mineBlock`: one block with these records, now.

use std::time::Duration;

use warp::reply::Response;

use super::block_json::longest_json;
use super::call::Call;
use crate::api::http::body::MAX_MINE_BYTES;
use crate::api::http::problem::{Kind, Problem, RESTART_WAIT};
use crate::api::http::response_memory::SMALL_RESPONSE_BYTES;
use crate::api::http::{json_body, reply};
use crate::chain::{RuleError, write_block_json};
use crate::node::{MineError, NodeHandle};

/// How long a client should wait for a place in the queue.
const QUEUE_WAIT: Duration = Duration::from_secs(1);

/// How long after a search for a nonce that took too long.
const DEADLINE_WAIT: Duration = Duration::from_secs(10);

/// How long for the operator to make room on the disk.
const DISK_WAIT: Duration = Duration::from_secs(60);

/// How long for the operator to set the clock.
const CLOCK_WAIT: Duration = Duration::from_secs(60);

/// Dropping the future, as hyper does when the client leaves, cancels the work.
pub(super) async fn mine(mut call: Call) -> Result<Response, Problem> {
    let body = call.json_body(MAX_MINE_BYTES).await?;
    let (node, share) = (&call.context.node, &call.share);
    let records = records(node, body.as_bytes())?;
    // Room for the answer comes before the work: a block that was stored must be answered. The
    // body keeps its place while that is waited for.
    let bytes = longest_json(&records);
    let reserved =
        if bytes > SMALL_RESPONSE_BYTES { Some(share.reserve(bytes).await?) } else { None };
    drop(body);
    let mined = node.mine(records).await.map_err(|error| refused(&error))?;
    call.subject.note(&format!("block {} {}", mined.header.height, mined.hash));
    let mut text = Vec::with_capacity(bytes);
    write_block_json(&mut text, node.spec(), &mined.header, &mined.hash, &mined.records);
    let counted = share.count(text, reserved).map_err(|_| Problem::internal())?;
    Ok(reply::json_text(counted))
}

/// No more records than fit a block are kept, so a body of millions of empty
/// strings costs no more memory than its own size.
fn records(node: &NodeHandle, body: &[u8]) -> Result<Vec<String>, Problem> {
    let max = node.spec().max_block_records();
    let records = json_body::strings(body, "data", max as usize)?;
    if records.count > records.kept.len() {
        let found = u32::try_from(records.count).unwrap_or(u32::MAX);
        return Err(too_large(&RuleError::RecordCount { max, found }));
    }
    Ok(records.kept)
}

fn too_large(error: &RuleError) -> Problem {
    let problem = Problem::new(Kind::DataTooLarge, error.to_string());
    match error {
        RuleError::RecordBytes { index, .. } => problem.at(format!("data[{index}]")),
        _ => problem.at("data"),
    }
}

fn refused(error: &MineError) -> Problem {
    let (kind, wait) = match error {
        MineError::TooLarge(rule) => return too_large(rule),
        // Without `Retry-After`: a client that obeyed it might store its records twice.
        MineError::Storage => return Problem::new(Kind::Storage, error.to_string()),
        MineError::QueueFull => (Kind::QueueFull, QUEUE_WAIT),
        MineError::Deadline(_) => (Kind::MiningDeadline, DEADLINE_WAIT),
        MineError::DiskLow(_) => (Kind::DiskLow, DISK_WAIT),
        MineError::Clock(_) => (Kind::Clock, CLOCK_WAIT),
        MineError::Defect(_) => return Problem::new(Kind::Internal, error.to_string()),
        MineError::Stopping => (Kind::Stopping, RESTART_WAIT),
    };
    Problem::new(kind, error.to_string()).retry_after(wait)
}

#[cfg(test)]
mod tests;
