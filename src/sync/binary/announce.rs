//! New tips: ours to the links, and theirs.

use super::limits::{GIVE_UP_FIRST, NEAR};
use super::{BinarySync, Claim};
use crate::chain::{BlockId, Header, RuleError};
use crate::sync::step::Step;
use crate::sync::{BinaryOutgoing, LinkId, Time};

const BAD_ANNOUNCEMENT: &str = "an announced header that breaks a rule";

impl BinarySync {
    /// Tells every link that has not shown it knows our tip, once it changed or a link is new.
    /// While much is still to come, and comes, nobody is told: the tip moves on at once.
    pub(super) fn announce(&mut self, step: &mut Step<'_>) {
        if !self.is_untold || self.silent_until().is_some_and(|until| step.now < until) {
            return;
        }
        self.is_untold = false;
        let id = self.tip;
        for peer in self.peers.values_mut().filter(|peer| peer.is_ready()) {
            if peer.knows != Some(id.hash) {
                peer.knows = Some(id.hash);
                step.send(peer.id, BinaryOutgoing::Announce(id));
            }
        }
    }

    /// Until when nobody is told of a new tip, `None` if all are.
    pub(super) fn silent_until(&self) -> Option<Time> {
        if !self.is_untold {
            return None;
        }
        let download = self.download.as_ref().filter(|download| download.left() > NEAR)?;
        Some(download.moved.plus(GIVE_UP_FIRST))
    }

    pub(super) fn on_announce(&mut self, step: &mut Step<'_>, link: LinkId, header: Header) {
        let hash = match header.check_alone(&self.config.spec) {
            Ok(hash) => hash,
            Err(error) => {
                self.tell_broken(step, link, &header, &error);
                self.ban(step, link, BAD_ANNOUNCEMENT);
                return;
            }
        };
        let id = BlockId { height: header.height, hash };
        let tip = self.tip;
        let Some(peer) = self.peers.get_mut(&link) else { return };
        peer.named(id);
        // It may have what it had not.
        (peer.lacks, peer.is_off) = (None, None);
        if id == tip {
            peer.claim = Claim::Nothing;
            peer.rival.leaves();
            return;
        }
        if let Some(download) = &mut self.download {
            if download.contains(id) {
                (peer.claim, peer.is_on) = (Claim::Nothing, Some(download.number));
                return;
            }
            let is_source = download.source == Some(link);
            let is_above = header.previous_hash == download.head().hash;
            // One on top of our own tip may have to take over, if this one is withheld.
            if !is_above && (is_source || header.previous_hash != tip.hash) {
                // Looked at when this one is fetched; its source goes on from where we are.
                (peer.claim, peer.is_on) = (Claim::Block, None);
                if is_source && id.height > download.head().height {
                    download.is_whole = false;
                }
                return;
            }
        }
        // Its place is known if it extends our tip or a candidate branch.
        let candidate = peer
            .candidate
            .as_ref()
            .filter(|candidate| candidate.head().hash == header.previous_hash);
        let is_next = header.previous_hash == tip.hash
            || candidate.is_some()
            || self.download.as_ref().is_some_and(|d| d.head().hash == header.previous_hash);
        let is_free =
            peer.penalized_until <= step.now && peer.ask.is_none() && peer.query.is_none();
        if is_next && is_free {
            self.take_headers(step, link, vec![header], true);
        } else {
            peer.claim = Claim::Block;
        }
    }

    fn tell_broken(
        &mut self,
        step: &mut Step<'_>,
        link: LinkId,
        header: &Header,
        error: &RuleError,
    ) {
        let id = BlockId { height: header.height, hash: header.hash() };
        self.tell(step, link, crate::sync::Note::Invalid { id, reason: error.to_string() });
    }
}
