//! Links that come about and end, and what the operator asks for.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Driver;
use super::link_table::Live;
use crate::chain::Timestamp;
use crate::node::{DialError, Dialect, Direction, LinkCommand, PeerUrl};
use crate::p2p::connect::BANNED;
use crate::p2p::event::{Arrival, Event};
use crate::p2p::socket::transport::Transport;
use crate::p2p::ticket::{Close, MAX_LINK_QUEUE, Ticket};
use crate::sync::{BinaryInput, Input, JsonInput, LinkId, Origin};

/// No success; an earlier one stays in the address book.
pub(super) const NEVER: Timestamp = Timestamp::from_millis(0);

impl<T: Transport> Driver<T> {
    pub(super) fn event(&mut self, event: Event) {
        match event {
            Event::Input(input) => self.tell(input),
            Event::Message { link, message, taken } => {
                self.tell(BinaryInput::Message { link, message: *message });
                drop(taken);
            }
            Event::Checked { checked, to_ban } => self.checked(checked, to_ban),
            Event::Accepted(arrival) => {
                let config = &self.context.config;
                let counts = &self.context.node.metrics().peers;
                if self.is_banned(arrival.address.ip()) {
                    counts.refused_banned.increment();
                    tracing::info!(address = %arrival.address, "peer refused: its address is banned");
                } else if self.table.admits(arrival.address, config) {
                    self.open(arrival, Direction::Accepted);
                } else {
                    counts.refused_full.increment();
                    tracing::info!(address = %arrival.address, "peer refused: no room");
                }
            }
            Event::Dialled { peer, arrival } => {
                self.context.node.metrics().peers.dials_reached.increment();
                self.dialled(&peer, arrival);
            }
            Event::Unreached { peer, error: DialError::Oneself } => {
                tracing::info!("{} is this node itself", peer.as_str());
                self.dials.is_oneself(&peer);
            }
            Event::Unreached { peer, error } => {
                self.context.node.metrics().peers.dials_failed.increment();
                let (now, random) = (Instant::now(), (self.context.config.random)());
                let reason = error.to_string();
                let failures = self.dials.failed(&peer, error, now, random);
                // The log and the book hear of every doubling.
                if failures.is_power_of_two() {
                    tracing::info!("peer {}: {reason} (failure {failures})", peer.as_str());
                    self.remember(&peer, NEVER, failures);
                }
            }
            Event::Ended { link, reason } => {
                let Some(live) = self.table.links.remove(&link) else { return };
                live.count_bytes(&self.context.node.metrics().peers);
                tracing::info!(link = link.0, address = %live.address, "connection closed: {reason}");
                let random = (self.context.config.random)();
                let (clock, now) = (self.context.node.now(), Instant::now());
                let why = live.fault.unwrap_or(DialError::Unreached(reason));
                let late = live.redial_late;
                if let Some(peer) = self.dials.ended(link, late, &why, clock, now, random) {
                    self.remember(&peer, clock, 0);
                }
                self.pool.closed(link);
                self.tell(Input::Closed { link });
                self.publish();
            }
        }
    }

    fn dialled(&mut self, peer: &PeerUrl, arrival: Arrival) {
        if !self.dials.knows(peer) {
            // It was removed meanwhile: the connection is dropped with its arrival.
            return;
        }
        let is_binary = arrival.agreed.dialect == Dialect::Binary;
        let (ip, clock, now) = (arrival.address.ip(), self.context.node.now(), Instant::now());
        let reason = if !self.dials.names(peer) && self.is_banned(ip) {
            BANNED
        } else if self.dials.is_feeler(peer) {
            tracing::debug!("{} can be reached", peer.as_str());
            self.dials.felt(peer, clock, now);
            self.remember(peer, clock, 0);
            return;
        } else if let Some(link) = self.open(arrival, Direction::Dialled) {
            self.dials.linked(peer, link, ip, clock, now);
            if !is_binary {
                // JSON says of which chain a node is only with its genesis block.
                self.dials.handshake_done(link);
            }
            self.remember(peer, clock, 0);
            self.keep_within_cap();
            self.note_anchors();
            return;
        } else {
            "the link ended at once"
        };
        let (now, random) = (Instant::now(), (self.context.config.random)());
        self.dials.failed(peer, DialError::unreached(reason), now, random);
    }

    /// Makes a link of a connection, unless it is gone.
    fn open(&mut self, arrival: Arrival, direction: Direction) -> Option<LinkId> {
        let Arrival { address, agreed, tls, stats, reply } = arrival;
        let link = LinkId(self.next_link);
        self.next_link += 1;
        let (waiting, queue) = mpsc::channel(MAX_LINK_QUEUE);
        let (close, closing) = oneshot::channel();
        let stop_range = Arc::new(AtomicBool::new(false));
        let ticket = Ticket {
            link,
            ip: address.ip(),
            waiting: queue,
            close: closing,
            stop_range: Arc::clone(&stop_range),
        };
        reply.send(ticket).ok()?;
        let dialect = agreed.dialect;
        tracing::info!(link = link.0, %address, ?direction, ?dialect, tls, "linked");
        let live = Live {
            address,
            direction,
            dialect,
            tls,
            agent: agreed.agent,
            since: self.context.node.now(),
            stats,
            waiting,
            close: Some(close),
            stop_range,
            redial_late: false,
            fault: None,
        };
        self.table.links.insert(link, live);
        self.publish();
        self.tell(match dialect {
            Dialect::Binary => {
                let dialled = direction == Direction::Dialled;
                Input::Binary(BinaryInput::Opened { link, dialled, origin: origin(address.ip()) })
            }
            Dialect::JennyJson | Dialect::Json => {
                Input::Json(link, JsonInput::Opened { jenny: dialect == Dialect::JennyJson })
            }
        });
        Some(link)
    }

    pub(super) fn command(&mut self, command: LinkCommand) {
        match command {
            LinkCommand::Dial { peer, from_file: true, reply }
                if self.context.node.is_forgotten(peer.as_str()) =>
            {
                // The caller may have gone, here and below.
                let _ = reply.send(Err(DialError::Removed));
            }
            LinkCommand::Dial { peer, from_file, reply } => {
                let now = Instant::now();
                self.context.node.recall_peer(peer.as_str());
                let is_configured = from_file && self.dials.configure(&peer, now);
                if self.dials.ask(&peer, reply, now) || is_configured {
                    self.remember(&peer, NEVER, 0);
                }
                self.allow_relays();
            }
            LinkCommand::Known { reply } => {
                let (now, clock) = (Instant::now(), self.context.node.now());
                let at = |instant: Instant| {
                    let after = instant.saturating_duration_since(now).as_millis();
                    clock.plus_millis(u64::try_from(after).unwrap_or(u64::MAX))
                };
                let _ = reply.send(self.dials.list(at));
            }
            LinkCommand::Forget { address, reply } => {
                let _ = reply.send(self.forget(&address));
            }
            LinkCommand::Disconnect { address, reply } => {
                let _ = reply.send(self.disconnect(address));
            }
            LinkCommand::AcceptForks { firsts } => self.tell(Input::ForksAccepted { firsts }),
        }
    }

    /// Forgets a peer and closes the link to it.
    fn forget(&mut self, address: &str) -> bool {
        let peer: Option<PeerUrl> = address.parse().ok();
        let removed = peer.and_then(|peer| self.dials.remove(&peer));
        if let Some(link) = removed.as_ref().and_then(|removed| removed.link)
            && let Some(live) = self.table.links.get_mut(&link)
        {
            live.close(Close { code: 1000, reason: "the operator removed this peer" });
            self.publish();
        }
        removed.is_some()
    }
}

/// The same for every way to write an address.
fn origin(ip: IpAddr) -> Origin {
    Origin(match ip.to_canonical() {
        IpAddr::V4(ip) => u128::from(ip.to_ipv6_mapped()),
        IpAddr::V6(ip) => u128::from(ip),
    })
}
