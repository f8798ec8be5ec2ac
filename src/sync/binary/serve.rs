//! What peers ask for: headers, blocks and addresses.

use super::limits::{ADDRESSES_EVERY, ASK_ADDRESSES_EVERY, MAX_SERVING};
use super::{BinarySync, UNASKED};
use crate::chain::{BlockId, Hash, Height};
use crate::sync::message::{MAX_RANGE, Message, PeerAddress};
use crate::sync::step::Step;
use crate::sync::{BinaryOutgoing, LinkId, Output, Redial};

pub(super) const TOO_MUCH: &str = "more was asked for than is answered at a time";
const BAD_RANGE: &str = "a range of no blocks or of too many";

impl BinarySync {
    pub(super) fn on_get_headers(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        locator: Vec<(Height, Hash)>,
        last: Option<Hash>,
    ) {
        if self.may_serve(step, link) {
            step.send(link, BinaryOutgoing::Headers { locator, stop: last });
        }
    }

    pub(super) fn on_get_blocks(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        request: u64,
        first: Height,
        count: u32,
        last: Hash,
    ) {
        let Some(above_first) = count.checked_sub(1).filter(|_| count <= MAX_RANGE) else {
            self.ban(step, link, BAD_RANGE);
            return;
        };
        if self.may_serve(step, link) {
            let height = first.ahead(u64::from(above_first));
            let last = BlockId { height, hash: last };
            // It takes our chain over.
            self.peer(link).rival.leaves();
            step.send(link, BinaryOutgoing::Blocks { request, first, last });
        }
    }

    fn may_serve(&mut self, step: &mut Step<'_>, link: LinkId) -> bool {
        let peer = self.peer(link);
        if peer.serving >= MAX_SERVING {
            self.close(step, link, 1008, TOO_MUCH, Redial::Longest);
            return false;
        }
        peer.serving = peer.serving.saturating_add(1);
        true
    }

    pub(super) fn on_served(&mut self, link: LinkId) {
        if let Some(peer) = self.peers.get_mut(&link) {
            peer.serving = peer.serving.saturating_sub(1);
        }
    }

    pub(super) fn on_get_peers(&mut self, step: &mut Step<'_>, link: LinkId) {
        let peer = self.peer(link);
        // Asked again too soon it gets no answer.
        if peer.told_addresses.is_none_or(|last| last.plus(ADDRESSES_EVERY) <= step.now) {
            peer.told_addresses = Some(step.now);
            step.send(link, BinaryOutgoing::Peers);
        }
    }

    pub(super) fn on_peers(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        addresses: Vec<PeerAddress>,
    ) {
        let peer = self.peer(link);
        let Some(owed) = peer.addresses_owed.checked_sub(1) else {
            self.ban(step, link, UNASKED);
            return;
        };
        peer.addresses_owed = owed;
        step.out.push(Output::Learn { link, addresses });
    }

    /// Asks the links that we dialled for addresses: who dials us might want to be the only
    /// one that we know.
    pub(super) fn ask_addresses(&mut self, step: &mut Step<'_>) {
        for peer in self.peers.values_mut() {
            if peer.is_ready() && peer.dialled && peer.ask_addresses <= step.now {
                peer.ask_addresses = step.now.plus(ASK_ADDRESSES_EVERY);
                peer.addresses_owed = peer.addresses_owed.saturating_add(1);
                step.send(peer.id, Message::GetPeers);
            }
        }
    }
}
