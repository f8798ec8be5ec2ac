//! Blocks that the operator pins.

use std::collections::BTreeMap;

use super::{Hash, Height, RuleError};

/// Configured (height, hash) pairs. A chain that contradicts one is invalid on
/// this node, whatever its work.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Checkpoints(BTreeMap<Height, Hash>);

impl Checkpoints {
    /// Checks the block with this height and hash.
    ///
    /// # Errors
    /// [`RuleError::Checkpoint`] when another hash is pinned at the height.
    pub fn check(&self, height: Height, found: Hash) -> Result<(), RuleError> {
        match self.0.get(&height) {
            Some(&expected) if expected != found => {
                Err(RuleError::Checkpoint { height, expected, found })
            }
            _ => Ok(()),
        }
    }

    /// Every pinned block, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = (Height, Hash)> {
        self.0.iter().map(|(&height, &hash)| (height, hash))
    }
}

impl FromIterator<(Height, Hash)> for Checkpoints {
    fn from_iter<I: IntoIterator<Item = (Height, Hash)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
