//! Peers that are linked by another link than the one that was dialled to their address.

use std::time::Duration;

use tokio::time::Instant;

use super::{Dials, Known, State};
use crate::node::{DialError, PeerUrl};
use crate::sync::LinkId;

/// A dialled link that ends within this time was closed by its other end because of its twin.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);

/// Another link that says that it leads to the same node, and lasts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Twin {
    pub(super) link: LinkId,
    noted: Instant,
    /// Whether we dialled it to a peer that the operator named.
    is_wanted: bool,
}

impl Dials {
    /// A peer that the operator did not name is linked by a link that it opened, or by
    /// one to another address of its: it is not dialled meanwhile.
    pub(in crate::p2p) fn linked_otherwise(&mut self, peer: &PeerUrl, link: LinkId, now: Instant) {
        let Some(known) = self.known.get_mut(peer) else { return };
        let is_idle = matches!(known.state, State::Resting(_) | State::NoRoom);
        if is_idle && !known.is_wanted() && known.askers.is_empty() {
            known.state = State::LinkedOtherwise(link, now);
            known.is_ready = true;
        }
    }

    /// A link leads where another one does, which stays, or to this node itself.
    pub(in crate::p2p) fn is_duplicate(&mut self, link: LinkId, of: Option<LinkId>, now: Instant) {
        for known in self.known.values_mut() {
            if let (Some(of), Some(twin)) = (of, &mut known.twin)
                && twin.link == link
            {
                twin.link = of;
            }
            if !known.state.is_by(link) {
                continue;
            }
            if let Some(of) = of {
                known.state = State::LinkedOtherwise(of, now);
            } else {
                known.state = State::Oneself;
                known.fail(DialError::Oneself);
            }
        }
    }

    /// Another link says that it leads where a dialled one does, and it is for the other end to
    /// close that one.
    pub(in crate::p2p) fn is_twin(&mut self, link: LinkId, of: LinkId, now: Instant) {
        let is_wanted = self.is_wanted(of);
        let is_dialled =
            |known: &&mut Known| matches!(known.state, State::Linked(its, _) if its == link);
        for known in self.known.values_mut().filter(is_dialled) {
            known.twin = Some(Twin { link: of, noted: now, is_wanted });
        }
    }
}

impl Known {
    /// Leaves a peer whose dialled link was closed by its other end to the twin of that link.
    /// Returns whether it did. A peer that the operator named is dialled all the same, though
    /// rarely: any program at the peer's address can claim its nonce.
    pub(super) fn is_left_to_twin(&mut self, now: Instant, random: u64) -> bool {
        let State::Linked(..) = self.state else { return false };
        let Some(twin) = self.twin else { return false };
        if twin.noted + SETTLED_WITHIN < now {
            return false;
        }
        if self.is_wanted() && !twin.is_wanted {
            self.state = State::Resting(now + self.backoff.longest(random));
        } else {
            self.state = State::LinkedOtherwise(twin.link, now);
            self.is_ready = true;
        }
        true
    }

    /// A link is over: when it was the twin that the peer was left to, the peer is dialled soon.
    pub(super) fn twin_ended(&mut self, link: LinkId, now: Instant, random: u64) {
        if self.twin.take_if(|twin| twin.link == link).is_some()
            && let State::Resting(until) = self.state
        {
            self.backoff.reset();
            self.state = State::Resting(until.min(now + self.backoff.next(random)));
        }
    }

    /// The operator names the peer: it is dialled, whatever other link claims to lead to it.
    pub(super) const fn dial_itself(&mut self, now: Instant) {
        if matches!(self.state, State::LinkedOtherwise(..)) {
            self.state = State::Resting(now);
            self.is_ready = false;
        }
    }
}

#[cfg(test)]
mod tests;
