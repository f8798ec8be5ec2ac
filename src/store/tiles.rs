//! History tiles: the hash tree over all block hashes, in runs of 256.
//!
//! A tile of level 0 holds the leaf hashes of 256 consecutive blocks, one of level
//! n the roots of 256 consecutive tiles of level n - 1 (as C2SP's tlog-tiles).
//! Only complete tiles are kept.

use super::StoreError;
use super::layout::{TILE, tile_key};
use crate::chain::{Frontier, Hash, root};

/// Levels that a tree of 2^64 leaves can have.
const TILE_LEVELS: u8 = 8;

/// Length of a tile's value.
pub(super) const TILE_BYTES: usize = TILE * Hash::BYTES;

/// The incomplete right edge of every level: what must be known to write the next tile.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct TileEdge {
    leaves: u64,
    levels: Vec<Vec<Hash>>,
}

/// A complete tile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Tile {
    /// Its key in `chain`.
    pub(super) key: [u8; 10],
    /// 256 hashes.
    pub(super) value: Vec<u8>,
}

impl Tile {
    /// The complete tile of these 256 hashes.
    pub(super) fn new(level: u8, index: u64, hashes: &[Hash]) -> Self {
        let value = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
        Self { key: tile_key(level, index), value }
    }
}

impl TileEdge {
    /// The edge of a tree of `leaves` leaves, from its complete tiles and from the
    /// leaves behind them.
    pub(super) fn read(
        leaves: u64,
        tile: &dyn Fn(u8, u64) -> Result<Vec<Hash>, StoreError>,
        leaf: &dyn Fn(u64) -> Result<Hash, StoreError>,
    ) -> Result<Self, StoreError> {
        let mut levels = Vec::new();
        for level in 0..TILE_LEVELS {
            let nodes = nodes_at(leaves, level);
            if nodes == 0 {
                break;
            }
            let first = nodes - nodes % TILE as u64;
            let edge: Result<_, _> = (first..nodes)
                .map(|node| match level.checked_sub(1) {
                    None => leaf(node),
                    Some(below) => Ok(root(tile(below, node)?)),
                })
                .collect();
            levels.push(edge?);
        }
        Ok(Self { leaves, levels })
    }

    /// Adds a leaf hash and hands every tile that it completes to `write`.
    pub(super) fn append(&mut self, leaf: Hash, write: &mut dyn FnMut(Tile)) {
        self.leaves += 1;
        let mut node = leaf;
        for level in 0..TILE_LEVELS {
            let at = usize::from(level);
            if self.levels.len() == at {
                self.levels.push(Vec::with_capacity(TILE));
            }
            let Some(edge) = self.levels.get_mut(at) else { return };
            edge.push(node);
            if edge.len() < TILE {
                return;
            }
            let index = (nodes_at(self.leaves, level) - 1) / TILE as u64;
            write(Tile::new(level, index, edge));
            node = root(edge.drain(..));
        }
    }
}

/// The frontier of the tree over the first `leaves` leaves: one tile of each level
/// is hashed at most 255 times.
pub(super) fn frontier(
    leaves: u64,
    tile: &dyn Fn(u8, u64) -> Result<Vec<Hash>, StoreError>,
    leaf: &dyn Fn(u64) -> Result<Hash, StoreError>,
) -> Result<Frontier, StoreError> {
    let edge = TileEdge::read(leaves, tile, leaf)?;
    let mut frontier = Frontier::default();
    for nodes in edge.levels.into_iter().rev() {
        frontier = widened(&frontier);
        for node in nodes {
            frontier.append(node);
        }
    }
    debug_assert_eq!(frontier.leaves(), leaves);
    Ok(frontier)
}

/// A frontier over the nodes of a level as one over those of the level below, 256 for each: the
/// same subtrees, counted anew.
#[expect(clippy::expect_used, reason = "a number shifted by a byte has the same binary ones")]
fn widened(frontier: &Frontier) -> Frontier {
    let subtrees = frontier.subtrees().to_vec();
    Frontier::from_subtrees(frontier.leaves() << 8, subtrees).expect("the same subtrees")
}

/// Reads a tile's value.
pub(super) fn decode(value: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = value.as_chunks::<{ Hash::BYTES }>();
    let whole = hashes.len() == TILE && rest.is_empty();
    whole.then(|| hashes.iter().copied().map(Hash::new).collect())
}

/// How many complete nodes a level has.
pub(super) fn nodes_at(leaves: u64, level: u8) -> u64 {
    leaves.checked_shr(u32::from(level) * 8).unwrap_or(0)
}

#[cfg(test)]
mod tests;
