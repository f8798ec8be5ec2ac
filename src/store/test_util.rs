//! Chains to store, for tests.

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::tiles::{self, TileEdge};
use super::{Opened, Options, open};
use crate::chain::test_util::extend;
use crate::chain::{Hash, Spec, TipState, ValidBlock, leaf_hash};

/// A data directory and how it is opened.
pub(super) struct Home {
    pub(super) directory: TempDir,
    pub(super) options: Options,
}

impl Home {
    pub(super) fn new() -> Self {
        let options = Options {
            chain: Some(Spec::dev()),
            min_free_bytes: 0,
            cache_bytes: 4 << 20,
            segment_bytes: 256 << 10,
            ..Options::default()
        };
        Self { directory: TempDir::new().unwrap(), options }
    }

    pub(super) fn open(&self) -> Opened {
        open(self.directory.path(), &self.options, &mut |_| ()).unwrap()
    }

    /// A fresh directory, opened.
    pub(super) fn opened() -> (Self, Opened) {
        let home = Self::new();
        let opened = home.open();
        (home, opened)
    }
}

/// Applies blocks to the main chain, and makes them durable.
pub(super) fn append(opened: &mut Opened, blocks: &[ValidBlock]) {
    apply(opened, blocks);
    opened.writer.commit().unwrap();
}

/// Applies blocks to the main chain.
pub(super) fn apply(opened: &mut Opened, blocks: &[ValidBlock]) {
    for block in blocks {
        opened.writer.append(block).unwrap();
    }
}

/// Stores the blocks of a branch.
pub(super) fn store(opened: &mut Opened, blocks: &[ValidBlock]) {
    for block in blocks {
        opened.writer.store_branch_block(block).unwrap();
    }
}

/// Mines the next block of a chain, and moves the chain on to it.
pub(super) fn mine(state: &mut TipState, records: &[String]) -> ValidBlock {
    extend(&Spec::dev(), state, records.to_vec(), 1)
}

/// A branch of this many blocks on top of `state`, with a label in every record.
pub(super) fn grow(state: &mut TipState, blocks: u64, label: &str) -> Vec<ValidBlock> {
    (0..blocks).map(|number| mine(state, &[format!("{label} {number}")])).collect()
}

/// The state after genesis.
pub(super) fn genesis() -> TipState {
    TipState::genesis(&Spec::dev())
}

/// A leaf of a tree.
pub(super) fn leaf(number: u64) -> Hash {
    leaf_hash(&number.to_be_bytes())
}

/// All tiles of a tree, and its edge as it grew.
pub(super) fn grown(leaves: u64) -> (BTreeMap<[u8; 10], Vec<Hash>>, TileEdge) {
    let mut tiles = BTreeMap::new();
    let mut edge = TileEdge::default();
    for number in 0..leaves {
        edge.append(leaf(number), &mut |tile| {
            tiles.insert(tile.key, tiles::decode(&tile.value).unwrap());
        });
    }
    (tiles, edge)
}
