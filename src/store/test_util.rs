//! Chains to store, for tests.

use tempfile::TempDir;

use super::{Opened, Options, open};
use crate::chain::test_util::extend;
use crate::chain::{Spec, TipState, ValidBlock};

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
