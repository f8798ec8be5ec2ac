//! Whom the driver dials, and what it notes of those it reached.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::links::NEVER;
use super::{Driver, log_failure};
use crate::chain::Timestamp;
use crate::node::{Direction, KnownPeer, PeerUrl};
use crate::p2p::connect;
use crate::p2p::dialing::addresses::is_local;
use crate::p2p::net_group::Prefix;
use crate::p2p::socket::transport::Transport;
use crate::p2p::ticket::Close;

/// How often one address that was only told of is tried: 2 minutes, as in Bitcoin Core.
pub(in crate::p2p) const FEELER_EVERY: Duration = Duration::from_secs(120);

/// Block times without a new tip after which one more link is dialled, while a peer names a
/// higher block.
const STALE_BLOCKS: u32 = 10;

/// What is dialled beyond the links that are kept.
#[derive(Debug)]
pub(super) struct Search {
    next_feeler: Instant,
    tip_moved: Instant,
    /// Whether one more link is allowed, because the tip does not move.
    pub(super) is_stale: bool,
    unwritten: Arc<Unwritten>,
}

/// The anchors on their way into the address book: the last choice is what stays there, in
/// whatever order the tasks that write run.
#[derive(Debug, Default)]
struct Unwritten {
    latest: Mutex<Vec<String>>,
    turn: tokio::sync::Mutex<()>,
}

impl Search {
    pub(super) fn new(now: Instant) -> Self {
        Self { next_feeler: now, tip_moved: now, is_stale: false, unwritten: Arc::default() }
    }
}

impl<T: Transport> Driver<T> {
    /// Takes up the peers of the configuration and of the address book.
    pub(super) async fn take_up_known(&mut self) {
        let now = Instant::now();
        for peer in self.context.config.peers.clone() {
            self.dials.configure(&peer, now);
        }
        let anchors = self.context.node.anchors().await.unwrap_or_else(|error| {
            log_failure("cannot read the anchors of the address book", &error);
            Vec::new()
        });
        let known = self.context.node.known_peers().await.unwrap_or_else(|error| {
            log_failure("cannot read the address book", &error);
            Vec::new()
        });
        for KnownPeer { address, last_success, learned, .. } in known {
            let Ok(peer) = address.parse::<PeerUrl>() else { continue };
            // The settings may have changed since it was written down.
            if !self.may_dial(&peer) {
                continue;
            }
            if learned {
                // Local ones were written down by earlier versions.
                if !is_local(&peer) {
                    self.dials.learn(peer, None, now);
                }
                continue;
            }
            let is_anchor = anchors.contains(&address);
            self.dials.reached(peer, Timestamp::from_millis(last_success), is_anchor, now);
        }
    }

    pub(super) fn dial_due(&mut self) {
        let now = Instant::now();
        let max = self.context.config.max_dialled + usize::from(self.search.is_stale);
        let mut peers = self.dials.due(now, max);
        if self.search.next_feeler <= now && self.context.config.max_dialled > 0 {
            self.search.next_feeler = now + FEELER_EVERY;
            peers.extend(self.dials.feeler(now));
        }
        for peer in peers {
            let (context, transport) = (Arc::clone(&self.context), self.transport.clone());
            let named = self.dials.named(&peer);
            self.tasks.spawn(connect::dial(context, transport, peer, named, self.listening));
        }
    }

    /// Whether the settings let this node dial an address that the operator did not name: one with
    /// TLS if this node has it, else one without. What a name leads to is known only to the dial.
    fn may_dial(&self, peer: &PeerUrl) -> bool {
        let config = &self.context.config;
        let is_encrypted_as_here = match config.tls {
            Some(_) => peer.is_tls(),
            None => !peer.is_tls() && !config.require_tls,
        };
        let literal = peer.authority().and_then(|(host, _)| host.parse().ok());
        is_encrypted_as_here && literal.is_none_or(|ip| config.allow.allows(ip))
    }

    /// When something is to be searched for next.
    pub(super) fn next_search(&self) -> Option<Instant> {
        // A node that dials nobody sends no feelers, so that time would stay in the past.
        let feeler = self.search.next_feeler;
        let feeler = Some(feeler).filter(|_| self.context.config.max_dialled > 0);
        let stale = self.search.tip_moved + self.stale_after();
        let stale = Some(stale).filter(|_| !self.search.is_stale && self.is_behind_a_claim());
        [feeler, stale].into_iter().flatten().min()
    }

    fn stale_after(&self) -> Duration {
        let block = self.context.node.spec().target_block_time_ms();
        Duration::from_millis(block).saturating_mul(STALE_BLOCKS)
    }

    /// Whether a peer names a higher block than ours. It may lie: that costs one link.
    fn is_behind_a_claim(&self) -> bool {
        let names_more = |height| height > self.tip.height;
        self.table
            .links
            .values()
            .any(|live| live.stats.last_tip().is_some_and(|(height, _)| names_more(height)))
    }

    /// Allows one more link while the tip does not move though peers name higher blocks: all
    /// links may be to one party that withholds them.
    pub(super) fn search_if_stale(&mut self) {
        let is_over = self.search.tip_moved + self.stale_after() <= Instant::now();
        if is_over && !self.search.is_stale && self.is_behind_a_claim() {
            self.search.is_stale = true;
            tracing::warn!(
                "no new block for {STALE_BLOCKS} block times while peers report higher ones: dialling one more peer"
            );
        }
    }

    /// The tip is another one: the link that was one too many ends.
    pub(super) fn tip_moved(&mut self) {
        self.search.tip_moved = Instant::now();
        if std::mem::take(&mut self.search.is_stale) {
            self.keep_within_cap();
        }
    }

    /// Closes one of the links of our own choice if more are dialled than are kept: the youngest
    /// of those that gave no block, else the one whose last block is oldest.
    pub(super) fn keep_within_cap(&mut self) {
        let max = self.context.config.max_dialled + usize::from(self.search.is_stale);
        let links = &self.table.links;
        let dialled = links
            .values()
            .filter(|live| live.direction == Direction::Dialled && live.close.is_some());
        if dialled.count() <= max {
            return;
        }
        let choice = self.dials.own_choice();
        let least = choice.iter().enumerate().min_by_key(|(age, (_, link))| {
            let last = links.get(link).and_then(|live| live.stats.last_new_block());
            (last, std::cmp::Reverse(*age))
        });
        let Some(link) = least.map(|(_, (_, link))| *link) else { return };
        if let Some(live) = self.table.links.get_mut(&link) {
            live.close(Close { code: 1000, reason: "one link more than are kept" });
        }
    }

    /// Takes up addresses that a peer at `from` spoke of. They are the book's as such until our
    /// own dial reaches them.
    pub(super) fn take_up(&mut self, peers: impl IntoIterator<Item = PeerUrl>, from: IpAddr) {
        let (now, by) = (Instant::now(), Some(Prefix::of(from)));
        let mut new = Vec::new();
        for peer in peers {
            if !self.may_dial(&peer) {
                continue;
            }
            // A local one that nobody named is not kept over a restart: this machine may be in
            // another network then.
            let is_forgotten = self.context.node.is_forgotten(peer.as_str());
            if !is_forgotten && self.dials.learn(peer.clone(), by, now) && !is_local(&peer) {
                let address = peer.as_str().to_owned();
                let last_success = NEVER.as_millis();
                new.push(KnownPeer { address, last_success, failures: 0, learned: true });
            }
        }
        if !new.is_empty() {
            self.write_down(new);
        }
    }

    /// Writes a peer that was reached, failed or was added into the address book, beside
    /// everything else. A local address that the operator did not name is not kept.
    pub(super) fn remember(&self, peer: &PeerUrl, success: Timestamp, failures: u32) {
        if is_local(peer) && !self.dials.names(peer) {
            return;
        }
        let address = peer.as_str().to_owned();
        let learned = success == NEVER && self.dials.is_told(peer);
        let last_success = success.as_millis();
        self.write_down(vec![KnownPeer { address, last_success, failures, learned }]);
    }

    /// Notes the peers that are linked by our own choice, which were there just now, and the
    /// anchors.
    pub(super) fn note_linked(&mut self) {
        let linked: Vec<_> =
            self.dials.own_choice().into_iter().map(|(peer, _)| peer.clone()).collect();
        for peer in &linked {
            self.remember(peer, self.context.node.now(), 0);
        }
        self.note_anchors();
    }

    /// Writes the anchors into the address book when they are others than before.
    pub(super) fn note_anchors(&mut self) {
        let Some(anchors) = self.dials.choose_anchors() else { return };
        let unwritten = Arc::clone(&self.search.unwritten);
        *unwritten.latest.lock().unwrap_or_else(PoisonError::into_inner) =
            anchors.iter().map(|peer| peer.as_str().to_owned()).collect();
        let node = self.context.node.clone();
        self.tasks.spawn(async move {
            let _turn = unwritten.turn.lock().await;
            let latest = unwritten.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Err(error) = node.set_anchors(latest).await {
                log_failure("cannot write the anchors to the address book", &error);
            }
        });
    }
}
