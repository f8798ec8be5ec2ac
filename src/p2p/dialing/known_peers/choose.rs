//! Which peers are dialled first, and how many of one network.
//!
//! In this order: peers that a caller waits for, peers that the operator named, anchors, peers that
//! were reached before (the latest first), peers that others told of, at random. Places are kept for
//! named peers and for [`anchors`](super::anchors) while these are not linked. At most
//! [`MAX_PER_GROUP`] links that the node dials, the operator's apart, lead into one network group,
//! so that a stranger with one network cannot be all that the node sees (Heilman et al., "Eclipse
//! Attacks on Bitcoin's Peer-to-Peer Network", USENIX Security 2015).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Dials, Known, NetGroup, Origin, State};
use crate::chain::Timestamp;
use crate::node::{DialError, PeerUrl};
use tokio::time::Instant;

/// Most links that the node dials into one network group. Peers that the operator named and private and
/// loopback addresses are not counted.
const MAX_PER_GROUP: usize = 2;

/// What decides between peers that are due: the smaller one is dialled first.
type Rank = (bool, bool, bool, bool, Reverse<Timestamp>, u64);

impl Known {
    const fn is_busy(&self) -> bool {
        matches!(self.state, State::Dialling | State::Linked(..))
    }

    fn rank(&self) -> Rank {
        let (is_told, last) = match self.origin {
            Origin::Named => (false, Timestamp::from_millis(0)),
            Origin::Reached { last } => (false, last),
            Origin::Told { .. } => (true, Timestamp::from_millis(0)),
        };
        let is_anchor = self.is_anchor;
        (self.askers.is_empty(), !self.is_wanted(), !is_anchor, is_told, Reverse(last), self.order)
    }
}

/// Links into each network group.
struct Groups(BTreeMap<NetGroup, usize>);

impl Groups {
    fn has_room(&self, known: &Known) -> bool {
        known.is_wanted()
            || known
                .group
                .is_none_or(|group| self.0.get(&group).is_none_or(|&count| count < MAX_PER_GROUP))
    }

    fn count(&mut self, known: &Known) {
        if let Some(group) = known.group.filter(|_| !known.is_wanted()) {
            *self.0.entry(group).or_default() += 1;
        }
    }
}

/// Places that are kept for peers while they are not linked.
struct Kept {
    named: usize,
    anchors: usize,
}

impl Kept {
    /// Places that are not this peer's to take.
    const fn before(&self, known: &Known) -> usize {
        if known.is_wanted() {
            0
        } else if known.is_awaited() {
            self.named
        } else {
            self.named.saturating_add(self.anchors)
        }
    }

    /// One that was kept is given to its peer.
    const fn give(&mut self, known: &Known) {
        if known.is_wanted() {
            self.named = self.named.saturating_sub(1);
        } else if known.is_awaited() {
            self.anchors = self.anchors.saturating_sub(1);
        }
    }
}

impl Dials {
    /// The places that are kept, of `max`.
    fn kept(&self, max: usize, groups: &Groups) -> Kept {
        let waiting = self.known.values().filter(|known| {
            known.twin.is_none()
                && matches!(known.state, State::Resting(_) | State::NoRoom)
                && groups.has_room(known)
        });
        let (named, others): (Vec<_>, Vec<_>) = waiting.partition(|known| known.is_wanted());
        let anchors = others.into_iter().filter(|known| known.is_awaited()).count();
        let named = named.len().min(max.div_ceil(2));
        Kept { named, anchors: anchors.min((max / 2).saturating_sub(named)) }
    }

    fn groups(&self) -> Groups {
        let mut groups = Groups(BTreeMap::new());
        self.known.values().filter(|known| known.is_busy()).for_each(|known| groups.count(known));
        groups
    }

    /// The peers to dial now, of which at most `max` links are kept. Half of the places are kept
    /// for the peers that the operator named, and as far as these leave some of that half, for
    /// anchors, while they are not linked. When peers of the node's own choice hold the others, a
    /// named peer is dialled beyond the cap, so that it can take the place of one of them when it
    /// is reached. A caller that waits for a peer beyond the cap is told so.
    pub(in crate::p2p) fn due(&mut self, now: Instant, max: usize) -> Vec<PeerUrl> {
        let busy = self.known.values().filter(|known| known.is_busy()).count();
        let mut free = max.saturating_sub(busy);
        // Places of peers of our own choice that one of the operator's may take.
        let mut lent = self.own_choice().len().saturating_sub(busy.saturating_sub(max));
        let mut groups = self.groups();
        let mut kept = self.kept(max, &groups);
        let has_room = |known: &Known, free: usize, kept: &Kept, groups: &Groups| {
            free > kept.before(known) && groups.has_room(known)
        };
        let is_due = |known: &Known| match known.state {
            State::Resting(until) => until <= now,
            State::NoRoom => has_room(known, free, &kept, &groups) || lent > 0 && known.is_wanted(),
            _ => false,
        };
        let mut due: Vec<_> = self.known.iter_mut().filter(|(_, known)| is_due(known)).collect();
        due.sort_by_key(|(_, known)| known.rank());
        let mut chosen = Vec::new();
        for (peer, known) in due {
            if has_room(known, free, &kept, &groups) {
                free -= 1;
                kept.give(known);
                groups.count(known);
                known.state = State::Dialling;
                chosen.push(peer.clone());
                continue;
            }
            if known.is_wanted() && lent > 0 {
                lent -= 1;
                known.state = State::Dialling;
                chosen.push(peer.clone());
                continue;
            }
            for asker in known.askers.drain(..) {
                let text = format!("{max} peers are dialled already; p2p.max_dialled allows more");
                let _ = asker.send(Err(DialError::Unreached(text)));
            }
            known.state = State::NoRoom;
        }
        chosen
    }

    /// A peer that others told of and that was never reached, to be dialled for that alone: what
    /// was reached is dialled before what was only told of, so it must be found out while there
    /// is no need.
    pub(in crate::p2p) fn feeler(&mut self, now: Instant) -> Option<PeerUrl> {
        let may = |known: &&mut Known| {
            let is_told = matches!(known.origin, Origin::Told { .. });
            let is_free = match known.state {
                State::Resting(until) => until <= now,
                State::NoRoom => true,
                _ => false,
            };
            is_told && is_free
        };
        let all = self.known.iter_mut().filter(|(_, known)| may(known));
        let (peer, known) = all.min_by_key(|(_, known)| known.order)?;
        known.state = State::Feeling;
        Some(peer.clone())
    }

    /// The links that were dialled to peers that the operator did not name, the oldest first.
    pub(in crate::p2p) fn own_choice(&self) -> Vec<(&PeerUrl, crate::sync::LinkId)> {
        let linked = |(peer, known): (_, &Known)| match known.state {
            State::Linked(link, since) if !known.is_wanted() => Some((since, peer, link)),
            _ => None,
        };
        let mut links: Vec<_> = self.known.iter().filter_map(linked).collect();
        links.sort_by_key(|&(since, _, link)| (since, link));
        links.into_iter().map(|(_, peer, link)| (peer, link)).collect()
    }
}

#[cfg(test)]
mod tests;
