//! Links that come about and end, and what the operator asks for.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Driver;
use crate::chain::Timestamp;
use crate::node::{Dialect, Direction, LinkCommand, PeerUrl};
use crate::p2p::connect::BANNED;
use crate::p2p::event::{Arrival, Event};
use crate::p2p::link::Ticket;
use crate::p2p::table::Live;
use crate::p2p::transport::Transport;
use crate::p2p::writer::MAX_WAITING;
use crate::sync::{Input, LinkId, Origin};

/// No success; an earlier one stays in the address book.
pub(super) const NEVER: Timestamp = Timestamp::from_millis(0);

impl<T: Transport> Driver<T> {
    pub(super) fn event(&mut self, event: Event) {
        match event {
            Event::Input(input) => self.input(input),
            Event::Message { link, message, taken } => {
                let clock = self.context.node.now();
                self.tell(Input::Message { link, message: *message, clock });
                drop(taken);
            }
            Event::WrongBody { ip } => self.wrong_body(ip),
            Event::Accepted(arrival) => {
                let config = &self.context.config;
                if self.is_banned(arrival.address.ip()) {
                    tracing::info!(address = %arrival.address, "a peer was refused: banned");
                } else if self.table.admits(arrival.address, config) {
                    self.open(arrival, Direction::Accepted);
                } else {
                    tracing::info!(address = %arrival.address, "a peer was refused: no room");
                }
            }
            Event::Dialled { peer, arrival } => self.dialled(&peer, arrival),
            Event::Unreached { peer, is_self: true, .. } => {
                tracing::info!("{} is this node itself", peer.as_str());
                self.dials.is_oneself(&peer);
            }
            Event::Unreached { peer, reason, .. } => {
                let (now, random) = (Instant::now(), (self.context.config.random)());
                let failures = self.dials.failed(&peer, &reason, now, random);
                // The log and the book hear of every doubling.
                if failures.is_power_of_two() {
                    tracing::info!("peer {}: {reason} ({failures} failures)", peer.as_str());
                    self.remember(&peer, NEVER, failures);
                }
            }
            Event::Ended { link, reason } => {
                let Some(live) = self.table.links.remove(&link) else { return };
                tracing::info!(link = link.0, address = %live.address, "link over: {reason}");
                let random = (self.context.config.random)();
                let (clock, now) = (self.context.node.now(), Instant::now());
                if let Some(peer) = self.dials.ended(link, live.redial_late, clock, now, random) {
                    self.remember(&peer, clock, 0);
                }
                self.tell(Input::Closed { link });
                self.publish();
            }
        }
    }

    fn dialled(&mut self, peer: &PeerUrl, arrival: Arrival) {
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
            self.remember(peer, clock, 0);
            self.keep_within_cap();
            self.note_anchors();
            return;
        } else {
            "the link ended at once"
        };
        let (now, random) = (Instant::now(), (self.context.config.random)());
        self.dials.failed(peer, reason, now, random);
    }

    /// Makes a link of a connection, unless it is gone.
    fn open(&mut self, arrival: Arrival, direction: Direction) -> Option<LinkId> {
        let Arrival { address, agreed, stats, reply } = arrival;
        let link = LinkId(self.next_link);
        self.next_link += 1;
        let (waiting, queue) = mpsc::channel(MAX_WAITING);
        let (close, closing) = oneshot::channel();
        let stop_range = Arc::new(AtomicBool::new(false));
        let ticket =
            Ticket { link, waiting: queue, close: closing, stop_range: Arc::clone(&stop_range) };
        reply.send(ticket).ok()?;
        let dialect = agreed.dialect;
        tracing::info!(link = link.0, %address, ?direction, ?dialect, "linked");
        let live = Live {
            address,
            direction,
            dialect,
            agent: agreed.agent,
            since: self.context.node.now(),
            stats,
            waiting,
            close: Some(close),
            stop_range,
            redial_late: false,
        };
        self.table.links.insert(link, live);
        self.publish();
        self.tell(match dialect {
            Dialect::Native => {
                let (dialled, clock) = (direction == Direction::Dialled, self.context.node.now());
                Input::OpenedNative { link, dialled, origin: origin(address.ip()), clock }
            }
            Dialect::JennyJson | Dialect::Seed => {
                Input::Opened { link, jenny: dialect == Dialect::JennyJson }
            }
        });
        Some(link)
    }

    pub(super) fn command(&mut self, command: LinkCommand) {
        match command {
            LinkCommand::Dial { peer, reply } => {
                if self.dials.ask(&peer, reply, Instant::now()) {
                    self.remember(&peer, NEVER, 0);
                }
            }
        }
    }
}

/// The same for every way to write an address.
fn origin(ip: IpAddr) -> Origin {
    Origin(match ip.to_canonical() {
        IpAddr::V4(ip) => u128::from(ip.to_ipv6_mapped()),
        IpAddr::V6(ip) => u128::from(ip),
    })
}
