//! Addresses of peers: which are told to whom, and which are taken from whom.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::chain::Timestamp;
use crate::node::{KnownPeer, PeerUrl};
use crate::p2p::net_group::Scope;
pub(super) use crate::sync::message::{MAX_PEERS_MESSAGE, MAX_TEXT, PeerAddress};

const PLAIN_SCHEME: &str = "ws://";
const TLS_SCHEME: &str = "wss://";

/// How a node says in its Hello where it listens. Older nodes do not read an address with TLS.
pub(in crate::p2p) fn told_address(listening: SocketAddr, tls: bool) -> String {
    let scheme = if tls { TLS_SCHEME } else { "" };
    format!("{scheme}{listening}")
}

/// Of the address book, what is told to a peer at `to`: where links came about, the latest
/// first.
pub(in crate::p2p) fn to_tell(mut book: Vec<KnownPeer>, to: IpAddr) -> Vec<PeerAddress> {
    book.retain(|peer| peer.last_success > 0 && peer.address.len() <= MAX_TEXT);
    book.sort_by_key(|peer| std::cmp::Reverse(peer.last_success));
    let peers = book
        .into_iter()
        .filter(|peer| peer.address.parse().is_ok_and(|url: PeerUrl| plain(&url, to).is_some()));
    let address = |peer: KnownPeer| PeerAddress {
        address: peer.address,
        last_seen: Timestamp::from_millis(peer.last_success),
    };
    peers.take(MAX_PEERS_MESSAGE).map(address).collect()
}

/// Of what a peer at `from` told, what may be dialled, each once, without a path.
pub(in crate::p2p) fn learned(addresses: &[PeerAddress], from: IpAddr) -> BTreeSet<PeerUrl> {
    let urls = addresses.iter().filter_map(|peer| peer.address.parse().ok());
    urls.filter_map(|url: PeerUrl| plain(&url, from)).take(MAX_PEERS_MESSAGE).collect()
}

/// Where a peer that we see at `seen` can be dialled, when it says that it listens on `listen`;
/// none when that is not where we see it: who names another machine may do so to have it dialled.
pub(in crate::p2p) fn listening(listen: &str, seen: IpAddr) -> Option<PeerUrl> {
    let (scheme, listen) = match listen.strip_prefix(TLS_SCHEME) {
        Some(listen) => (TLS_SCHEME, listen),
        None => (PLAIN_SCHEME, listen),
    };
    let listen: SocketAddr = listen.parse().ok()?;
    let (ip, seen) = (listen.ip().to_canonical(), seen.to_canonical());
    if !ip.is_unspecified() && ip != seen {
        return None;
    }
    format!("{scheme}{}", SocketAddr::new(seen, listen.port())).parse().ok()
}

/// Whether an address means something on this machine or in its own networks only. A name is
/// local when it is one of loopback's; what others lead to is not looked up.
pub(in crate::p2p) fn is_local(url: &PeerUrl) -> bool {
    let Some((host, _)) = url.authority() else { return true };
    match host.parse::<IpAddr>() {
        Ok(ip) => Scope::of(ip) != Scope::Global,
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// The address with nothing after its port, when a node at `other` may be told it, or may tell
/// it: an IP address that the node can have reached. A name may lead anywhere, later elsewhere
/// than now.
fn plain(url: &PeerUrl, other: IpAddr) -> Option<PeerUrl> {
    let (host, port) = url.authority()?;
    let ip = host.parse::<IpAddr>().ok()?.to_canonical();
    if !Scope::of(other).may_speak_of(Scope::of(ip)) {
        return None;
    }
    let scheme = if url.is_tls() { TLS_SCHEME } else { PLAIN_SCHEME };
    format!("{scheme}{}", SocketAddr::new(ip, port)).parse().ok()
}

#[cfg(test)]
mod tests;
