//! How a path names a block: by its height, by its hash, or as the tip.

use http::HeaderValue;

use super::query::plain_number;
use crate::api::http::problem::{Kind, Problem};
use crate::chain::{BlockId, Hash, Height};
use crate::node::{NodeHandle, StoreError, StoredBlock, View};

/// By what a block is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BlockSelector {
    Tip,
    Height(Height),
    Hash(Hash),
}

impl BlockSelector {
    /// Reads a segment of a path.
    ///
    /// # Errors
    /// 400 when it names no block.
    pub(super) fn of(segment: &str) -> Result<Self, Problem> {
        Self::parse(segment).ok_or_else(|| {
            let detail = "identify a block by its height in decimal digits, by its hash in 64 lower-case hexadecimal digits, or by `tip`";
            Problem::new(Kind::InvalidParameter, detail).at("block")
        })
    }

    /// Plain digits without leading zeros, 64 lower-case hexadecimal digits, or `tip`.
    pub(super) fn parse(segment: &str) -> Option<Self> {
        if segment == "tip" {
            return Some(Self::Tip);
        }
        let hash = segment.parse().ok().map(Self::Hash);
        hash.or_else(|| plain_number(segment).map(Height::new).map(Self::Height))
    }

    /// Finds where the block is: by its hash on any branch, else on the main chain. To be called
    /// before the view is made from which the block is read: its chain is then not older than what
    /// is found.
    ///
    /// # Errors
    /// 404 when no stored block has the hash; 503 while it cannot be looked up.
    pub(super) async fn locate(self, node: &NodeHandle) -> Result<Located, Problem> {
        Ok(match self {
            Self::Tip => Located::Tip,
            Self::Height(height) => Located::Height(height),
            Self::Hash(hash) => {
                Located::Held(node.find_held_block(hash).await?.ok_or_else(unknown_hash)?)
            }
        })
    }

    /// 404, on a chain with this tip.
    pub(super) fn not_found(self, tip: Height) -> Problem {
        match self {
            Self::Hash(_) => unknown_hash(),
            Self::Height(_) | Self::Tip => {
                let detail = format!("the chain ends at height {tip}");
                Problem::new(Kind::BlockNotFound, detail).at("block")
            }
        }
    }

    /// `Cache-Control`: what a hash names never changes; what a height or `tip` names may.
    pub(super) const fn caching(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Hash(_) => "private, max-age=31536000, immutable",
            Self::Height(_) | Self::Tip => "no-cache",
        })
    }
}

/// Where a block is, if it is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Located {
    /// At the end of the main chain.
    Tip,
    /// On the main chain.
    Height(Height),
    /// On any branch.
    Held(BlockId),
}

impl Located {
    /// Reads the block, `None` if there is none.
    ///
    /// # Errors
    /// As [`View::block`].
    pub(super) fn read(self, view: &View) -> Result<Option<StoredBlock>, StoreError> {
        match self {
            Self::Tip => view.block(view.tip().header.height),
            Self::Height(height) => view.block(height),
            Self::Held(id) => view.held_block(id),
        }
    }
}

fn unknown_hash() -> Problem {
    let detail = "no stored block has this hash; blocks off the main chain are removed after a while, see docs/storage.md";
    Problem::new(Kind::BlockNotFound, detail).at("block")
}

#[cfg(test)]
mod tests;
