//! Which blocks to dump.

use anyhow::Result;

use crate::chain::{Hash, Height};
use crate::cli::args::SelectArgs;
use crate::cli::block_name::HashPrefix;
use crate::cli::exit::Failure;

/// Most blocks that are named when several fit a prefix.
const MAX_CANDIDATES: usize = 8;

/// Which blocks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Select {
    /// From the first height to the last, or to the tip where that is lower.
    Range { from: Height, to: Height },
    /// The block of the main chain at this height.
    Height(Height),
    /// The block with this hash, on whichever branch, or the one of the main chain whose hash begins
    /// so.
    Hash(HashPrefix),
    /// The block at this height whose hash begins so, on whichever branch.
    Exact(Height, HashPrefix),
    /// The last block.
    Tip,
}

impl Select {
    pub(super) fn new(args: &SelectArgs) -> Result<Self> {
        Ok(match (args.height.map(Height::new), args.hash.clone(), args.tip) {
            (Some(height), Some(hash), _) => Self::Exact(height, hash),
            (Some(height), None, _) => Self::Height(height),
            (None, Some(hash), _) => Self::Hash(hash),
            (None, None, true) => Self::Tip,
            (None, None, false) => {
                let from = args.from.unwrap_or(0);
                let to = args.to.unwrap_or(u64::MAX);
                if from > to {
                    let message = format!("--from {from} is above --to {to}");
                    return Err(Failure::usage(message).into());
                }
                Self::Range { from: Height::new(from), to: Height::new(to) }
            }
        })
    }
}

/// The blocks that fit a prefix, of which there should be one.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    first: Vec<(Height, Hash)>,
    count: u64,
}

impl Candidates {
    /// Takes note of a block that fits.
    pub(super) fn add(&mut self, height: Height, hash: Hash) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < MAX_CANDIDATES {
            self.first.push((height, hash));
        }
    }

    /// The one block that fits, `None` if there is none.
    ///
    /// # Errors
    /// When several fit; they are named.
    pub(super) fn only(&self, prefix: &HashPrefix) -> Result<Option<(Height, Hash)>> {
        if self.count <= 1 {
            return Ok(self.first.first().copied());
        }
        let count = self.count;
        let message = format!("the hashes of {count} blocks begin with {prefix}");
        let failure = Failure::usage(message).hint("give more digits, or --height too");
        let name = |failure: Failure, &(height, hash): &(Height, Hash)| {
            failure.hint(format!("block {height} is {hash}"))
        };
        Err(self.first.iter().fold(failure, name).into())
    }
}

/// There is no block at the requested height.
pub(super) fn above_tip(wanted: Height, tip: Height) -> anyhow::Error {
    Failure::no(format!("there is no block {wanted}: the chain ends at height {tip}")).into()
}

/// No block has the hash, or none of the main chain begins so.
pub(super) fn no_hash(prefix: &HashPrefix) -> Failure {
    if prefix.whole().is_some() {
        return Failure::no(format!("no stored block has the hash {prefix}"));
    }
    Failure::no(format!("no hash of the main chain begins with {prefix}"))
}

#[cfg(test)]
mod tests;
