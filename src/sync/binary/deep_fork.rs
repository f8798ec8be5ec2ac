//! Branches that fork deeper than may be without the operator: refused by their headers.

use super::candidate::Candidate;
use super::{BinarySync, Claim};
use crate::chain::DeepFork;
use crate::sync::step::Step;
use crate::sync::{LinkId, Output};

impl BinarySync {
    /// The branch of a candidate, if it forks deeper than may be and was not accepted.
    pub(super) fn deep_fork(&self, candidate: &Candidate) -> Option<DeepFork> {
        let max = self.config.max_reorg_depth?;
        let fork = candidate.fork()?;
        let depth = self.tip.height.above(fork.below);
        if depth <= max || self.config.accepted_forks.contains(&fork.first) {
            return None;
        }
        Some(DeepFork { fork, depth, last: candidate.head(), work: candidate.work() })
    }

    /// Whether that is so of the branch that a link showed.
    pub(super) fn is_too_deep(&self, link: LinkId) -> bool {
        let candidate = self.peers.get(&link).and_then(|peer| peer.candidate.as_ref());
        candidate.is_some_and(|candidate| self.deep_fork(candidate).is_some())
    }

    /// Tells of the branches with more work that are not fetched for their depth: of each once,
    /// until it grows.
    pub(super) fn tell_deep_forks(&mut self, step: &mut Step<'_>) {
        let heavier = |candidate: &&Candidate| candidate.work() > self.work && !candidate.is_told;
        let candidates =
            self.peers.values().filter_map(|peer| Some((peer.id, peer.candidate.as_ref()?)));
        let deep: Vec<_> = candidates
            .filter(|(_, candidate)| heavier(candidate))
            .filter_map(|(link, candidate)| Some((link, self.deep_fork(candidate)?)))
            .collect();
        for (link, fork) in deep {
            if let Some(candidate) =
                self.peers.get_mut(&link).and_then(|peer| peer.candidate.as_mut())
            {
                candidate.is_told = true;
            }
            step.out.push(Output::DeepFork { link, fork });
        }
    }

    /// After a reorg, branches leave our chain elsewhere: they are checked anew.
    pub(super) fn forget_forks(&mut self) {
        if self.config.max_reorg_depth.is_none() {
            return;
        }
        for peer in self.peers.values_mut() {
            if peer.candidate.take().is_some() {
                peer.claim = Claim::Block;
            }
        }
    }
}
