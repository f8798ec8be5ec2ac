//! Peers that the operator removed while the node runs.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most removed peers that are remembered, up to 2 KiB each; above it the one that was removed
/// first may be learned again.
const MAX_FORGOTTEN: usize = 1_024;

/// Addresses that stay away, until they are added again or the node starts anew: neither the
/// peers file nor another peer brings them back, nor a dial that was under way.
#[derive(Debug, Default)]
pub(in crate::node) struct Forgotten(Mutex<VecDeque<String>>);

impl Forgotten {
    pub(in crate::node) fn add(&self, address: &str) {
        let mut held = self.held();
        if held.iter().any(|held| held == address) {
            return;
        }
        if held.len() >= MAX_FORGOTTEN {
            held.pop_front();
        }
        held.push_back(address.to_owned());
    }

    pub(in crate::node) fn remove(&self, address: &str) {
        self.held().retain(|held| held != address);
    }

    pub(in crate::node) fn contains(&self, address: &str) -> bool {
        self.held().iter().any(|held| held == address)
    }

    /// A panic elsewhere left the list whole.
    fn held(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_too_many_is_remembered_no_longer() {
        let forgotten = Forgotten::default();
        for number in 0..=MAX_FORGOTTEN {
            forgotten.add(&number.to_string());
            forgotten.add(&number.to_string());
        }
        assert_eq!(forgotten.held().len(), MAX_FORGOTTEN);
        assert!(!forgotten.contains("0") && forgotten.contains("1"));
        forgotten.remove("1");
        assert!(!forgotten.contains("1"));
    }
}
