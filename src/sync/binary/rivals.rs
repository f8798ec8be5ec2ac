//! Links whose peers are on another tip, for [`crate::sync::Split`].

use super::BinarySync;
use crate::sync::split::Rival;
use crate::sync::{LinkId, Time};

impl BinarySync {
    /// The tips of the links that are not on our chain.
    pub(in crate::sync) fn rivals(&self) -> impl Iterator<Item = (LinkId, &Rival)> {
        self.peers.values().map(|peer| (peer.id, &peer.rival))
    }

    pub(in crate::sync) fn look_at_rivals(&mut self, now: Time) {
        for peer in self.peers.values_mut() {
            peer.rival.look(now, self.tip, self.work);
        }
    }
}
