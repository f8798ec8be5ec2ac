//! The live links: who may become one, and who makes room.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{mpsc, oneshot};

use super::eviction::{self, Candidate};
use crate::chain::{BlockId, Timestamp};
use crate::node::{DialError, Dialect, Direction, LinkInfo, PeerMetrics};
use crate::p2p::config::{MAX_CLOSING, P2pConfig};
use crate::p2p::net_group::{Prefix, SiteGroup};
use crate::p2p::socket::stats::Stats;
use crate::p2p::ticket::Close;
use crate::sync::{LinkId, Outgoing};

/// A link, as the driver holds it.
#[derive(Debug)]
pub(in crate::p2p) struct Live {
    pub(in crate::p2p) address: SocketAddr,
    pub(in crate::p2p) direction: Direction,
    pub(in crate::p2p) dialect: Dialect,
    /// Whether it is encrypted, and the peer has a certificate of the CA.
    pub(in crate::p2p) tls: bool,
    pub(in crate::p2p) agent: Option<String>,
    pub(in crate::p2p) since: Timestamp,
    pub(in crate::p2p) stats: Arc<Stats>,
    pub(in crate::p2p) waiting: mpsc::Sender<Outgoing>,
    /// None once the close was begun.
    pub(in crate::p2p) close: Option<oneshot::Sender<Close>>,
    pub(in crate::p2p) stop_range: Arc<AtomicBool>,
    pub(in crate::p2p) redial_late: bool,
    /// Why the link is no use, if it is not because it ended.
    pub(in crate::p2p) fault: Option<DialError>,
}

/// The live links.
#[derive(Debug)]
pub(in crate::p2p) struct Table {
    pub(in crate::p2p) links: BTreeMap<LinkId, Live>,
    /// Orders network groups as no peer can foresee.
    key: u64,
}

impl Live {
    /// Begins the close; does nothing when it was begun.
    pub(super) fn close(&mut self, close: Close) {
        if let Some(sender) = self.close.take() {
            // The link may be over by itself.
            let _ = sender.send(close);
        }
    }

    /// Counts the bytes that came and went since the last call for all links together.
    pub(super) fn count_bytes(&self, peers: &PeerMetrics) {
        let (received, sent) = self.stats.new_bytes();
        let traffic = peers.traffic(self.dialect);
        traffic.received.add(received);
        traffic.sent.add(sent);
    }

    fn info(&self) -> LinkInfo {
        let (received, sent) = self.stats.bytes();
        LinkInfo {
            dialect: self.dialect,
            tls: self.tls,
            agent: self.agent.clone(),
            tip: self.stats.last_tip(),
            rtt: self.stats.rtt(),
            received,
            sent,
            ..LinkInfo::new(self.address, self.direction, self.since)
        }
    }
}

impl Table {
    /// No links; `key` is secret.
    pub(in crate::p2p) const fn new(key: u64) -> Self {
        Self { links: BTreeMap::new(), key }
    }

    /// What everybody may see.
    pub(super) fn infos(&self) -> Vec<LinkInfo> {
        self.links.values().filter(|live| live.close.is_some()).map(Live::info).collect()
    }

    /// The tip came to be this block: the links that had named it before are credited for it.
    pub(super) fn extended_to(&self, tip: BlockId) {
        let named = (tip.height, Some(tip.hash));
        for live in self.links.values().filter(|live| live.stats.last_tip() == Some(named)) {
            live.stats.new_headers();
        }
    }

    /// Whether a peer from this address may open a link; a link that must make room is
    /// closed. Links count until their sockets are gone.
    pub(in crate::p2p) fn admits(&mut self, address: SocketAddr, config: &P2pConfig) -> bool {
        let accepted = self.links.values().filter(|live| live.direction == Direction::Accepted);
        let ip = address.ip().to_canonical();
        if !ip.is_loopback() {
            let same = |live: &&Live| Prefix::of(live.address.ip()) == Prefix::of(ip);
            if accepted.clone().filter(same).count() >= config.max_per_prefix {
                return false;
            }
        }
        let open = accepted.clone().filter(|live| live.close.is_some()).count();
        if accepted.count() >= config.max_accepted.saturating_add(MAX_CLOSING) {
            return false;
        }
        if open < config.max_accepted {
            return true;
        }
        let newcomer = SiteGroup::of(ip);
        let Some(link) = eviction::select(self.candidates(), newcomer) else { return false };
        if let Some(live) = self.links.get_mut(&link) {
            live.close(Close { code: 1013, reason: "room is made for another peer" });
        }
        true
    }

    /// The accepted links, any of which may have to make room.
    fn candidates(&self) -> Vec<Candidate> {
        let accepted = self
            .links
            .iter()
            .filter(|(_, live)| live.direction == Direction::Accepted && live.close.is_some());
        let candidate = |(link, live): (&LinkId, &Live)| {
            let group = SiteGroup::of(live.address.ip());
            Candidate {
                link: *link,
                group,
                keyed_group: self.keyed(group),
                rtt: live.stats.shortest_rtt(),
                new_block: live.stats.last_new_block(),
                new_headers: live.stats.last_new_headers(),
            }
        };
        accepted.map(candidate).collect()
    }

    fn keyed(&self, group: SiteGroup) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.key, group).hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests;
