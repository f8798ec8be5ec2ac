//! From a socket to a link, both ways.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use humantime::format_duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::context::Context;
use super::dialing::known_peers::Named;
use super::event::{Arrival, Event};
use super::link;
use super::net_group::Scope;
use super::socket::debts::Debtor;
use super::socket::frame_guard::FrameGuard;
use super::socket::happy_eyeballs;
use super::socket::stats::Stats;
use super::socket::subprotocol;
use super::socket::subprotocol::{Agreed, Offer, Refused, config};
use super::socket::transport::{Connected, Transport};
use super::socket::upgrade::{self, Refusal};
use super::socket::upgrade_slots::Slot;
use super::ticket::{Close, Ticket};
use crate::node::{DialError, Dialect, PeerUrl, is_local_service};
use crate::sync::message::MAX_FRAME;
use crate::tls::{Credentials, MaybeTls, NoTls};

/// An upgraded connection.
struct Upgraded<S> {
    socket: WebSocketStream<FrameGuard<MaybeTls<S>>>,
    /// Whether it is encrypted, and the peer has a certificate of the CA.
    tls: bool,
    agreed: Agreed,
    stats: Arc<Stats>,
    debtor: Arc<Debtor>,
    address: SocketAddr,
}

/// Serves a connection that a peer opened, with TLS if there is any. `slot` is held until it is a
/// link, or gone.
pub(super) async fn accept<S>(
    context: Arc<Context>,
    stream: S,
    tls: Option<Credentials>,
    address: SocketAddr,
    slot: Slot,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let evicted = slot.evicted();
    if context.node.is_banned(address.ip(), context.node.now()) {
        context.node.metrics().peers.refused_banned.increment();
        tracing::debug!(%address, "no link: the address is banned");
        return;
    }
    let wait = context.debts.wait(address.ip());
    let mut waits = !wait.is_zero();
    let upgrade = async {
        if !wait.is_zero() {
            sleep(wait).await;
        }
        waits = false;
        upgrade(&context, stream, tls, address).await
    };
    let upgrade = timeout(context.config.handshake_timeout, upgrade);
    let upgrade = evicted.run_until_cancelled(upgrade);
    let upgraded = context.stop.run_until_cancelled(upgrade).await;
    if waits {
        context.node.metrics().peers.refused_owing.increment();
        tracing::debug!(%address, "no link: its source owes too much for useless work");
        return;
    }
    let Some(upgraded) = upgraded else { return };
    let Some(upgraded) = upgraded else {
        tracing::debug!(%address, "no link: a newer connection took its upgrade slot");
        return;
    };
    let (stream, agreed) = match upgraded {
        Ok(Some(upgraded)) => upgraded,
        Ok(None) => return,
        Err(_) => {
            tracing::debug!(%address, "no link: the upgrade timed out");
            return;
        }
    };
    let upgraded = Upgraded::new(&context, Role::Server, stream, &[], agreed, address).await;
    let (arrival, ticket) = upgraded.arrive();
    if context.events.send(Event::Accepted(arrival)).await.is_err() {
        return;
    }
    if let Ok(ticket) = ticket.await {
        drop(slot);
        upgraded.run(context, ticket).await;
    } else if !context.node.is_banned(address.ip(), context.node.now()) {
        let refuse = link::refuse(upgraded.socket, &upgraded.debtor, FULL);
        // A connection that lost its place is closed.
        let _ = evicted.run_until_cancelled(refuse).await;
    }
}

/// Upgrades a connection that a peer opened, if it asks for that. What else it asks for is
/// answered, and it is closed.
async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
    context: &Context,
    stream: S,
    tls: Option<Credentials>,
    address: SocketAddr,
) -> Option<(MaybeTls<S>, Agreed)> {
    let charge = || context.debts.set_up(address.ip());
    let is_charged = tls.is_some();
    let mut stream = match tls {
        None => MaybeTls::Plain(stream),
        // A handshake that is begun costs as much as a whole one, also when it is held until its
        // time is up.
        Some(tls) => match tls.accept_noting(stream, "wss", charge).await {
            Ok(stream) => stream,
            Err(error) => {
                if let NoTls::Gone(_) = error {
                    tracing::debug!(%address, "no link: {error}");
                } else {
                    tracing::info!(%address, "peer refused: {error}");
                }
                return None;
            }
        },
    };
    let answered = upgrade::accept(&mut stream, address.ip(), context.config.binary).await;
    if !is_charged && !matches!(answered, Err(Refusal::Gone(_))) {
        charge();
    }
    let refusal = match answered {
        Ok(agreed) => return Some((stream, agreed)),
        Err(refusal) => refusal,
    };
    match refusal {
        Refusal::Gone(why) => {
            tracing::debug!(%address, "no link: {why}");
            return None;
        }
        Refusal::ForeignOrigin(origin) => {
            tracing::info!(%address, ?origin,
                "peer refused: its Origin header does not match the host it dialled");
        }
        Refusal::Tls => {
            tracing::info!(%address,
                "peer refused: it speaks TLS, and this port does not; it must dial ws://, or set `p2p.tls` here");
        }
        Refusal::NoUpgrade(status, _) => {
            tracing::debug!(%address, %status, "no link: the request is not an upgrade to WebSocket");
        }
    }
    upgrade::linger(&mut stream).await;
    None
}

/// Why there is no link, or no longer.
pub(super) const BANNED: &str = "its address is banned";

const FULL: Close = Close { code: 1013, reason: "no room for another link; try again later" };

/// Dials a peer, and serves the link. A ban counts only for one that is not wanted.
pub(super) async fn dial<T: Transport>(
    context: Arc<Context>,
    transport: T,
    peer: PeerUrl,
    named: Named,
    listening: SocketAddr,
) {
    let limit = context.config.handshake_timeout;
    let reached = timeout(limit, reach(&context, &transport, &peer, named, listening));
    let reached = AssertUnwindSafe(reached).catch_unwind();
    let Some(reached) = context.stop.run_until_cancelled(reached).await else { return };
    // A panic must not hold the place of a dial for ever.
    let defect = |_| Ok(Err(DialError::unreached("internal error: the dialling task panicked")));
    let error = match reached.unwrap_or_else(defect) {
        Ok(Ok(upgraded)) => {
            let (arrival, ticket) = upgraded.arrive();
            let event = Event::Dialled { peer, arrival };
            if context.events.send(event).await.is_ok()
                && let Ok(ticket) = ticket.await
            {
                upgraded.run(context, ticket).await;
            }
            return;
        }
        Ok(Err(error)) => error,
        Err(_) => DialError::Unreached(format!("no link within {}", format_duration(limit))),
    };
    context.tell(Event::Unreached { peer, error }).await;
}

async fn reach<T: Transport>(
    context: &Context,
    transport: &T,
    peer: &PeerUrl,
    named: Named,
    listening: SocketAddr,
) -> Result<Upgraded<T::Stream>, DialError> {
    let other = |error: std::io::Error| DialError::unreached(error.to_string());
    let tls = context.config.tls.as_ref().filter(|_| peer.is_tls());
    if peer.is_tls() && tls.is_none() {
        return Err(DialError::unreached(NEEDS_TLS));
    }
    if context.config.require_tls && !peer.is_tls() {
        return Err(DialError::unreached(TLS_REQUIRED));
    }
    if context.config.tls.is_some() && !peer.is_tls() && !named.is_wanted {
        return Err(DialError::unreached(NOT_NAMED));
    }
    let no_host = || DialError::unreached("its address names no host");
    let (host, port) = peer.authority().ok_or_else(no_host)?;
    let is_banned = |ip| !named.is_wanted && context.node.is_banned(ip, context.node.now());
    let is_name = host.parse::<IpAddr>().is_err();
    let allowed = |mut addresses: Vec<SocketAddr>| {
        addresses.retain(|address| context.config.allow.allows(address.ip()));
        if addresses.is_empty() {
            return Err(DialError::unreached(NOT_ALLOWED));
        }
        if !named.is_wanted {
            addresses.retain(|address| may_lead_to(is_name, address.ip()));
            if addresses.is_empty() {
                return Err(DialError::unreached(NOT_ABROAD));
            }
        }
        if !named.is_configured {
            addresses.retain(|address| !is_local_service(address.ip()));
            if addresses.is_empty() {
                return Err(DialError::unreached(LOCAL_SERVICE));
            }
        }
        addresses.retain(|address| !is_banned(address.ip()));
        if addresses.is_empty() { Err(DialError::unreached(BANNED)) } else { Ok(addresses) }
    };
    let first = if context.config.binary { Offer::Both } else { Offer::Json };
    for offer in [first, Offer::Nothing] {
        let addresses = allowed(transport.resolve(&host, port).await.map_err(other)?)?;
        let connected = happy_eyeballs::connect(transport, addresses).await.map_err(other)?;
        let Connected { stream, local, remote } = connected;
        if is_oneself(local, remote, listening) {
            return Err(DialError::Oneself);
        }
        let mut stream = match tls {
            None => MaybeTls::Plain(stream),
            Some(tls) => {
                let secured = tls.connect(stream, &host, named.is_wanted).await;
                secured.map_err(|error| DialError::unreached(error.to_string()))?
            }
        };
        match subprotocol::dial(&mut stream, peer.as_str(), offer).await {
            Ok((agreed, came)) => {
                let role = Role::Client;
                return Ok(Upgraded::new(context, role, stream, &came, agreed, remote).await);
            }
            Err(Refused::NoToken) if offer != Offer::Nothing => {}
            Err(Refused::NoToken) => break,
            Err(Refused::RestApi) => return Err(DialError::RestApi),
            Err(Refused::Other(reason)) => return Err(DialError::Unreached(reason)),
        }
    }
    Err(DialError::unreached("the server responded with a protocol that was not offered"))
}

/// Why an address with TLS is not dialled.
const NEEDS_TLS: &str =
    "wss:// needs `p2p.tls` with a certificate, its key and the CA in jenny.toml";

/// Why an address without TLS is not dialled.
const TLS_REQUIRED: &str = "`p2p.require_tls` is set: only wss:// addresses are dialled";

/// Why an address without TLS that nobody named is not dialled.
const NOT_NAMED: &str =
    "with `p2p.tls`, a ws:// address is dialled only when the operator names it";

/// Why an address is not dialled.
const NOT_ALLOWED: &str = "its address is not in `p2p.allow`";

/// Why an address that only a client named is not connected to.
const LOCAL_SERVICE: &str = "link-local and metadata addresses are dialled only when --peer or the peers file (`peers`) names them";

/// Why a name of the address book is not connected to.
const NOT_ABROAD: &str = "its name leads to this machine or to no usable address; name it as a peer to dial it all the same";

/// Whether an address may be connected to for a peer that the operator did not name. What a
/// name leads to is known only now.
fn may_lead_to(is_name: bool, ip: IpAddr) -> bool {
    match Scope::of(ip) {
        Scope::Global | Scope::Private => true,
        Scope::Loopback => !is_name,
        Scope::Unusable => false,
    }
}

/// Whether both ends are on this machine's address, and the other one is where we listen.
fn is_oneself(local: SocketAddr, remote: SocketAddr, listening: SocketAddr) -> bool {
    let (here, there) = (local.ip().to_canonical(), remote.ip().to_canonical());
    let ours = listening.ip();
    here == there && remote.port() == listening.port() && (ours.is_unspecified() || ours == there)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Upgraded<S> {
    /// Lays the frame guard behind an upgrade with which `came` came.
    async fn new(
        context: &Context,
        role: Role,
        stream: MaybeTls<S>,
        came: &[u8],
        agreed: Agreed,
        address: SocketAddr,
    ) -> Self {
        let (stats, tls) = (Arc::default(), stream.is_tls());
        // Links that hold all of the budget must not hold up what is short.
        let (account, max_message) = match agreed.dialect {
            Dialect::Binary => (None, MAX_FRAME),
            Dialect::JennyJson | Dialect::Json => {
                (Some(context.budget.account(address.ip())), context.config.max_message)
            }
        };
        let debtor = match role {
            Role::Server => context.debts.accepted(address.ip()),
            Role::Client => context.debts.dialled(),
        };
        let (counted, owing) = (Arc::clone(&stats), Arc::clone(&debtor));
        let silence = context.config.silence;
        let frame_guard =
            FrameGuard::new(stream, came, counted, owing, account, max_message, silence);
        let socket = WebSocketStream::from_raw_socket(frame_guard, role, Some(config(max_message)));
        Self { socket: socket.await, tls, agreed, stats, debtor, address }
    }

    fn arrive(&self) -> (Arrival, oneshot::Receiver<Ticket>) {
        let (reply, ticket) = oneshot::channel();
        let stats = Arc::clone(&self.stats);
        let (address, agreed, tls) = (self.address, self.agreed.clone(), self.tls);
        (Arrival { address, agreed, tls, stats, reply }, ticket)
    }

    async fn run(self, context: Arc<Context>, ticket: Ticket) {
        let dialect = self.agreed.dialect;
        link::run(context, self.stats, self.debtor, self.socket, dialect, ticket).await;
    }
}

#[cfg(test)]
mod tests;
