//! Branches that fork deeper than may be without the operator: refused by their headers.

use super::candidate::Walk;
use super::{Claim, Native};
use crate::sync::{DeepFork, LinkId, Output};

impl Native {
    /// The branch of a walk, if it forks deeper than may be and was not accepted.
    pub(super) fn deep_fork(&self, walk: &Walk) -> Option<DeepFork> {
        let most = self.config.max_reorg_depth?;
        let fork = walk.fork()?;
        let depth = self.tip.height.above(fork.below);
        if depth <= most || self.config.accepted_forks.contains(&fork.first) {
            return None;
        }
        Some(DeepFork { fork, depth, last: walk.head(), work: walk.work() })
    }

    /// Whether that is so of the branch that a link showed.
    pub(super) fn is_too_deep(&self, link: LinkId) -> bool {
        let walk = self.peers.get(&link).and_then(|peer| peer.walk.as_ref());
        walk.is_some_and(|walk| self.deep_fork(walk).is_some())
    }

    /// Tells of the branches with more work that are not fetched for their depth: of each once,
    /// until it grows.
    pub(super) fn tell_deep_forks(&mut self, out: &mut Vec<Output>) {
        let heavier = |walk: &&Walk| walk.work() > self.work && !walk.is_told;
        let walks = self.peers.values().filter_map(|peer| Some((peer.id, peer.walk.as_ref()?)));
        let deep: Vec<_> = walks
            .filter(|(_, walk)| heavier(walk))
            .filter_map(|(link, walk)| Some((link, self.deep_fork(walk)?)))
            .collect();
        for (link, fork) in deep {
            if let Some(walk) = self.peers.get_mut(&link).and_then(|peer| peer.walk.as_mut()) {
                walk.is_told = true;
            }
            out.push(Output::DeepFork { link, fork });
        }
    }

    /// After a reorg of ours branches leave our chain elsewhere: they are looked at anew.
    pub(super) fn forget_forks(&mut self) {
        if self.config.max_reorg_depth.is_none() {
            return;
        }
        for peer in self.peers.values_mut() {
            if peer.walk.take().is_some() {
                peer.claim = Claim::Block;
            }
        }
    }
}
