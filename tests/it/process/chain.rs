//! Chains of which every byte is known, written into a data directory without a node.

use std::path::{Path, PathBuf};

use jenny_chain::chain::test_util::extend;
use jenny_chain::chain::{Hash, Height, Spec, TipState, ValidBlock};
use jenny_chain::store::{Opened, Options, open};
use tempfile::TempDir;

use super::command::open_here;

/// A `dev` chain in a directory, closed again.
pub(crate) struct Chain {
    directory: TempDir,
    blocks: Vec<ValidBlock>,
}

impl Chain {
    /// A chain with these records in the blocks above genesis.
    pub(crate) fn of(bodies: &[&[&str]]) -> Self {
        let bodies = bodies.iter().map(|body| body.iter().map(|&text| text.to_owned()).collect());
        Self::build(bodies)
    }

    /// A chain of this many blocks above genesis, with one record in each.
    pub(crate) fn long(blocks: u64) -> Self {
        Self::build((1..=blocks).map(|number| vec![format!("record {number}")]))
    }

    fn build(bodies: impl Iterator<Item = Vec<String>>) -> Self {
        let chain = Self { directory: TempDir::new().unwrap(), blocks: Vec::new() };
        let _open = open_here();
        let mut opened = chain.open();
        let mut state = TipState::genesis(&Spec::dev());
        let mut blocks = vec![Spec::dev().genesis()];
        for records in bodies {
            let block = extend(&Spec::dev(), &mut state, records, 1_000);
            opened.writer.append(&block).unwrap();
            blocks.push(block);
        }
        opened.writer.commit().unwrap();
        Self { blocks, ..chain }
    }

    fn open(&self) -> Opened {
        let options = Options { chain: Some(Spec::dev()), min_free_bytes: 0, ..Options::default() };
        open(&self.dir(), &options, &mut |_| ()).unwrap()
    }

    /// Replaces the last block by two others, and returns its height and hash.
    pub(crate) fn disconnect_tip(&mut self) -> (Height, Hash) {
        let disconnected = self.blocks.pop().unwrap();
        let _open = open_here();
        let mut opened = self.open();
        let parent = self.blocks.last().unwrap();
        let mut state = opened.reader.state_of(parent.id()).unwrap().unwrap();
        for label in ["other", "heavier"] {
            let block = extend(&Spec::dev(), &mut state, vec![label.to_owned()], 1_000);
            opened.writer.store_branch_block(&block).unwrap();
            self.blocks.push(block);
        }
        opened.writer.commit().unwrap();
        opened.writer.reorg(state.id()).unwrap();
        (disconnected.header().height, disconnected.hash())
    }

    /// The data directory, in a directory of its own.
    pub(crate) fn dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The directory around the data directory.
    pub(crate) fn around(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn hash(&self, height: usize) -> Hash {
        self.blocks[height].hash()
    }
}
