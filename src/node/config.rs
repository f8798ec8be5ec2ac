//! How a node behaves.

use std::num::NonZero;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::chain::{Checkpoints, Timestamp};

/// How a node behaves.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Requests that may wait to be mined, at least 1; default 64. Each holds at
    /// most one block of records.
    pub mine_queue: usize,
    /// How long one request may take from its arrival until its block is handed
    /// to the writer; default 60 s.
    pub mine_deadline: Duration,
    /// Threads that search for a nonce, at least 1; default all cores.
    pub miner_threads: usize,
    /// Database reads at the same time, at least 1; default 4.
    pub readers: usize,
    /// Blocks that every offered branch must contain; default none.
    pub checkpoints: Checkpoints,
    /// The clock that dates blocks.
    pub clock: fn() -> Timestamp,
    /// A clock that nobody can set: time since some moment before the node started.
    pub steady: fn() -> Duration,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            mine_queue: 64,
            mine_deadline: Duration::from_secs(60),
            miner_threads: std::thread::available_parallelism().map_or(1, NonZero::get),
            readers: 4,
            checkpoints: Checkpoints::default(),
            clock: system_clock,
            steady: boot_clock,
        }
    }
}

/// The machine's clock; the epoch itself when it stands before 1970.
fn system_clock() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// Time since this machine was started. What it slept counts: its wall clock goes on meanwhile.
fn boot_clock() -> Duration {
    #[cfg(target_os = "linux")]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: ClockId = ClockId::Monotonic;
    Duration::try_from(clock_gettime(CLOCK)).unwrap_or_default()
}
