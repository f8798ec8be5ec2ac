//! What the operator may ask of the dialled peers: what became of a dial, which peers there are,
//! and to forget one.

use tokio::time::Instant;

use super::{Dials, Known, State};
use crate::chain::Timestamp;
use crate::node::{DialError, DialledPeer, PeerUrl};
use crate::sync::LinkId;

/// Longest reason of a failure that is kept, in characters.
const MAX_DIAL_REASON: usize = 200;

/// A peer that was known until now.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::p2p) struct Removed {
    /// The link to it.
    pub(in crate::p2p) link: Option<LinkId>,
}

/// How the operator came to speak of a peer.
#[derive(Clone, Copy, Debug)]
pub(in crate::p2p) struct Named {
    /// It was named: a ban does not count.
    pub(in crate::p2p) is_wanted: bool,
    /// Settings or a file name it, so that it may have any address.
    pub(in crate::p2p) is_configured: bool,
}

impl Dials {
    /// As [`Dials::want`], for a peer that settings or a file name.
    pub(in crate::p2p) fn configure(&mut self, peer: &PeerUrl, now: Instant) -> bool {
        let is_new = self.want(peer.clone(), now);
        if let Some(known) = self.known.get_mut(peer) {
            known.is_configured = true;
        }
        is_new
    }

    /// The node at the other end of a link is of this chain, as far as can be told.
    pub(in crate::p2p) fn handshake_done(&mut self, link: LinkId) {
        for known in self.known.values_mut().filter(|known| known.state.is_by(link)) {
            known.is_ready = true;
            known.last_error = None;
            known.answer(&Ok(()));
        }
    }

    /// Forgets a peer. Returns `None` if it was not known.
    pub(in crate::p2p) fn remove(&mut self, peer: &PeerUrl) -> Option<Removed> {
        let mut known = self.known.remove(peer)?;
        known.fail(DialError::Removed);
        let link = match known.state {
            State::Linked(link, _) | State::LinkedOtherwise(link, _) => Some(link),
            _ => known.twin.map(|twin| twin.link),
        };
        Some(Removed { link })
    }

    /// Every peer, in order of address. `at` is the clock's time of an instant.
    pub(in crate::p2p) fn list(&self, at: impl Fn(Instant) -> Timestamp) -> Vec<DialledPeer> {
        let peers = self.known.iter().map(|(peer, known)| DialledPeer {
            address: peer.as_str().to_owned(),
            is_named: known.is_wanted(),
            is_linked: known.twin.is_some()
                || matches!(known.state, State::Linked(..) | State::LinkedOtherwise(..)),
            failures: known.failures,
            last_error: known.last_error.clone(),
            next_try: match known.state {
                State::Resting(until) => Some(at(until)),
                _ => None,
            },
        });
        peers.collect()
    }

    /// Whether the peer is known.
    pub(in crate::p2p) fn knows(&self, peer: &PeerUrl) -> bool {
        self.known.contains_key(peer)
    }

    /// Whether a link leads to a peer that the operator named: we dialled it, or it was found to
    /// lead to the same node as one that we dialled.
    pub(in crate::p2p) fn leads_to_named(&self, link: LinkId) -> bool {
        self.known.values().any(|known| {
            let is_twin = known.twin.is_some_and(|twin| twin.link == link);
            known.is_wanted() && (known.state.is_by(link) || is_twin)
        })
    }

    /// How the operator spoke of the peer.
    pub(in crate::p2p) fn named(&self, peer: &PeerUrl) -> Named {
        let known = self.known.get(peer);
        Named {
            is_wanted: known.is_some_and(Known::is_wanted),
            is_configured: known.is_some_and(|known| known.is_configured),
        }
    }
}

impl Known {
    pub(super) fn answer(&mut self, result: &Result<(), DialError>) {
        for asker in self.askers.drain(..) {
            // The caller may have gone.
            let _ = asker.send(result.clone());
        }
    }

    /// Notes why there is no link, and tells those who wait for one.
    pub(super) fn fail(&mut self, error: DialError) {
        let error = match error {
            DialError::Unreached(reason) => {
                DialError::Unreached(reason.chars().take(MAX_DIAL_REASON).collect())
            }
            error => error,
        };
        self.last_error = Some(error.clone());
        self.answer(&Err(error));
    }
}

#[cfg(test)]
mod tests;
