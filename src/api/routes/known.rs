//! The peers that this node knows: `GET /v1/peers/known`, `POST /v1/peers` and
//! `DELETE /v1/peers/{address}`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::Call;
use super::peers::dial_remote;
use crate::api::context::Context;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::{json_body, reply};
use crate::chain::Timestamp;
use crate::node::{DialledPeer, KnownPeer};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KnownPeer)]
pub(super) struct Known {
    address: String,
    origin: Origin,
    linked: bool,
    /// Milliseconds since the epoch.
    #[schema(required)]
    last_success: Option<u64>,
    failures: u32,
    #[schema(required)]
    last_error: Option<String>,
    /// Milliseconds since the epoch.
    #[schema(required)]
    next_try: Option<u64>,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PeerOrigin)]
enum Origin {
    /// The operator named it since the start.
    Named,
    /// It was added or reached earlier.
    Remembered,
    /// Only another peer spoke of it.
    Learned,
}

/// Every known peer, in order of address.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    call.share.json(|| gather(&call.context)).await
}

async fn gather(context: &Context) -> Result<Vec<u8>, Problem> {
    let turn = Arc::clone(&context.known_lists).acquire_owned().await;
    let _turn = turn.map_err(|_| Problem::internal())?;
    let dialled = context.node.links().known().await;
    reply::write(&merge(dialled, context.node.known_peers().await?))
}

/// What is dialled and what is written down of it. An entry of the book that nothing dials,
/// because it is no address by today's rules, is listed too.
fn merge(dialled: Vec<DialledPeer>, book: Vec<KnownPeer>) -> Vec<Known> {
    let mut known = BTreeMap::new();
    for entry in book {
        let origin = if entry.learned { Origin::Learned } else { Origin::Remembered };
        let listed = Known {
            address: entry.address,
            origin,
            linked: false,
            last_success: (entry.last_success > 0).then_some(entry.last_success),
            failures: entry.failures,
            last_error: None,
            next_try: None,
        };
        known.insert(listed.address.clone(), listed);
    }
    for peer in dialled {
        let written = known.get(&peer.address);
        let origin = if peer.is_named {
            Origin::Named
        } else {
            written.map_or(Origin::Learned, |written| written.origin)
        };
        let listed = Known {
            origin,
            linked: peer.is_linked,
            last_success: written.and_then(|written| written.last_success),
            failures: peer.failures,
            last_error: peer.last_error.map(|error| error.to_string()),
            next_try: peer.next_try.map(Timestamp::as_millis),
            address: peer.address,
        };
        known.insert(listed.address.clone(), listed);
    }
    known.into_values().collect()
}

#[derive(Serialize, ToSchema)]
#[schema(as = AddedPeer)]
pub(super) struct Added<'a> {
    address: &'a str,
    connected: bool,
}

/// Remembers a peer and dials it.
pub(super) async fn add(mut call: Call) -> Result<Response, Problem> {
    let body = call.small_json_body().await?;
    let address = json_body::string(body.as_bytes(), "address")?;
    call.subject.note(&address);
    dial_remote(&call.context, &address, "address").await?;
    reply::json(&Added { address: &address, connected: true })
}

/// Forgets a peer: closes the link to it, and keeps it away until it is added again or the node
/// starts anew.
pub(super) async fn remove(call: Call) -> Result<Response, Problem> {
    let (address, node) = (call.address()?, &call.context.node);
    // The book first: from then on nothing that is under way brings the peer back.
    let was_written = node.forget_peer(&address).await?;
    let was_dialled = node.links().forget(&address).await;
    if was_written || was_dialled {
        return Ok(reply::nothing());
    }
    node.recall_peer(&address);
    let detail = "no peer with this address is known; GET /v1/peers/known lists all addresses in the form to use";
    Err(Problem::new(Kind::PeerNotFound, detail).at("address"))
}

#[cfg(test)]
mod tests;
