//! Which blocks to dump.

use anyhow::Result;

use crate::chain::{Hash, Height};
use crate::cli::args::SelectArgs;
use crate::cli::exit::Failure;

/// Which blocks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Select {
    /// From the first height to the last, or to the tip where that is lower.
    Range { from: Height, to: Height },
    /// The block of the main chain at this height.
    Height(Height),
    /// The block of the main chain with this hash.
    Hash(Hash),
    /// The block with this height and hash, on whichever branch.
    Exact(Height, Hash),
    /// The last block.
    Tip,
}

impl Select {
    pub(super) fn new(args: &SelectArgs) -> Result<Self> {
        Ok(match (args.height.map(Height::new), args.hash, args.tip) {
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

/// Nothing stands at the height that was asked for.
pub(super) fn above_tip(wanted: Height, tip: Height) -> anyhow::Error {
    Failure::no(format!("there is no block {wanted}: the chain ends at height {tip}")).into()
}
