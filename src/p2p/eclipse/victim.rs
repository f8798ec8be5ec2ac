//! The node under attack: its own dials, table of links and anchors, with an address book that
//! outlives it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::chain::Timestamp;
use crate::node::{DialError, Dialect, Direction, PeerUrl};
use crate::p2p::P2pConfig;
use crate::p2p::dialing::known_peers::Dials;
use crate::p2p::driver::FEELER_EVERY;
use crate::p2p::driver::link_table::{Live, Table};
use crate::p2p::net_group::Prefix;
use crate::p2p::test_util::random;
use crate::sync::LinkId;

/// As in the store.
const MAX_BOOK: usize = 1_024;

/// What stays over a restart, by the rules of the store's book.
#[derive(Debug, Default)]
pub(super) struct Book {
    peers: BTreeMap<PeerUrl, Entry>,
    anchors: BTreeSet<PeerUrl>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    last_success: u64,
    failures: u32,
    learned: bool,
}

impl Book {
    fn put(&mut self, peer: &PeerUrl, mut entry: Entry) {
        if let Some(before) = self.peers.get(peer) {
            entry.last_success = entry.last_success.max(before.last_success);
            entry.learned = entry.learned && before.learned && entry.last_success == 0;
        } else if self.peers.len() >= MAX_BOOK {
            let badness =
                |entry: &Entry| (entry.learned, entry.failures, Reverse(entry.last_success));
            let worst = self.peers.iter().max_by_key(|(_, entry)| badness(entry)).unwrap();
            if !worst.1.learned && entry.learned {
                return;
            }
            let worst = worst.0.clone();
            self.peers.remove(&worst);
        }
        self.peers.insert(peer.clone(), entry);
    }
}

/// The node.
pub(super) struct Victim {
    dials: Dials,
    table: Table,
    config: P2pConfig,
    book: Book,
    /// The peers of the links that it dialled.
    pub(super) dialled: BTreeMap<LinkId, PeerUrl>,
    next_link: u64,
    next_feeler: Instant,
}

impl Victim {
    /// Starts with what the book holds, and with the peers that the operator names.
    pub(super) fn start(book: Book, named: &[PeerUrl], now: Instant) -> Self {
        let mut dials = Dials::new(random);
        for peer in named {
            dials.configure(peer, now);
        }
        for (peer, entry) in &book.peers {
            if entry.learned {
                dials.learn(peer.clone(), None, now);
            } else {
                let last = Timestamp::from_millis(entry.last_success);
                dials.reached(peer.clone(), last, book.anchors.contains(peer), now);
            }
        }
        Self {
            dials,
            table: Table::new(random()),
            config: P2pConfig::default(),
            book,
            dialled: BTreeMap::new(),
            next_link: 0,
            next_feeler: now,
        }
    }

    /// Whom it dials now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<PeerUrl> {
        let mut due = self.dials.due(now, self.config.max_dialled);
        if self.next_feeler <= now {
            self.next_feeler = now + FEELER_EVERY;
            due.extend(self.dials.feeler(now));
        }
        due
    }

    /// A dial reached its peer.
    pub(super) fn reached(&mut self, peer: &PeerUrl, clock: Timestamp, now: Instant) {
        if self.dials.is_feeler(peer) {
            self.dials.felt(peer, clock, now);
        } else {
            let link = self.number();
            self.dials.linked(peer, link, ip_of(peer), clock, now);
            self.dials.handshake_done(link);
            self.dialled.insert(link, peer.clone());
            self.note_anchors();
        }
        self.remember(peer, clock.as_millis(), 0);
    }

    /// A dial failed.
    pub(super) fn unreached(&mut self, peer: &PeerUrl, now: Instant) {
        let failures = self.dials.failed(peer, DialError::unreached("refused"), now, random());
        if failures.is_power_of_two() {
            self.remember(peer, 0, failures);
        }
    }

    /// A link that it dialled is over.
    pub(super) fn lost(&mut self, link: LinkId, clock: Timestamp, now: Instant) {
        self.dialled.remove(&link);
        let why = DialError::unreached("over");
        if let Some(peer) = self.dials.ended(link, false, &why, clock, now, random()) {
            self.remember(&peer, clock.as_millis(), 0);
        }
    }

    /// A peer at `from` tells of others.
    pub(super) fn hear(&mut self, peers: Vec<PeerUrl>, from: IpAddr, now: Instant) {
        for peer in peers {
            if self.dials.learn(peer.clone(), Some(Prefix::of(from)), now) {
                self.book.put(&peer, Entry { last_success: 0, failures: 0, learned: true });
            }
        }
    }

    /// A peer opens a link, if it is let in.
    pub(super) fn accept(&mut self, address: SocketAddr) -> Option<LinkId> {
        if !self.table.admits(address, &self.config) {
            return None;
        }
        let link = self.number();
        let live = Live {
            address,
            direction: Direction::Accepted,
            dialect: Dialect::Binary,
            tls: false,
            agent: None,
            since: Timestamp::from_millis(0),
            stats: Arc::default(),
            waiting: mpsc::channel(1).0,
            close: Some(oneshot::channel().0),
            stop_range: Arc::default(),
            redial_late: false,
            fault: None,
        };
        self.table.links.insert(link, live);
        Some(link)
    }

    /// The links that were closed to make room; their sockets are gone now.
    pub(super) fn evicted(&mut self) -> Vec<LinkId> {
        let closed = |(link, live): (&LinkId, &Live)| live.close.is_none().then_some(*link);
        let closed: Vec<_> = self.table.links.iter().filter_map(closed).collect();
        self.table.links.retain(|_, live| live.close.is_some());
        closed
    }

    /// A peer that opened a link hangs up.
    pub(super) fn hangs_up(&mut self, link: LinkId) {
        self.table.links.remove(&link);
    }

    /// The link earns all that protects one: the shortest round trip, blocks and headers.
    pub(super) fn credit(&self, link: LinkId) {
        let stats = &self.table.links[&link].stats;
        stats.ponged(&stats.ping(random()));
        stats.new_block();
        stats.new_headers();
    }

    /// Stops, in order or by a kill, and leaves its book.
    pub(super) fn stop(mut self, in_order: bool, clock: Timestamp) -> Book {
        if in_order {
            let linked = self.dials.own_choice().into_iter().map(|(peer, _)| peer.clone());
            for peer in linked.collect::<Vec<_>>() {
                self.remember(&peer, clock.as_millis(), 0);
            }
            self.note_anchors();
        }
        self.book
    }

    fn number(&mut self) -> LinkId {
        self.next_link += 1;
        LinkId(self.next_link)
    }

    fn note_anchors(&mut self) {
        if let Some(anchors) = self.dials.choose_anchors() {
            self.book.anchors = anchors;
        }
    }

    fn remember(&mut self, peer: &PeerUrl, last_success: u64, failures: u32) {
        let learned = last_success == 0 && self.dials.is_told(peer);
        self.book.put(peer, Entry { last_success, failures, learned });
    }
}

pub(super) fn ip_of(peer: &PeerUrl) -> IpAddr {
    peer.authority().unwrap().0.parse().unwrap()
}
