//! `GET /v1/bans`, `POST /v1/bans` and `DELETE /v1/bans/{address}`: the IPv4 addresses
//! and IPv6 /64s that are kept out.

use std::net::IpAddr;

use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::call::Call;
use crate::api::context::Context;
use crate::api::http::problem::{Kind, Problem};
use crate::api::http::{json_body, reply};
use crate::node;

/// The longest ban, and how long one lasts that says nothing else: a day. A longer one is taken
/// for one that was made while the clock was ahead, and shortened.
pub(super) const MAX_SECONDS: u64 = 24 * 60 * 60;

/// What is kept as the reason when none is given.
const DEFAULT_REASON: &str = "banned by the operator";

#[derive(Serialize, ToSchema)]
pub(super) struct Ban {
    address: String,
    /// Milliseconds since the epoch.
    until: u64,
    reason: String,
}

/// The bans that have not ended.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let list = async || reply::write(&bans(&call.context).collect::<Vec<_>>());
    call.share.json(list).await
}

fn bans(context: &Context) -> impl Iterator<Item = Ban> {
    context.node.bans().into_iter().map(|ban| Ban {
        address: ban.subject(),
        until: ban.until.as_millis(),
        reason: ban.reason,
    })
}

/// Bans an address and closes the links with it.
pub(super) async fn add(mut call: Call) -> Result<Response, Problem> {
    let body = call.small_json_body().await?;
    let body = body.as_bytes();
    let text = json_body::string(body, "address")?;
    let seconds = json_body::optional(body, "seconds")?.unwrap_or(MAX_SECONDS);
    let reason = json_body::optional::<String>(body, "reason")?;
    let reason = reason.as_deref().unwrap_or(DEFAULT_REASON);
    let address: IpAddr = text.parse().map_err(|_| {
        let detail =
            "the address must be an IP address without a port, such as 192.0.2.1 or 2001:db8::1";
        Problem::new(Kind::InvalidBody, detail).at("address")
    })?;
    if !(1..=MAX_SECONDS).contains(&seconds) {
        let detail = format!("a ban lasts 1 to {MAX_SECONDS} seconds");
        return Err(Problem::new(Kind::InvalidBody, detail).at("seconds"));
    }
    let node = &call.context.node;
    let until = node.now().plus_millis(seconds.saturating_mul(1_000));
    if address.to_canonical().is_loopback() {
        let detail = "a loopback address cannot be banned: every program on this machine uses it";
        return Err(Problem::new(Kind::InvalidBody, detail).at("address"));
    }
    call.subject.note(&address.to_string());
    let reason = reason.to_owned();
    let ban = node::Ban { address, until, reason, by_operator: true };
    let (address, network) = (ban.subject(), ban.address);
    if !node.add_ban(&ban).await? {
        let detail = "the list is full of bans made by operators; remove one of them first";
        return Err(Problem::new(Kind::TooManyBans, detail).at("address"));
    }
    node.links().disconnect(network).await;
    let ban =
        bans(&call.context).find(|ban| ban.address == address).ok_or_else(Problem::internal)?;
    reply::json(&ban)
}

/// Ends a ban.
pub(super) async fn remove(call: Call) -> Result<Response, Problem> {
    let text = call.address()?;
    let address = text.strip_suffix("/64").filter(|address| address.contains(':'));
    let address: IpAddr = address.unwrap_or(&text).parse().map_err(|_| {
        let detail = "identify the ban by its IP address, as GET /v1/bans lists it";
        Problem::new(Kind::InvalidParameter, detail).at("address")
    })?;
    if call.context.node.unban(address).await? {
        return Ok(reply::nothing());
    }
    Err(Problem::new(Kind::BanNotFound, "this address is not banned").at("address"))
}
