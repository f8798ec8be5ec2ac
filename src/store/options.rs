//! How a store is opened.

use std::time::Duration;

use crate::chain::{Checkpoints, Spec};

/// Everything about a store that an operator or a test may choose.
#[derive(Clone, Debug)]
pub struct Options {
    /// The chain to create in an empty directory, and the one that an existing
    /// directory must hold. With none, an empty directory is
    /// [`super::StoreError::Missing`] and any chain is opened.
    pub chain: Option<Spec>,
    /// Blocks that the stored chain must contain.
    pub checkpoints: Checkpoints,
    /// Size of sled's page cache, in bytes; at least 1 MiB. Default 32 MiB.
    pub cache_bytes: u64,
    /// Blocks are refused while less than this is free, in bytes. Default 1 GiB;
    /// 0 switches the guard off.
    pub min_free_bytes: u64,
    /// Size of sled's log segments, in bytes. Only for a new database, and only
    /// for tests: default 2 MiB.
    pub segment_bytes: usize,
    /// Largest reorg in one batch; a larger one is done in steps behind an
    /// intent. Default 10,000 blocks; tests choose fewer.
    pub reorg_batch_blocks: u64,
    /// Most blocks that a reorg may disconnect unless the operator accepts it. Default `None`:
    /// any number.
    pub max_reorg_depth: Option<u64>,
    /// Disconnected and abandoned branches are kept for this many heights below the
    /// tip. Default 10,000.
    pub branch_heights: u64,
    /// Disconnected and abandoned branches are kept up to this many bytes. Default
    /// 256 MiB.
    pub branch_bytes: u64,
    /// Branches are not removed until nothing was stored for this long. Default 60 s.
    pub branch_quiet: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            chain: None,
            checkpoints: Checkpoints::default(),
            cache_bytes: 32 << 20,
            min_free_bytes: 1 << 30,
            segment_bytes: 2 << 20,
            reorg_batch_blocks: 10_000,
            max_reorg_depth: None,
            branch_heights: 10_000,
            branch_bytes: 256 << 20,
            branch_quiet: Duration::from_secs(60),
        }
    }
}
