//! The binary dialect: headers first, then bodies from every peer that has them.
//!
//! A link starts with the [`handshake`]. A peer that may have more work than ours is asked for
//! [`headers`], which form a [`candidate`] branch until they show more work. The branch then becomes
//! the [`download`], whose headers go on ([`following`]), whose [`bodies`] are asked of every peer, and
//! which the writer is given in order ([`import`]). What peers ask for is in [`serve`], what happens
//! when they are late in [`timeouts`], and what is too slow in [`branch_pace`]. Pending records are
//! told, asked for and given in [`relay`].

mod announce;
mod bodies;
mod branch_pace;
mod budget;
mod candidate;
mod deep_fork;
mod download;
mod following;
mod handshake;
mod headers;
mod import;
mod limits;
mod peer;
mod progress;
mod relay;
mod rivals;
mod serve;
mod timeouts;

pub use bodies::WRONG_BODY;
pub use progress::{Progress, SyncState};

use std::collections::{BTreeMap, VecDeque};

use super::message::Message;
use super::step::Step;
use super::{BinaryInput, LinkId, Note, Output, Redial, Time};
use crate::chain::{BlockId, Checkpoints, Hash, Height, Spec, Timestamp, Work};
use budget::Budget;
use download::Download;
use import::Pending;
use peer::{Claim, Peer};
use relay::{Offence, Relay};

/// What the binary dialect needs to know of this node.
#[derive(Clone, Debug)]
pub struct BinaryConfig {
    /// The chain's parameters.
    pub spec: Spec,
    /// Blocks that every branch must contain.
    pub checkpoints: Checkpoints,
    /// Drawn at the node's start.
    pub nonce: u64,
    /// Name and version of this program.
    pub agent: String,
    /// Where this node listens, `ip:port`, `None` if it takes no links.
    pub listen: Option<String>,
    /// Most blocks that a reorg may disconnect unless the operator accepts it; `None` if any
    /// number.
    pub max_reorg_depth: Option<u64>,
    /// First blocks of the branches that the operator accepted.
    pub accepted_forks: Vec<Hash>,
    /// Whether pending records are relayed at all: with which links is said by
    /// [`super::RelayInput::Allowed`].
    pub relays_records: bool,
}

/// Keeps the links of the binary dialect in step.
#[derive(Debug)]
pub(super) struct BinarySync {
    config: BinaryConfig,
    genesis: Hash,
    tip: BlockId,
    work: Work,
    peers: BTreeMap<LinkId, Peer>,
    download: Option<Download>,
    /// Bodies that are being checked: by download, first height and link; count and bytes.
    checks: BTreeMap<(u64, Height, LinkId), (u64, u64)>,
    /// Batches at the writer, in order.
    batches: VecDeque<Pending>,
    /// Numbers downloads and queries.
    next_number: u64,
    /// How often links were asked for headers.
    headers_asked: u64,
    /// Bytes of bodies that came or were asked for.
    budget: Budget,
    /// Whether links are to be told of our tip.
    is_untold: bool,
    /// Nothing is fetched until then: the node could not take blocks.
    paused: Time,
    /// What our clock showed when a message came last.
    clock: Timestamp,
    /// When the deadlines were last checked.
    looked: Time,
    /// Bodies that came since the start, and their bytes.
    came: (u64, u64),
    relay: Relay,
}

/// Nobody but a peer that breaks the rules says this.
const BEFORE_HELLO: &str = "a message before Hello";
const SECOND_HELLO: &str = "a second Hello";
const UNASKED: &str = "data that nobody asked for";

impl BinarySync {
    pub(super) fn new(config: BinaryConfig, tip: BlockId, work: Work) -> Self {
        Self {
            genesis: config.spec.genesis().hash(),
            is_untold: false,
            // The most that one can have, until the first ones came.
            budget: Budget::new(config.spec.max_block_bytes()),
            relay: Relay::new(config.relays_records, config.spec.max_record_bytes()),
            config,
            tip,
            work,
            peers: BTreeMap::new(),
            download: None,
            checks: BTreeMap::new(),
            batches: VecDeque::new(),
            next_number: 0,
            headers_asked: 0,
            paused: Time::default(),
            clock: Timestamp::default(),
            looked: Time::default(),
            came: (0, 0),
        }
    }

    pub(super) fn handle(&mut self, step: &mut Step<'_>, input: BinaryInput) {
        match input {
            BinaryInput::Opened { link, dialled, origin } => {
                self.open(step, Peer::new(link, dialled, origin, step.now));
            }
            BinaryInput::Undecodable { link, reason } => self.ban(step, link, reason),
            BinaryInput::Message { link, message } => self.message(step, link, message),
            BinaryInput::HeldAncestor { link, query, held } => {
                self.on_held_ancestor(step, link, query, held);
            }
            BinaryInput::Checked { link, download, first, blocks, fault } => {
                self.on_checked(step, link, download, first, blocks, fault);
            }
            BinaryInput::Unchecked { link, download, first } => {
                self.on_unchecked(step.now, link, download, first);
            }
            BinaryInput::Imported { download, last, outcome } => {
                self.on_imported(step.now, download, last, outcome);
            }
            BinaryInput::Served { link } => self.on_served(link),
            BinaryInput::Relay(input) => self.relay.handle(step, input),
        }
        self.go_on(step);
    }

    pub(super) fn on_closed(&mut self, step: &mut Step<'_>, link: LinkId) {
        self.forget(link);
        self.go_on(step);
    }

    pub(super) fn on_forks_accepted(&mut self, step: &mut Step<'_>, firsts: Vec<Hash>) {
        self.config.accepted_forks = firsts;
        self.go_on(step);
    }

    pub(super) fn on_deadline_passed(&mut self, step: &mut Step<'_>) {
        self.on_time(step);
        self.go_on(step);
    }

    fn message(&mut self, step: &mut Step<'_>, link: LinkId, message: Message) {
        self.clock = step.clock;
        let Some(is_ready) = self.peers.get(&link).map(Peer::is_ready) else { return };
        match message {
            Message::Hello(_) if is_ready => self.ban(step, link, SECOND_HELLO),
            Message::Hello(hello) => self.on_hello(step, link, hello),
            _ if !is_ready => self.ban(step, link, BEFORE_HELLO),
            Message::GetHeaders { locator, stop } => self.on_get_headers(step, link, locator, stop),
            Message::Headers(headers) => self.on_headers(step, link, headers),
            Message::GetBlocks { request, first, count, last } => {
                self.on_get_blocks(step, link, request, first, count, last);
            }
            Message::Blocks { request, bodies } => self.on_blocks(step, link, request, bodies),
            Message::NotFound { request } => self.on_not_found(step, link, request),
            Message::Announce(header) => self.on_announce(step, link, header),
            Message::GetPeers => self.on_get_peers(step, link),
            Message::Peers(addresses) => self.on_peers(step, link, addresses),
            Message::RecordIds(_) | Message::GetRecords(_) | Message::Records(_) => {
                self.on_record_message(step, link, message);
            }
        }
    }

    fn on_record_message(&mut self, step: &mut Step<'_>, link: LinkId, message: Message) {
        match self.relay.on_message(step, link, message) {
            Ok(()) => {}
            Err(Offence::Fault(reason)) => self.ban(step, link, reason),
            Err(Offence::TooMuch) => {
                self.close(step, link, 1008, serve::TOO_MUCH, Redial::Longest);
            }
        }
    }

    /// Another tip was published.
    pub(super) fn on_tip(&mut self, step: &mut Step<'_>, tip: BlockId, work: Work, is_reorg: bool) {
        if tip == self.tip {
            return;
        }
        (self.tip, self.work, self.is_untold) = (tip, work, true);
        if is_reorg {
            self.forget_forks();
            self.relay.on_reorg();
        }
        self.go_on(step);
    }

    /// Whatever can be begun is begun.
    fn go_on(&mut self, step: &mut Step<'_>) {
        self.hand_on(step);
        if let Some(download) = &mut self.download {
            download.measure(step.now);
        }
        self.begin_best(step);
        self.tell_deep_forks(step);
        self.seek_headers(step);
        self.ask_more_headers(step);
        self.fetch(step);
        self.help_out(step);
        if self.drop_unheld(step.now) {
            self.seek_headers(step);
        }
        self.announce(step);
        self.relay.go_on(step);
        debug_assert!(self.is_balanced(), "{:?} is not what bodies take", self.budget);
    }

    /// A link that is known to be open.
    #[expect(clippy::expect_used, reason = "its callers have looked it up for the same input")]
    fn peer(&mut self, link: LinkId) -> &mut Peer {
        self.peers.get_mut(&link).expect("the link is open")
    }

    #[expect(clippy::expect_used, reason = "one for each query and download: 2^64 are not reached")]
    fn next_number(&mut self) -> u64 {
        self.next_number = self.next_number.checked_add(1).expect("fewer than 2^64 numbers");
        self.next_number
    }

    /// A provable fault. The link is forgotten.
    fn ban(&mut self, step: &mut Step<'_>, link: LinkId, reason: &'static str) {
        if self.peers.contains_key(&link) {
            step.out.push(Output::Ban { link, reason });
            self.forget(link);
        }
    }

    /// Closes a link for what is no fault. The link is forgotten.
    fn close(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        code: u16,
        reason: &'static str,
        redial: Redial,
    ) {
        if self.peers.contains_key(&link) {
            step.out.push(Output::Close { link, code, reason, redial });
            self.forget(link);
        }
    }

    fn forget(&mut self, link: LinkId) {
        self.release(link, None);
        self.relay.on_closed(link);
        self.peers.remove(&link);
        if let Some(download) = &mut self.download
            && download.source == Some(link)
        {
            download.source = None;
        }
    }

    fn tell(&mut self, step: &mut Step<'_>, link: LinkId, note: Note) {
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.logged.tell(link, note, step.out);
        }
    }
}

#[cfg(test)]
mod tests;
