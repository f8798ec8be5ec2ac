//! The roots of complete history tiles, in memory: what a proof needs of the tiles below an
//! incomplete one.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::tiles::nodes_at;
use crate::chain::Hash;

/// Roots that are kept, about 100 bytes each with the map: 1.6 MiB. A chain of 16 million blocks
/// has at most 510 below its incomplete tiles.
const MAX_SUBTREE_ROOTS: usize = 16_384;

/// The nodes of the history tree at the levels of tiles above the leaves, as far as they were
/// computed: the one at (1, 0) is the root of the first tile.
#[derive(Debug, Default)]
pub(super) struct SubtreeRoots(Mutex<Roots>);

#[derive(Debug, Default)]
struct Roots {
    /// Reorgs that removed roots.
    epoch: u64,
    roots: BTreeMap<(u8, u64), Hash>,
}

/// The roots as they are used for one computation, which may be of a chain that a reorg removes
/// meanwhile: its roots are not kept then.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownRoots<'a> {
    all: &'a SubtreeRoots,
    epoch: u64,
}

impl SubtreeRoots {
    /// The roots for a computation that begins now: it must not know the main chain's tiles yet.
    pub(super) fn begin(&self) -> KnownRoots<'_> {
        KnownRoots { all: self, epoch: self.lock().epoch }
    }

    /// Removes the roots over a leaf at or above `shared`, before any tile with it is replaced.
    pub(super) fn remove_above(&self, shared: u64) {
        let mut roots = self.lock();
        roots.epoch += 1;
        roots.roots.retain(|&(level, node), _| node < nodes_at(shared, level));
    }

    fn lock(&self) -> MutexGuard<'_, Roots> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownRoots<'_> {
    /// The root of the complete subtree at this node of a level of tiles, `None` if it is not known.
    pub(super) fn get(self, level: u8, node: u64) -> Option<Hash> {
        self.all.lock().roots.get(&(level, node)).copied()
    }

    /// Keeps a root, unless a reorg began since the computation did. The leftmost root of the
    /// lowest level makes room: it is the farthest from where the chain grows.
    pub(super) fn insert(self, level: u8, node: u64, root: Hash) {
        let mut roots = self.all.lock();
        if roots.epoch != self.epoch {
            return;
        }
        roots.roots.insert((level, node), root);
        while roots.roots.len() > MAX_SUBTREE_ROOTS {
            roots.roots.pop_first();
        }
    }
}

#[cfg(test)]
mod tests;
