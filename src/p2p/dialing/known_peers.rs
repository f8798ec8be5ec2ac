//! The peers that this node dials, and when. Which of them come first is in [`choose`].

mod anchors;
mod choose;
mod listing;
mod twins;

use std::collections::BTreeMap;
use std::net::IpAddr;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::backoff::{Backoff, STABLE};
use crate::chain::Timestamp;
use crate::node::{DialError, PeerUrl};
use crate::p2p::net_group::{NetGroup, Prefix};
use crate::sync::LinkId;
pub(in crate::p2p) use listing::Named;
use twins::Twin;

/// Most peers that are known, up to 2 KiB each. One more takes the place of the one that
/// failed most often and is not linked, of those first that the operator did not name; one that
/// a peer told of takes no place of the operator's.
const MAX_KNOWN: usize = 1_024;

/// Callers that may wait for one dial; further ones are refused.
const MAX_ASKERS: usize = 64;

/// Most addresses that peers of one network group may have told of and that were never reached.
/// One more takes the place of the one among them that failed most, if any failed.
const MAX_TOLD: usize = 16;

/// The known peers.
#[derive(Debug)]
pub(in crate::p2p) struct Dials {
    known: BTreeMap<PeerUrl, Known>,
    random: fn() -> u64,
}

#[derive(Debug)]
struct Known {
    state: State,
    backoff: Backoff,
    failures: u32,
    origin: Origin,
    /// Its address's group, known from a link for a name. `None` for names that were never linked,
    /// and for networks of the operator's own.
    group: Option<NetGroup>,
    /// Its place among equals, drawn anew after each dial: no peer can choose it.
    order: u64,
    /// Why the last dial or link failed.
    last_error: Option<DialError>,
    /// Whether settings or a file name it.
    is_configured: bool,
    /// Whether the node at the other end of the link said who it is.
    is_ready: bool,
    /// Whether it is dialled before others that were reached, also after a restart.
    is_anchor: bool,
    askers: Vec<oneshot::Sender<Result<(), DialError>>>,
    /// Set while another link says that it leads to the same node.
    twin: Option<Twin>,
}

/// How a peer came to be known; the better one counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Origin {
    /// Named by the operator.
    Named,
    /// Our dial succeeded, last at this time.
    Reached { last: Timestamp },
    /// Peers of this prefix told of it, or an earlier run noted that some did (`None`).
    Told { by: Option<Prefix> },
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Until then.
    Resting(Instant),
    /// Until a link or a dial ends.
    NoRoom,
    Dialling,
    /// Dialled to find out whether it can be reached, and no more.
    Feeling,
    Linked(LinkId, Instant),
    /// By a link that is not of our dialling to this address.
    LinkedOtherwise(LinkId, Instant),
    /// It is this node.
    Oneself,
}

impl State {
    fn is_by(&self, link: LinkId) -> bool {
        matches!(self, Self::Linked(its, _) | Self::LinkedOtherwise(its, _) if *its == link)
    }
}

impl Known {
    const fn is_wanted(&self) -> bool {
        matches!(self.origin, Origin::Named)
    }

    /// Whether nothing is under way with it, so that it can be forgotten.
    const fn is_idle(&self) -> bool {
        matches!(self.state, State::Resting(_) | State::NoRoom | State::Oneself)
            && self.askers.is_empty()
    }

    /// What the operator named stays so.
    const fn was_reached(&mut self, last: Timestamp) {
        match &mut self.origin {
            Origin::Named => {}
            Origin::Reached { last: before } => *before = last,
            Origin::Told { .. } => self.origin = Origin::Reached { last },
        }
    }
}

impl Dials {
    /// No peers; `random` orders those that nothing else tells apart.
    pub(in crate::p2p) const fn new(random: fn() -> u64) -> Self {
        Self { known: BTreeMap::new(), random }
    }

    /// Takes up a peer that the operator named, to be dialled at once. Returns whether it had
    /// not been named before.
    pub(in crate::p2p) fn want(&mut self, peer: PeerUrl, now: Instant) -> bool {
        if let Some(known) = self.known.get_mut(&peer) {
            let is_new = std::mem::replace(&mut known.origin, Origin::Named) != Origin::Named;
            if is_new {
                known.dial_itself(now);
            }
            return is_new;
        }
        if self.known.len() >= MAX_KNOWN && !self.forget_one(false) {
            self.forget_one(true);
        }
        self.insert(peer, Origin::Named, now);
        true
    }

    /// Takes up a peer that was reached before, last at that time.
    pub(in crate::p2p) fn reached(
        &mut self,
        peer: PeerUrl,
        last: Timestamp,
        is_anchor: bool,
        now: Instant,
    ) {
        if let Some(known) = self.known.get_mut(&peer) {
            known.is_anchor |= is_anchor;
        } else if self.has_room_for(&peer) {
            self.insert(peer, Origin::Reached { last }, now).is_anchor = is_anchor;
        }
    }

    /// Takes up a peer that was heard of, to be dialled when there is room. Returns whether it
    /// is new and was taken up.
    pub(in crate::p2p) fn learn(
        &mut self,
        peer: PeerUrl,
        by: Option<Prefix>,
        now: Instant,
    ) -> bool {
        if self.known.contains_key(&peer) || !self.has_quota(by) || !self.has_room_for(&peer) {
            return false;
        }
        self.insert(peer, Origin::Told { by }, now);
        true
    }

    fn has_room_for(&mut self, peer: &PeerUrl) -> bool {
        !self.known.contains_key(peer) && (self.known.len() < MAX_KNOWN || self.forget_one(false))
    }

    /// Whether a teller may tell of one more, perhaps in the place of one that failed.
    fn has_quota(&mut self, by: Option<Prefix>) -> bool {
        if by.is_none() {
            return true;
        }
        let its = self.known.iter().filter(|(_, known)| known.origin == Origin::Told { by });
        if its.clone().count() < MAX_TOLD {
            return true;
        }
        let worst = its
            .filter(|(_, known)| known.failures > 0 && known.is_idle())
            .max_by_key(|(_, known)| known.failures);
        let Some(worst) = worst.map(|(peer, _)| peer.clone()) else { return false };
        self.known.remove(&worst).is_some()
    }

    fn insert(&mut self, peer: PeerUrl, origin: Origin, now: Instant) -> &mut Known {
        let literal = peer.authority().and_then(|(host, _)| host.parse().ok());
        let known = Known {
            state: State::Resting(now),
            backoff: Backoff::default(),
            failures: 0,
            origin,
            group: literal.and_then(NetGroup::of),
            order: (self.random)(),
            last_error: None,
            is_configured: false,
            is_ready: false,
            is_anchor: false,
            askers: Vec::new(),
            twin: None,
        };
        self.known.entry(peer).or_insert(known)
    }

    /// Takes a peer up, has it dialled now, and tells `reply` how that went. Returns
    /// whether it had not been named before.
    pub(in crate::p2p) fn ask(
        &mut self,
        peer: &PeerUrl,
        reply: oneshot::Sender<Result<(), DialError>>,
        now: Instant,
    ) -> bool {
        let is_new = self.want(peer.clone(), now);
        let Some(known) = self.known.get_mut(peer) else { return is_new };
        // The caller may have gone.
        let _ = match known.state {
            State::Linked(..) | State::LinkedOtherwise(..) if known.is_ready => reply.send(Ok(())),
            State::Oneself => reply.send(Err(DialError::Oneself)),
            _ if known.askers.len() >= MAX_ASKERS => {
                reply.send(Err(DialError::unreached("too many wait for this peer already")))
            }
            _ => {
                if matches!(known.state, State::Resting(_) | State::NoRoom) {
                    known.state = State::Resting(now);
                }
                known.askers.push(reply);
                Ok(())
            }
        };
        is_new
    }

    /// When a peer is to be dialled next.
    pub(in crate::p2p) fn next_due(&self) -> Option<Instant> {
        let times = self.known.values().filter_map(|known| match known.state {
            State::Resting(until) => Some(until),
            _ => None,
        });
        times.min()
    }

    /// A link to a peer at this address came about. Askers are answered once it was found to be
    /// of this chain, as far as its dialect says so: by [`Dials::handshake_done`].
    pub(in crate::p2p) fn linked(
        &mut self,
        peer: &PeerUrl,
        link: LinkId,
        ip: IpAddr,
        clock: Timestamp,
        now: Instant,
    ) {
        let Some(known) = self.known.get_mut(peer) else { return };
        known.state = State::Linked(link, now);
        known.twin = None;
        known.was_reached(clock);
        known.group = NetGroup::of(ip);
        known.failures = 0;
        known.is_ready = false;
    }

    /// A peer was reached by a dial that was to find out just that. No link is kept.
    pub(in crate::p2p) fn felt(&mut self, peer: &PeerUrl, clock: Timestamp, now: Instant) {
        let Some(known) = self.known.get_mut(peer) else { return };
        known.state = State::Resting(now);
        known.was_reached(clock);
        known.failures = 0;
        known.order = (self.random)();
    }

    /// Whether this dial is to find out if the peer can be reached, and no more.
    pub(in crate::p2p) fn is_feeler(&self, peer: &PeerUrl) -> bool {
        self.known.get(peer).is_some_and(|known| matches!(known.state, State::Feeling))
    }

    /// A peer was not reached; returns how often in a row.
    pub(in crate::p2p) fn failed(
        &mut self,
        peer: &PeerUrl,
        error: DialError,
        now: Instant,
        random: u64,
    ) -> u32 {
        let Some(known) = self.known.get_mut(peer) else { return 0 };
        known.failures = known.failures.saturating_add(1);
        known.state = State::Resting(now + known.backoff.next(random));
        known.order = random;
        known.fail(error);
        known.failures
    }

    /// A peer turned out to be this node: it is not dialled again.
    pub(in crate::p2p) fn is_oneself(&mut self, peer: &PeerUrl) {
        let Some(known) = self.known.get_mut(peer) else { return };
        known.state = State::Oneself;
        known.fail(DialError::Oneself);
    }

    /// Whether the operator named the peer.
    pub(in crate::p2p) fn names(&self, peer: &PeerUrl) -> bool {
        self.known.get(peer).is_some_and(Known::is_wanted)
    }

    /// Whether others told of the peer, and no more is known of it.
    pub(in crate::p2p) fn is_told(&self, peer: &PeerUrl) -> bool {
        self.known.get(peer).is_none_or(|known| matches!(known.origin, Origin::Told { .. }))
    }

    /// Whether we dialled the link to a peer that the operator named. What others say of theirs
    /// does not count.
    pub(in crate::p2p) fn is_wanted(&self, link: LinkId) -> bool {
        let is_by = |state| matches!(state, State::Linked(its, _) if its == link);
        self.known.values().any(|known| known.is_wanted() && is_by(known.state))
    }

    /// The link to a peer is over, for this reason. `longest` asks for the longest wait. Returns the peer if the
    /// link lasted long enough to speak for it.
    pub(in crate::p2p) fn ended(
        &mut self,
        link: LinkId,
        longest: bool,
        why: &DialError,
        clock: Timestamp,
        now: Instant,
        random: u64,
    ) -> Option<PeerUrl> {
        let mut lasted = None;
        for (peer, known) in &mut self.known {
            known.twin_ended(link, now, random);
            let (State::Linked(its, since) | State::LinkedOtherwise(its, since)) = known.state
            else {
                continue;
            };
            if its != link || !longest && known.is_left_to_twin(now, random) {
                continue;
            }
            if now.duration_since(since) >= STABLE {
                known.backoff.reset();
                if matches!(known.state, State::Linked(..)) {
                    known.was_reached(clock);
                    lasted = Some(peer.clone());
                }
            }
            let wait =
                if longest { known.backoff.longest(random) } else { known.backoff.next(random) };
            known.state = State::Resting(now + wait);
            known.order = random;
            known.fail(why.clone());
        }
        lasted
    }

    /// Makes room, by one that the operator named or by one that it did not; returns whether
    /// there was one.
    fn forget_one(&mut self, is_wanted: bool) -> bool {
        let idle = self
            .known
            .iter()
            .filter(|(_, known)| known.is_idle() && known.is_wanted() == is_wanted);
        // Those that were never reached first, and anchors last.
        let badness = |known: &Known| {
            (!known.is_anchor, matches!(known.origin, Origin::Told { .. }), known.failures)
        };
        let worst = idle.max_by_key(|(_, known)| badness(known)).map(|(peer, _)| peer.clone());
        let Some(worst) = worst else { return false };
        if is_wanted {
            tracing::warn!("peer {} is forgotten: {MAX_KNOWN} are known", worst.as_str());
        }
        self.known.remove(&worst).is_some()
    }
}

#[cfg(test)]
mod tests;
