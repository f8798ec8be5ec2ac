//! `POST /v1/forks/{hash}/accept`: the operator accepts a branch that forks too deep.

use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::Call;
use super::status::DeepFork;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::reply;
use crate::chain::Hash;

#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    accepted: DeepFork,
}

/// Accepts the branch whose first block this is. The body says nothing; one that is sent is read
/// and dropped.
pub(super) async fn accept(mut call: Call) -> Result<Response, Problem> {
    call.discard_body().await?;
    let [hash] = call.parameters()?;
    let first: Hash = hash.parse().map_err(|_| {
        let detail = "identify a deep fork by the hash of its first block, 64 lower-case hexadecimal digits, as `deepForks` in /v1/status does";
        Problem::new(Kind::InvalidParameter, detail).at("hash")
    })?;
    let fork = call.context.node.accept_fork(first).await?.ok_or_else(|| {
        let detail = "no branch that begins with this block was refused since the node started; `deepForks` in /v1/status lists the waiting branches";
        Problem::new(Kind::ForkNotFound, detail).at("hash")
    })?;
    reply::json(&Accepted { accepted: DeepFork::of(&fork) })
}
