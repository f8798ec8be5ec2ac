//! Blocks of forks and blocks that break a rule, remembered for a while: what is sent again is not
//! checked again, which takes the state of the chain at its parent.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::chain::Hash;
use crate::sync::BlockOutcome;

/// Outcomes that are remembered, about 200 bytes each. A further one takes the place of the one that
/// was asked for longest ago.
const MAX_REFUSED: usize = 1_024;

/// Outcomes by block.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    outcomes: HashMap<Hash, Known>,
    uses: u64,
}

#[derive(Debug)]
struct Known {
    /// The number of the last use.
    used: u64,
    tip: Hash,
    outcome: BlockOutcome,
}

impl Refused {
    /// The outcome of a block, if it is remembered, and our tip at that time.
    pub(super) fn get(&self, hash: &Hash) -> Option<(Hash, BlockOutcome)> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let now = held.uses;
        let found = held.outcomes.get_mut(hash)?;
        found.used = now;
        Some((found.tip, found.outcome.clone()))
    }

    /// Remembers the outcome of a block and the tip that it was checked with.
    pub(super) fn put(&self, hash: Hash, tip: Hash, outcome: BlockOutcome) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let now = held.uses;
        if held.outcomes.len() >= MAX_REFUSED && !held.outcomes.contains_key(&hash) {
            let oldest = held.outcomes.iter().min_by_key(|(_, outcome)| outcome.used);
            if let Some(oldest) = oldest.map(|(hash, _)| *hash) {
                held.outcomes.remove(&oldest);
            }
        }
        held.outcomes.insert(hash, Known { used: now, tip, outcome });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Refusal;

    fn hash(number: usize) -> Hash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Hash::new(bytes)
    }

    #[test]
    fn the_outcomes_that_were_asked_for_last_are_kept() {
        let refused = Refused::default();
        for number in 0..MAX_REFUSED {
            refused.put(hash(number), hash(9), BlockOutcome::Fork);
        }
        assert_eq!(refused.get(&hash(0)), Some((hash(9), BlockOutcome::Fork)));
        refused.put(hash(MAX_REFUSED), hash(9), BlockOutcome::Refused(Refusal::BadWork));
        assert_eq!(refused.get(&hash(1)), None, "it was used longest ago");
        for (number, outcome) in
            [(0, BlockOutcome::Fork), (MAX_REFUSED, BlockOutcome::Refused(Refusal::BadWork))]
        {
            assert_eq!(refused.get(&hash(number)), Some((hash(9), outcome)));
        }
    }
}
