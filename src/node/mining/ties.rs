//! When a tie between this node's chain and a peer's is ended by a block of this node's own.

use std::time::Duration;

use crate::chain::Hash;
use crate::node::random_delay::RandomDelay;

/// The tie that this node is in, and how long it is left to others to end it.
#[derive(Debug)]
pub(in crate::node) struct Ties {
    /// How long a tie lasts before this node ends it: at random, so that not both do.
    delay: RandomDelay,
    /// This node's tip in the current tie, and when the tie has lasted long enough.
    current: Option<(Hash, Duration)>,
}

impl Ties {
    pub(in crate::node) const fn new(delay: RandomDelay) -> Self {
        Self { delay, current: None }
    }

    /// How long the tie is still left to others: zero once a block is to be mined, `None` if
    /// there is no tie. `tied` is the tip of this node that a peer has another one beside, of the
    /// same work; a tie of an earlier tip than `tip` is over.
    pub(in crate::node) fn time_left(
        &mut self,
        now: Duration,
        tied: Option<Hash>,
        tip: Hash,
    ) -> Option<Duration> {
        if tied != Some(tip) {
            self.current = None;
            return None;
        }
        let current = self.current.filter(|(ours, _)| *ours == tip);
        let (_, due) = *self.current.insert(match current {
            Some(current) => current,
            None => (tip, now + self.delay.draw()),
        });
        Some(due.saturating_sub(now))
    }
}

#[cfg(test)]
mod tests;
