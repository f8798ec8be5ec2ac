//! A record of the pool, and where it is.

use std::sync::Arc;
use std::time::Duration;

use crate::chain::{Hash, Height};

/// The place of a record: its batch and its index in it. A smaller one is older.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PoolPlace {
    /// Sequence of the batch that it came with.
    pub batch: u64,
    /// Its index in the batch.
    pub index: u32,
}

/// A record that enters the pool.
#[derive(Clone, Debug)]
pub(in crate::node) struct NewRecord {
    pub(in crate::node) id: Hash,
    pub(in crate::node) text: Arc<str>,
    /// Whether a client of this node's REST API sent it.
    pub(in crate::node) is_own: bool,
    /// Whether it is known not to be on the main chain.
    pub(in crate::node) is_checked: bool,
}

/// Where a record of the pool is on its way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::node) enum Stage {
    /// The flush that makes it durable is under way.
    Arriving,
    /// It waits for a block.
    Waiting,
    /// It is in a block that was mined here and that the writer has yet to apply.
    Mined,
    /// It is in the block at this height, whose flush is under way.
    InBlock(Height),
}

/// A record of the pool.
#[derive(Clone, Debug)]
pub(in crate::node) struct PoolRecord {
    pub(in crate::node) record: NewRecord,
    pub(in crate::node) stage: Stage,
    /// When it entered, on the steady clock.
    pub(in crate::node) since: Duration,
    /// From when on a block may be mined of it: a relayed one is left to the node that a client
    /// sent it to for a while.
    pub(in crate::node) due: Duration,
}
