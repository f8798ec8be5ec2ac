//! Which peers are dialled first after a restart, and are given time to come back.

use std::collections::BTreeSet;

use super::{Dials, Known, State};
use crate::node::PeerUrl;
use crate::p2p::dialing::addresses::is_local;

/// Most anchors. Of two, both are sooner away when a node starts.
const ANCHORS: usize = 4;

impl Known {
    /// Whether a place is kept for it while it is not linked: it is an anchor, and its waits have
    /// not grown to the longest.
    pub(super) const fn is_awaited(&self) -> bool {
        self.is_anchor && !self.backoff.is_longest()
    }

    /// Whether it stays an anchor.
    const fn holds(&self) -> bool {
        let is_linked = matches!(self.state, State::Linked(..) | State::LinkedOtherwise(..));
        self.is_anchor && (is_linked || !self.backoff.is_longest())
    }
}

impl Dials {
    /// Chooses the anchors: those of before, and in the places of those that have been away for
    /// long, the oldest links of the node's own choice. Returns them if they are others than
    /// before.
    ///
    /// A peer that is away for a moment stays an anchor: an attacker whose nodes are always there
    /// would take its place at the next restart. A node that was cut off needs its anchors most,
    /// so that none is dropped before there is another one.
    pub(in crate::p2p) fn choose_anchors(&mut self) -> Option<BTreeSet<PeerUrl>> {
        let those = |is_one: fn(&Known) -> bool| {
            self.known.iter().filter(move |(_, known)| is_one(known)).map(|(peer, _)| peer.clone())
        };
        let before: BTreeSet<_> = those(|known| known.is_anchor).collect();
        let oldest = self.own_choice().into_iter().map(|(peer, _)| peer.clone());
        let candidates = those(Known::holds)
            .chain(oldest.filter(|peer| !is_local(peer)))
            .chain(before.iter().cloned());
        let mut anchors = BTreeSet::new();
        for peer in candidates {
            if anchors.len() < ANCHORS {
                anchors.insert(peer);
            }
        }
        if anchors == before {
            return None;
        }
        for (peer, known) in &mut self.known {
            known.is_anchor = anchors.contains(peer);
        }
        Some(anchors)
    }
}

#[cfg(test)]
mod tests;
