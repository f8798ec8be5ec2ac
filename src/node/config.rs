//! How a node behaves.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use super::StoppedNode;
use super::random_delay::RandomDelay;
use crate::chain::{Checkpoints, Spec, Timestamp};

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
    /// Whether records of the pool are mined; default true.
    pub mines_pool: bool,
    /// How long a record of the pool waits for others before a block is mined, unless they fill
    /// a block; `None`, the default, for not at all on `dev` and 1 s on other chains.
    pub mine_interval: Option<Duration>,
    /// Blocks without records that are mined on top of one with records; default none.
    pub seal_blocks: u64,
    /// How long a record that a peer relayed waits before a block is mined of it, so that the node
    /// that a client sent it to comes first; `None`, the default, for 2 to 5 s at random on `dev`
    /// and one block time on other chains.
    pub relayed_delay: Option<Duration>,
    /// Database reads at the same time, at least 1; default 4.
    pub readers: usize,
    /// Blocks that every offered branch must contain; default none.
    pub checkpoints: Checkpoints,
    /// Whether the index is built; default true. Only benchmarks do without: lookups then fail
    /// once more blocks came than are found in memory.
    pub builds_index: bool,
    /// The stopped node of which this one is a read-only view: it has no miner then. Default
    /// `None`.
    pub stopped: Option<Arc<StoppedNode>>,
    /// The clock that dates blocks.
    pub clock: fn() -> Timestamp,
    /// A clock that nobody can set: time since some moment before the node started.
    pub steady: fn() -> Duration,
    /// Where randomness comes from: it keeps nodes from mining at the same moment.
    pub random: fn() -> u64,
}

/// How long a record of the pool waits for others, except on `dev`.
const DEFAULT_MINE_INTERVAL: Duration = Duration::from_secs(1);

impl NodeConfig {
    /// How long a record of the pool waits for others on this chain.
    pub(super) fn mine_interval(&self, spec: &Spec) -> Duration {
        let default = if is_dev(spec) { Duration::ZERO } else { DEFAULT_MINE_INTERVAL };
        self.mine_interval.unwrap_or(default)
    }

    /// How long a relayed record waits on this chain.
    pub(super) fn relayed_delay(&self, spec: &Spec) -> RandomDelay {
        match self.relayed_delay {
            Some(delay) => RandomDelay::exactly(delay),
            None if is_dev(spec) => RandomDelay::spread(Duration::from_secs(2), 3_000, self.random),
            None => RandomDelay::exactly(block_time(spec)),
        }
    }

    /// How long a tie with a peer lasts on this chain before this node mines a block. Elsewhere
    /// than on `dev` the search for that block is random enough.
    pub(super) fn tie_delay(&self, spec: &Spec) -> RandomDelay {
        if is_dev(spec) {
            RandomDelay::spread(Duration::from_secs(1), 2_000, self.random)
        } else {
            RandomDelay::exactly(block_time(spec) * 2)
        }
    }
}

/// Whether blocks take no time.
fn is_dev(spec: &Spec) -> bool {
    *spec == Spec::dev()
}

const fn block_time(spec: &Spec) -> Duration {
    Duration::from_millis(spec.target_block_time_ms())
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            mine_queue: 64,
            mine_deadline: Duration::from_secs(60),
            miner_threads: std::thread::available_parallelism().map_or(1, NonZero::get),
            mines_pool: true,
            mine_interval: None,
            seal_blocks: 0,
            relayed_delay: None,
            readers: 4,
            checkpoints: Checkpoints::default(),
            builds_index: true,
            stopped: None,
            clock: system_clock,
            steady: boot_clock,
            random: || RandomState::new().hash_one(0_u8),
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

#[cfg(test)]
mod tests;
