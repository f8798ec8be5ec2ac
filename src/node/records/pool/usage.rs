//! How full the pool is.

use std::time::Duration;

/// How full the pool is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PoolUsage {
    /// Records that wait.
    pub records: usize,
    /// Bytes that they are charged.
    pub bytes: u64,
    /// How long the oldest one has waited, `None` if the pool is empty.
    pub oldest_wait: Option<Duration>,
}
