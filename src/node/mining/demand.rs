//! What is to be mined besides requests.

use std::time::Duration;

use crate::node::records::pool::ready::ReadySum;

/// What is to be mined besides requests.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::node) struct Demand {
    /// Records of the pool that a block may be mined of, `None` if there are none.
    pub(in crate::node) records: Option<ReadySum>,
    /// Whether a block is wanted at once, even without records.
    pub(in crate::node) wants_block: bool,
    /// After what time there may be more, `None` if only an event can bring it.
    pub(in crate::node) look_again: Option<Duration>,
}

impl Demand {
    /// Nothing, until something comes.
    pub(in crate::node) const NONE: Self =
        Self { records: None, wants_block: false, look_again: None };
}
