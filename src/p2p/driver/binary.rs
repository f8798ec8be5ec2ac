//! What the driver does for links of the binary dialect alone.

use std::net::IpAddr;

use tokio::time::Instant;

use super::{Driver, log_failure};
use crate::chain::{DeepFork, Height};
use crate::node::{Ban, Direction, KnownPeer, MAX_BAN, PeerSplit};
use crate::p2p::connect::BANNED;
use crate::p2p::dialing::addresses::{learned, listening};
use crate::p2p::socket::subprotocol::MAX_AGENT;
use crate::p2p::socket::transport::Transport;
use crate::p2p::ticket::Close;
use crate::sync::message::PeerAddress;
use crate::sync::{BinaryInput, LinkId, Split, SyncState, WRONG_BODY};

impl<T: Transport> Driver<T> {
    /// Bodies were checked. The table notes who gave new blocks that are valid; a wrong body bans
    /// its sender's address even if the link is over.
    pub(super) fn checked(&mut self, checked: BinaryInput, to_ban: Option<IpAddr>) {
        if let BinaryInput::Checked { link, blocks, .. } = &checked
            && !blocks.is_empty()
            && let Some(live) = self.table.links.get(link)
        {
            live.stats.new_block();
        }
        self.tell(checked);
        // The machine has a link banned that it still knows.
        self.perform();
        if let Some(ip) = to_ban
            && !self.is_banned(ip)
        {
            tracing::warn!(address = %ip, "a peer broke the protocol and is gone: {WRONG_BODY}");
            self.keep_out(ip, WRONG_BODY);
        }
    }

    /// Takes up what a peer told of, and writes what is new into the address book.
    pub(super) fn learn(&mut self, link: LinkId, addresses: &[PeerAddress]) {
        let Some(live) = self.table.links.get(&link) else { return };
        let from = live.address.ip();
        self.take_up(learned(addresses, from), from);
    }

    /// The peer said who it is.
    pub(super) fn handshake_done(
        &mut self,
        link: LinkId,
        agent: &str,
        listen: Option<&str>,
        height: Height,
    ) {
        let Some(live) = self.table.links.get_mut(&link) else { return };
        live.agent = Some(agent.chars().take(MAX_AGENT).collect());
        live.stats.height(height);
        let (direction, seen) = (live.direction, live.address.ip());
        self.publish();
        self.dials.handshake_done(link);
        self.allow_relays();
        if direction == Direction::Dialled {
            return;
        }
        if let Some(peer) = listen.and_then(|listen| listening(listen, seen)) {
            self.take_up([peer.clone()], seen);
            self.dials.linked_otherwise(&peer, link, Instant::now());
        }
    }

    /// Closes a link for a provable fault, and keeps its address out; one on this machine, and
    /// one that the operator named, is only left alone for long.
    pub(super) fn ban(&mut self, link: LinkId, reason: &'static str) {
        let to_ban = self.to_ban(link);
        let Some(live) = self.table.links.get_mut(&link) else { return };
        live.redial_late = true;
        live.close(Close { code: 1002, reason });
        self.context.node.metrics().peers.faults.increment();
        tracing::warn!(link = link.0, address = %live.address, "the peer broke the protocol: {reason}");
        if let Some(ip) = to_ban {
            self.keep_out(ip, reason);
        }
    }

    /// The address that a fault on this link bans.
    pub(super) fn to_ban(&self, link: LinkId) -> Option<IpAddr> {
        let ip = self.table.links.get(&link)?.address.ip().to_canonical();
        (!ip.is_loopback() && !self.dials.is_wanted(link)).then_some(ip)
    }

    /// Has an address, in IPv6 its /64, refused for a day, and closes its links but those to peers
    /// that the operator named.
    fn keep_out(&mut self, ip: IpAddr, reason: &str) {
        self.record_ban(ip, reason);
        self.disconnect(ip);
    }

    /// Closes the links with a banned address, but those to peers that the operator named.
    /// Returns how many.
    pub(super) fn disconnect(&mut self, ip: IpAddr) -> usize {
        let network = Ban::network(ip);
        let mut count = 0_usize;
        for (link, live) in &mut self.table.links {
            if Ban::network(live.address.ip()) == network && !self.dials.is_wanted(*link) {
                live.redial_late = true;
                live.close(Close { code: 1008, reason: BANNED });
                count = count.saturating_add(1);
            }
        }
        count
    }

    pub(super) fn is_banned(&self, ip: IpAddr) -> bool {
        self.context.node.is_banned(ip, self.context.node.now())
    }

    /// Has an address refused for a day: at once, and after a restart.
    fn record_ban(&self, ip: IpAddr, reason: &str) {
        let node = &self.context.node;
        node.metrics().peers.bans.increment();
        let until = node.now().plus_millis(u64::try_from(MAX_BAN.as_millis()).unwrap_or(u64::MAX));
        let banned = node.ban(ip, until, reason);
        self.tasks.spawn(async move {
            if let Err(error) = banned.await {
                log_failure("cannot write a ban", &error);
            }
        });
    }

    /// The clock may have been put right, or have gone wrong, since the last look.
    pub(super) fn look_at_clock(&self) {
        // It is the log that is to hear of it.
        let _ = self.context.node.refusing();
        let shortened = self.context.node.shorten_bans();
        self.tasks.spawn(async move {
            if let Err(error) = shortened.await {
                log_failure("cannot write a ban", &error);
            }
        });
    }

    /// Closes a link to a node that another link leads to, or to this node.
    pub(super) fn close_duplicate(&mut self, link: LinkId, of: Option<LinkId>) {
        let Some(live) = self.table.links.get_mut(&link) else { return };
        let reason =
            if of.is_some() { "another link leads here" } else { "this is the node itself" };
        live.close(Close { code: 1000, reason });
        self.dials.is_duplicate(link, of, Instant::now());
    }

    /// A branch was refused by its headers: the operator decides.
    pub(super) fn note_deep_fork(&self, link: LinkId, deep: &DeepFork) {
        tracing::debug!(link = link.0, hash = %deep.fork.first, "a peer has a deep fork");
        self.context.node.note_deep_fork(*deep);
    }

    /// Shows how fetching goes at once when that has come to be something else.
    pub(super) fn show_change(&mut self) {
        if self.machine.progress().state != self.sync_state {
            self.show_progress();
        }
    }

    pub(super) fn show_progress(&mut self) {
        let progress = self.machine.progress();
        self.sync_state = progress.state;
        let address = |link| self.table.links.get(&link).map(|live| live.address);
        let mut shown = self.throughput.show(Instant::now(), &progress, address);
        shown.split = self.machine.split(self.now()).and_then(|split| {
            let Split { link, ours, theirs, lasts } = split;
            Some(PeerSplit { peer: address(link)?, ours, theirs, lasts })
        });
        // While blocks are fetched, those decide.
        let is_tied = self.sync_state == SyncState::Idle && self.machine.is_tied();
        self.context.node.note_tie(is_tied.then_some(self.tip.hash));
        self.server.progress.send_if_modified(|last| {
            let has_changed = *last != shown;
            *last = shown;
            has_changed
        });
    }

    /// Writes peers into the address book one after the other, beside everything else.
    pub(super) fn write_down(&self, peers: Vec<KnownPeer>) {
        let node = self.context.node.clone();
        self.tasks.spawn(async move {
            for peer in peers {
                if let Err(error) = node.remember_peer(peer).await {
                    log_failure("cannot write the address book", &error);
                    return;
                }
            }
        });
    }
}
