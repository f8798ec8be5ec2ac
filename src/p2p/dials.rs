//! The peers that this node dials, and when.

use std::collections::BTreeMap;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::backoff::{Backoff, STABLE};
use crate::node::{DialError, PeerUrl};
use crate::sync::LinkId;

/// Most peers that are known, up to 2 KiB each. One more takes the place of the one that
/// failed most often and is not linked, of those first that the operator did not name; one that
/// a peer told of takes no place of the operator's.
const MAX_KNOWN: usize = 1_024;

/// Answers that may be awaited of one dial; further askers are refused.
const MAX_ASKERS: usize = 64;

/// The known peers.
#[derive(Debug, Default)]
pub(super) struct Dials {
    known: BTreeMap<PeerUrl, Known>,
}

#[derive(Debug)]
struct Known {
    state: State,
    backoff: Backoff,
    failures: u32,
    /// Whether the operator named it.
    is_wanted: bool,
    askers: Vec<oneshot::Sender<Result<(), DialError>>>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Until then.
    Resting(Instant),
    /// Until a link or a dial ends.
    NoRoom,
    Dialling,
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

impl Dials {
    /// Takes a peer up that the operator named, to be dialled at once. Answers whether it had
    /// not been named before.
    pub(super) fn want(&mut self, peer: PeerUrl, now: Instant) -> bool {
        if let Some(known) = self.known.get_mut(&peer) {
            return !std::mem::replace(&mut known.is_wanted, true);
        }
        if self.known.len() >= MAX_KNOWN && !self.forget_one(false) {
            self.forget_one(true);
        }
        self.insert(peer, true, now);
        true
    }

    /// Takes a peer up that was heard of, to be dialled when there is room. Answers whether it
    /// is new and was taken up.
    pub(super) fn learn(&mut self, peer: PeerUrl, now: Instant) -> bool {
        if self.known.contains_key(&peer)
            || self.known.len() >= MAX_KNOWN && !self.forget_one(false)
        {
            return false;
        }
        self.insert(peer, false, now);
        true
    }

    fn insert(&mut self, peer: PeerUrl, is_wanted: bool, now: Instant) {
        let (state, backoff) = (State::Resting(now), Backoff::default());
        let known = Known { state, backoff, failures: 0, is_wanted, askers: Vec::new() };
        self.known.insert(peer, known);
    }

    /// Takes a peer up, has it dialled now, and tells `reply` how that went. Answers
    /// whether it had not been named before.
    pub(super) fn ask(
        &mut self,
        peer: &PeerUrl,
        reply: oneshot::Sender<Result<(), DialError>>,
        now: Instant,
    ) -> bool {
        let is_new = self.want(peer.clone(), now);
        let Some(known) = self.known.get_mut(peer) else { return is_new };
        // Whoever asked may have gone.
        let _ = match known.state {
            State::Linked(..) | State::LinkedOtherwise(..) => reply.send(Ok(())),
            State::Oneself => reply.send(Err(oneself())),
            State::Resting(_) | State::NoRoom | State::Dialling
                if known.askers.len() >= MAX_ASKERS =>
            {
                reply.send(Err(DialError("too many wait for this peer already".to_owned())))
            }
            State::Resting(_) | State::NoRoom | State::Dialling => {
                if !matches!(known.state, State::Dialling) {
                    known.state = State::Resting(now);
                }
                known.askers.push(reply);
                Ok(())
            }
        };
        is_new
    }

    /// The peers to dial now, of which at most `most` links are kept. Those asked for come
    /// first, then those that the operator named, for which half of the places are kept while
    /// they are not linked; what is asked for beyond the cap is answered. One that the operator
    /// named is also dialled for a place that another one holds: see [`Dials::surplus`].
    pub(super) fn due(&mut self, now: Instant, most: usize) -> Vec<PeerUrl> {
        let busy = |known: &&Known| matches!(known.state, State::Dialling | State::Linked(..));
        let busy = self.known.values().filter(busy).count();
        let mut free = most.saturating_sub(busy);
        let mut lent = self.lent().count().saturating_sub(busy.saturating_sub(most));
        let waits = |known: &&Known| {
            known.is_wanted && matches!(known.state, State::Resting(_) | State::NoRoom)
        };
        let mut kept = self.known.values().filter(waits).count().min(most.div_ceil(2));
        let has_room =
            |known: &Known| if known.is_wanted { free > 0 || lent > 0 } else { free > kept };
        let is_due = |known: &Known| match known.state {
            State::Resting(until) => until <= now,
            State::NoRoom => has_room(known),
            _ => false,
        };
        let mut due: Vec<_> = self.known.iter_mut().filter(|(_, known)| is_due(known)).collect();
        due.sort_by_key(|(peer, known)| {
            (known.askers.is_empty(), !known.is_wanted, known.failures, *peer)
        });
        let mut chosen = Vec::new();
        for (peer, known) in due {
            if known.is_wanted && (free > 0 || lent > 0) || free > kept {
                if free > 0 {
                    free -= 1;
                } else {
                    lent -= 1;
                }
                if known.is_wanted {
                    kept = kept.saturating_sub(1);
                }
                known.state = State::Dialling;
                chosen.push(peer.clone());
                continue;
            }
            for asker in known.askers.drain(..) {
                let text = format!("{most} peers are dialled already; p2p.max_dialled allows more");
                let _ = asker.send(Err(DialError(text)));
            }
            known.state = State::NoRoom;
        }
        chosen
    }

    /// Links that hold a place and lead to peers that the operator did not name, with when they
    /// came about.
    fn lent(&self) -> impl Iterator<Item = (Instant, LinkId)> {
        self.known.values().filter(|known| !known.is_wanted).filter_map(|known| match known.state {
            State::Linked(link, since) => Some((since, link)),
            _ => None,
        })
    }

    /// The link to close when one that the operator named came about and more than `most` hold
    /// places: the newest one to a peer that the operator did not name.
    pub(super) fn surplus(&self, most: usize) -> Option<LinkId> {
        let linked = |known: &&Known| matches!(known.state, State::Linked(..));
        let is_over = self.known.values().filter(linked).count() > most;
        is_over.then(|| self.lent().max()).flatten().map(|(_, link)| link)
    }

    /// When a peer is to be dialled next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let times = self.known.values().filter_map(|known| match known.state {
            State::Resting(until) => Some(until),
            _ => None,
        });
        times.min()
    }

    /// A peer was reached.
    pub(super) fn linked(&mut self, peer: &PeerUrl, link: LinkId, now: Instant) {
        let Some(known) = self.known.get_mut(peer) else { return };
        known.state = State::Linked(link, now);
        known.failures = 0;
        for asker in known.askers.drain(..) {
            let _ = asker.send(Ok(()));
        }
    }

    /// A peer was not reached; answers how often in a row.
    pub(super) fn failed(
        &mut self,
        peer: &PeerUrl,
        reason: &str,
        now: Instant,
        random: u64,
    ) -> u32 {
        let Some(known) = self.known.get_mut(peer) else { return 0 };
        known.failures = known.failures.saturating_add(1);
        known.state = State::Resting(now + known.backoff.next(random));
        for asker in known.askers.drain(..) {
            let _ = asker.send(Err(DialError(reason.to_owned())));
        }
        known.failures
    }

    /// A peer turned out to be this node: it is not dialled again.
    pub(super) fn is_oneself(&mut self, peer: &PeerUrl) {
        let Some(known) = self.known.get_mut(peer) else { return };
        known.state = State::Oneself;
        for asker in known.askers.drain(..) {
            let _ = asker.send(Err(oneself()));
        }
    }

    /// A peer that the operator did not name is linked by a link that it opened, or by
    /// one to another address of its: it is not dialled meanwhile.
    pub(super) fn linked_otherwise(&mut self, peer: &PeerUrl, link: LinkId, now: Instant) {
        let Some(known) = self.known.get_mut(peer) else { return };
        let is_idle = matches!(known.state, State::Resting(_) | State::NoRoom);
        if is_idle && !known.is_wanted && known.askers.is_empty() {
            known.state = State::LinkedOtherwise(link, now);
        }
    }

    /// A link that we dialled leads where another one does, or to this node itself.
    pub(super) fn is_duplicate(&mut self, link: LinkId, of: Option<LinkId>, now: Instant) {
        for known in self.known.values_mut().filter(|known| known.state.is_by(link)) {
            let other = |of| State::LinkedOtherwise(of, now);
            known.state = of.map_or(State::Oneself, other);
        }
    }

    /// Whether the operator named the peer.
    pub(super) fn names(&self, peer: &PeerUrl) -> bool {
        self.known.get(peer).is_some_and(|known| known.is_wanted)
    }

    /// Whether the link leads to a peer that the operator named.
    pub(super) fn is_wanted(&self, link: LinkId) -> bool {
        self.known.values().any(|known| known.is_wanted && known.state.is_by(link))
    }

    /// The link to a peer is over. `longest` asks for the longest wait.
    pub(super) fn ended(&mut self, link: LinkId, longest: bool, now: Instant, random: u64) {
        for known in self.known.values_mut() {
            match known.state {
                State::Linked(its, since) | State::LinkedOtherwise(its, since) if its == link => {
                    if now.duration_since(since) >= STABLE {
                        known.backoff.reset();
                    }
                    let wait = if longest {
                        known.backoff.longest(random)
                    } else {
                        known.backoff.next(random)
                    };
                    known.state = State::Resting(now + wait);
                }
                _ => {}
            }
        }
    }

    /// Makes room, by one that the operator named or by one that it did not; answers whether
    /// there was one.
    fn forget_one(&mut self, is_wanted: bool) -> bool {
        let idle = self.known.iter().filter(|(_, known)| {
            matches!(known.state, State::Resting(_) | State::NoRoom | State::Oneself)
                && known.askers.is_empty()
                && known.is_wanted == is_wanted
        });
        let worst = idle.max_by_key(|(_, known)| known.failures).map(|(peer, _)| peer.clone());
        let Some(worst) = worst else { return false };
        if is_wanted {
            tracing::warn!("peer {} is forgotten: {MAX_KNOWN} are known", worst.as_str());
        }
        self.known.remove(&worst).is_some()
    }
}

fn oneself() -> DialError {
    DialError("this is the node itself".to_owned())
}

#[cfg(test)]
mod tests;
