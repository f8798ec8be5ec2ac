//! The peers that this node dials, and when.

use std::collections::BTreeMap;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::backoff::{Backoff, STABLE};
use crate::node::{DialError, PeerUrl};
use crate::sync::LinkId;

/// Most peers that are known, up to 2 KiB each. One more takes the place of the one that
/// failed most often and is not linked.
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
    /// It is this node.
    Oneself,
}

impl Dials {
    /// Takes a peer up, to be dialled at once. Answers whether it is new.
    pub(super) fn add(&mut self, peer: PeerUrl, now: Instant) -> bool {
        if self.known.contains_key(&peer) {
            return false;
        }
        if self.known.len() >= MAX_KNOWN {
            self.forget_one();
        }
        let state = State::Resting(now);
        let known = Known { state, backoff: Backoff::default(), failures: 0, askers: Vec::new() };
        self.known.insert(peer, known);
        true
    }

    /// Takes a peer up, has it dialled now, and tells `reply` how that went. Answers
    /// whether the peer is new.
    pub(super) fn ask(
        &mut self,
        peer: &PeerUrl,
        reply: oneshot::Sender<Result<(), DialError>>,
        now: Instant,
    ) -> bool {
        let is_new = self.add(peer.clone(), now);
        let Some(known) = self.known.get_mut(peer) else { return is_new };
        // Whoever asked may have gone.
        let _ = match known.state {
            State::Linked(..) => reply.send(Ok(())),
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
    /// first; what is asked for beyond the cap is answered.
    pub(super) fn due(&mut self, now: Instant, most: usize) -> Vec<PeerUrl> {
        let busy = |known: &&Known| matches!(known.state, State::Dialling | State::Linked(..));
        let mut free = most.saturating_sub(self.known.values().filter(busy).count());
        let has_room = free > 0;
        let is_due = |known: &Known| match known.state {
            State::Resting(until) => until <= now,
            State::NoRoom => has_room,
            _ => false,
        };
        let mut due: Vec<_> = self
            .known
            .iter_mut()
            .filter(|(_, known)| is_due(known))
            .map(|(peer, known)| (known.askers.is_empty(), known.failures, peer, known))
            .collect();
        due.sort_by_key(|&(unasked, failures, peer, _)| (unasked, failures, peer));
        let mut chosen = Vec::new();
        for (_, _, peer, known) in due {
            if free > 0 {
                free -= 1;
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

    /// The link to a peer is over. `longest` asks for the longest wait.
    pub(super) fn ended(&mut self, link: LinkId, longest: bool, now: Instant, random: u64) {
        for known in self.known.values_mut() {
            match known.state {
                State::Linked(its, since) if its == link => {
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

    fn forget_one(&mut self) {
        let idle = self.known.iter().filter(|(_, known)| {
            matches!(known.state, State::Resting(_) | State::NoRoom | State::Oneself)
                && known.askers.is_empty()
        });
        let worst = idle.max_by_key(|(_, known)| known.failures).map(|(peer, _)| peer.clone());
        if let Some(worst) = worst {
            self.known.remove(&worst);
        }
    }
}

fn oneself() -> DialError {
    DialError("this is the node itself".to_owned())
}

#[cfg(test)]
mod tests;
