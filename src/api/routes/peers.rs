//! `GET /peers`, `POST /addToPeer` and `POST /addPeers`: the peer network.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::Call;
use crate::api::context::Context;
use crate::api::events::{direction_name, show};
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::{json_body, reply};
use crate::chain::{Hash, Height};
use crate::node::{DialError, Dialect, LinkInfo, Links, PeerUrl, PeerUrlError, read_peers_file};

/// Peers of one request that are dialled at the same time.
const MAX_DIALS: usize = 32;

/// How long a client should wait for one of them to end.
const ADD_ALL_WAIT: Duration = Duration::from_secs(10);

/// Addresses of the live links.
pub(super) async fn table(call: Call) -> Result<Response, Problem> {
    let write = async || {
        let links = call.context.node.links().table();
        reply::write(&links.iter().map(|link| show(link.address)).collect::<Vec<_>>())
    };
    call.share.json(write).await
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Link)]
pub(super) struct Detail<'a> {
    address: String,
    #[schema(pattern = "^(dialled|accepted)$")]
    direction: &'static str,
    #[schema(pattern = "^(seed|jenny\\.json\\.1|jenny\\.postcard\\.1)$")]
    dialect: &'static str,
    /// Whether the link is encrypted, and the peer has a certificate of the operator's CA.
    tls: bool,
    #[schema(required)]
    agent: Option<&'a str>,
    #[schema(required)]
    tip: Option<PeerTip>,
    #[schema(required)]
    rtt_millis: Option<f64>,
    received_bytes: u64,
    sent_bytes: u64,
    /// Milliseconds since the epoch.
    since: u64,
}

#[derive(Serialize, ToSchema)]
struct PeerTip {
    height: Height,
    #[schema(required)]
    hash: Option<Hash>,
}

/// The live links in detail.
pub(super) async fn details(call: Call) -> Result<Response, Problem> {
    let write = async || {
        let links = call.context.node.links().table();
        reply::write(&links.iter().map(detail).collect::<Vec<_>>())
    };
    call.share.json(write).await
}

fn detail(link: &LinkInfo) -> Detail<'_> {
    Detail {
        address: show(link.address),
        direction: direction_name(link.direction),
        dialect: dialect_name(link.dialect),
        tls: link.tls,
        agent: link.agent.as_deref(),
        tip: link.tip.map(|(height, hash)| PeerTip { height, hash }),
        rtt_millis: link.rtt.map(|rtt| rtt.as_secs_f64() * 1_000.0),
        received_bytes: link.received,
        sent_bytes: link.sent,
        since: link.since.as_millis(),
    }
}

/// What the API calls a dialect.
pub(super) const fn dialect_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Json => "seed",
        Dialect::JennyJson => "jenny.json.1",
        Dialect::Binary => "jenny.postcard.1",
    }
}

/// Remembers a peer and dials it.
pub(super) async fn add_one(mut call: Call) -> Result<Response, Problem> {
    let body = call.small_json_body().await?;
    let text = json_body::string(body.as_bytes(), "peer")?;
    call.subject.note(&text);
    dial_remote(&call.context, &text, "peer").await?;
    reply::json(&text)
}

/// Remembers and dials a peer that a client named in this field. Whatever keeps a link from
/// coming about is told in the same words, so that nobody can look at this node's surroundings
/// through it.
pub(super) async fn dial_remote(
    context: &Context,
    text: &str,
    field: &'static str,
) -> Result<(), Problem> {
    let invalid =
        |error: PeerUrlError| Problem::new(Kind::InvalidPeer, error.to_string()).at(field);
    let peer: PeerUrl = text.parse().map_err(invalid)?;
    peer.check_remote().map_err(invalid)?;
    let links = context.node.links();
    links.dial(&peer).await.map_err(|error| match error {
        DialError::OtherChain => {
            let detail = format!(
                "{error}; compare `chain` of /v1/status on both nodes, and have one of them hold the chain of the other"
            );
            Problem::new(Kind::PeerOfOtherChain, detail).at(field)
        }
        DialError::RestApi => Problem::new(Kind::PeerUnreachable, error.to_string()).at(field),
        _ => {
            let detail = "no link was established; the node remembers the peer and retries; GET /v1/peers/known shows the result";
            Problem::new(Kind::PeerUnreachable, detail).at(field)
        }
    })
}

#[derive(Serialize, ToSchema)]
#[schema(as = DialledPeer)]
pub(super) struct Dialled {
    peer: String,
    connected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
}

/// Reads the peers file again and dials all it names, side by side. The body says
/// nothing; one that is sent is read and dropped.
pub(super) async fn add_all(mut call: Call) -> Result<Response, Problem> {
    call.discard_body().await?;
    let context = &call.context;
    let _turn = Arc::clone(&context.peers_turns).try_acquire_owned().map_err(|_| {
        let detail = "too many requests are dialling the peers file; try again later";
        Problem::new(Kind::Busy, detail).retry_after(ADD_ALL_WAIT)
    })?;
    let peers = listed(context).await?;
    let links = context.node.links();
    let dials = stream::iter(peers.into_iter().map(|peer| dial(links, peer)));
    let answers: Vec<_> = dials.buffered(MAX_DIALS).collect().await;
    call.share.json(async || reply::write(&answers)).await
}

async fn dial(links: &Links, peer: String) -> Dialled {
    let result = match peer.parse::<PeerUrl>() {
        Ok(url) => links.dial_from_file(&url).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    Dialled { peer, connected: result.is_ok(), error: result.err() }
}

async fn listed(context: &Context) -> Result<Vec<String>, Problem> {
    let (path, required) = (context.peers_file.clone(), context.peers_required);
    let reading = tokio::task::spawn_blocking(move || read_peers_file(&path, required));
    reading.await.map_err(|_| Problem::internal())?.map_err(|error| {
        let path = context.peers_file.display();
        let detail = format!(
            "{path}: {error}; write a JSON array of addresses there, such as [\"ws://192.0.2.1:7545\"]"
        );
        Problem::new(Kind::PeersFile, detail)
    })
}

#[cfg(test)]
mod tests;
