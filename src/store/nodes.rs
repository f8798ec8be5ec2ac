//! The nodes of a history tree, as proofs need them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use super::StoreError;
use super::layout::TILE;
use super::subtree_roots::KnownRoots;
use super::tiles::nodes_at;
use crate::chain::{Hash, Subtree, root};

/// Reads tiles.
type ReadTile<'a> = &'a dyn Fn(u8, u64) -> Result<Vec<Hash>, StoreError>;

/// Reads leaf hashes.
type ReadLeaves<'a> = &'a dyn Fn(Range<u64>) -> Result<Vec<Hash>, StoreError>;

/// The nodes of a history tree, for one proof: from the tiles that hold nothing but the first
/// `tiled` leaves, and above them from the leaves.
pub(super) struct Nodes<'a> {
    tiled: u64,
    roots: KnownRoots<'a>,
    tile: ReadTile<'a>,
    leaves: ReadLeaves<'a>,
    /// The tile of each level that was read last: a path has up to eight nodes of it.
    last: BTreeMap<u8, (u64, Vec<Hash>)>,
}

impl<'a> Nodes<'a> {
    pub(super) const fn new(
        tiled: u64,
        roots: KnownRoots<'a>,
        tile: ReadTile<'a>,
        leaves: ReadLeaves<'a>,
    ) -> Self {
        Self { tiled, roots, tile, leaves, last: BTreeMap::new() }
    }

    /// The root of a complete subtree: one tile is read, or, at the right edge, the tiles or
    /// leaves below an incomplete one, at most 255; of the tiles, those whose root is not known.
    #[expect(clippy::expect_used, reason = "no tree of `u64` leaves has more than 64 levels")]
    pub(super) fn root_of(&mut self, subtree: Subtree) -> Result<Hash, StoreError> {
        let level = u8::try_from(subtree.level / 8).expect("a level of tiles");
        let count = 1 << (subtree.level % 8);
        let first = subtree.index * count;
        Ok(root(self.nodes(level, first..first + count)?))
    }

    /// Nodes of one level of tiles, all of one tile.
    fn nodes(&mut self, level: u8, nodes: Range<u64>) -> Result<Vec<Hash>, StoreError> {
        let tile = TILE as u64;
        let index = nodes.start / tile;
        if index < nodes_at(self.tiled, level + 1) {
            let hashes = (index * tile..).zip(self.tile(level, index)?);
            let hashes = hashes.filter(|(node, _)| nodes.contains(node));
            return Ok(hashes.map(|(_, hash)| *hash).collect());
        }
        if level == 0 {
            return (self.leaves)(nodes);
        }
        nodes.map(|node| self.tile_root(level, node)).collect()
    }

    /// The node of a level above the leaves: the root over 256 nodes of the level below.
    fn tile_root(&mut self, level: u8, node: u64) -> Result<Hash, StoreError> {
        let below = node * TILE as u64..(node + 1) * TILE as u64;
        // Above the tiles the leaves may be those of a chain that is not the main one.
        if node >= nodes_at(self.tiled, level) {
            return Ok(root(self.nodes(level - 1, below)?));
        }
        if let Some(known) = self.roots.get(level, node) {
            return Ok(known);
        }
        let found = root((self.tile)(level - 1, node)?);
        self.roots.insert(level, node, found);
        Ok(found)
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[Hash], StoreError> {
        let read = || Ok((index, (self.tile)(level, index)?));
        let (_, hashes) = match self.last.entry(level) {
            Entry::Vacant(none) => none.insert(read()?),
            Entry::Occupied(last) if last.get().0 == index => last.into_mut(),
            Entry::Occupied(mut last) => {
                last.insert(read()?);
                last.into_mut()
            }
        };
        Ok(hashes)
    }
}

#[cfg(test)]
mod tests;
