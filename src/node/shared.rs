//! What the node's threads and handles share.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};

use super::clock::{ClockFault, ClockWatch, Reading};
use super::command::Command;
use super::fork_log::ForkLog;
use super::metrics::Metrics;
use super::mining::demand::Demand;
use super::mining::hash_rate::HashRate;
use super::mining::mined_counts::MinedCounts;
use super::mining::queue::MiningQueue;
use super::peering::forgotten::Forgotten;
use super::records::disconnected::DisconnectedRecords;
use super::records::pool::{Pool, Unsettled};
use super::records::record_pool::RecordPool;
use super::reorg_log::ReorgLog;
use super::{Links, NodeConfig, NodeFailure, StoppedNode, StoreError};
use crate::chain::{ChainHeader, Hash, Height, Spec, Timestamp, TipState};
use crate::store::{Heartbeat, Reader, RecordedReorg, panic_message};

/// Offers that are checked at the same time; others wait. Each has at most one
/// batch on its way to the writer.
const MAX_IMPORTS: usize = 2;

/// What the node's threads and handles share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) spec: Spec,
    pub(super) chain_id: Hash,
    pub(super) forgotten: Forgotten,
    pub(super) config: NodeConfig,
    pub(super) reader: Reader,
    pub(super) links: Links,
    pub(super) started: Instant,
    pub(super) queue: MiningQueue,
    pub(super) records: RecordPool,
    /// To the writer; bounded, see [`super::command::MAX_COMMANDS`].
    pub(super) commands: SyncSender<Command>,
    pub(super) rate: HashRate,
    pub(super) mined: MinedCounts,
    pub(super) metrics: Metrics,
    pub(super) reorgs: ReorgLog,
    pub(super) disconnected: DisconnectedRecords,
    pub(super) forks: ForkLog,
    pub(super) syncer_heartbeat: Heartbeat,
    /// Whether the miner is at work.
    pub(super) at_work: AtomicBool,
    /// One permit a database read.
    pub(super) readers: Arc<Semaphore>,
    /// One permit an offer.
    pub(super) offers: Arc<Semaphore>,
    tip: watch::Sender<ChainHeader>,
    /// What the published tip's chain amounts to, once a block was written: reading it back
    /// from the history tiles takes up to 65,000 hashes.
    tip_state: Mutex<Option<TipState>>,
    failure: watch::Sender<Option<NodeFailure>>,
    /// The tip that a peer has another one beside, of the same work.
    tied: Mutex<Option<Hash>>,
    disk_low: Mutex<Option<String>>,
    clock: Mutex<ClockState>,
    checked: AtomicU64,
}

/// What is known of the clock.
#[derive(Debug, Default)]
struct ClockState {
    /// None before the first look.
    watch: Option<ClockWatch>,
    /// Whether the operator was told that no block is mined.
    is_told: bool,
}

/// Stands for a background check that is done; no block has this height.
const CHECK_DONE: u64 = u64::MAX;

impl Shared {
    pub(super) fn new(
        spec: Spec,
        config: NodeConfig,
        reader: Reader,
        links: Links,
        commands: SyncSender<Command>,
        pool: Pool,
        reorgs: Vec<RecordedReorg>,
    ) -> Self {
        Self {
            records: RecordPool::new(pool),
            chain_id: spec.genesis().hash(),
            forgotten: Forgotten::default(),
            started: Instant::now(),
            queue: MiningQueue::new(config.mine_queue, config.mine_interval(&spec)),
            commands,
            rate: HashRate::default(),
            mined: MinedCounts::default(),
            metrics: Metrics::default(),
            reorgs: ReorgLog::of(reorgs),
            disconnected: DisconnectedRecords::default(),
            forks: ForkLog::default(),
            syncer_heartbeat: Heartbeat::default(),
            at_work: AtomicBool::new(false),
            readers: Arc::new(Semaphore::new(config.readers.clamp(1, Semaphore::MAX_PERMITS))),
            offers: Arc::new(Semaphore::new(MAX_IMPORTS)),
            tip: watch::Sender::new(reader.tip()),
            tip_state: Mutex::default(),
            failure: watch::Sender::new(None),
            tied: Mutex::default(),
            disk_low: Mutex::default(),
            clock: Mutex::default(),
            checked: AtomicU64::new(0),
            spec,
            config,
            reader,
            links,
        }
    }

    /// What the pool wants to be mined.
    pub(super) fn pool_demand(&self, now: Duration) -> Demand {
        let mut pool = self.records.lock();
        let records = pool.ready(&self.spec, now);
        let look_again = pool.next_due().map(|due| due.saturating_sub(now));
        Demand { records, look_again, ..Demand::NONE }
    }

    /// Notes this node's tip that a peer has another one beside, of the same work; `None` if there
    /// is no such peer.
    pub(super) fn note_tie(&self, tip: Option<Hash>) {
        let mut tied = self.tied.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *tied, tip) != tip {
            drop(tied);
            self.queue.demand_changed();
        }
    }

    /// This node's tip that a peer has another one beside, of the same work.
    pub(super) fn tied(&self) -> Option<Hash> {
        *self.tied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that were written are durable: tells the requests that wait for them, and the miner.
    pub(super) fn settle_records(&self, unsettled: Vec<Unsettled>) {
        self.records.settle(unsettled);
        self.queue.demand_changed();
    }

    /// Makes known the state of a chain that is durable, and its tip.
    pub(super) fn publish(&self, state: TipState) {
        let tip = *state.last();
        *self.tip_state.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
        self.tip.send_if_modified(|published| {
            let moved = published.hash != tip.hash;
            *published = tip;
            moved
        });
    }

    pub(super) fn tip(&self) -> ChainHeader {
        *self.tip.borrow()
    }

    /// The state after the block with this hash, if that was published last.
    pub(super) fn state_at_tip(&self, hash: &Hash) -> Option<TipState> {
        let state = self.tip_state.lock().unwrap_or_else(PoisonError::into_inner);
        state.as_ref().filter(|state| state.hash() == *hash).cloned()
    }

    pub(super) fn watch_tip(&self) -> watch::Receiver<ChainHeader> {
        self.tip.subscribe()
    }

    /// Why the node cannot serve, `None` while it can.
    pub(super) fn failure(&self) -> Option<NodeFailure> {
        self.failure.borrow().clone()
    }

    pub(super) fn watch_failure(&self) -> watch::Receiver<Option<NodeFailure>> {
        self.failure.subscribe()
    }

    /// Whether the node stops, or has failed.
    pub(super) fn is_over(&self) -> bool {
        self.failure.borrow().is_some()
    }

    /// Whether the node has failed, so that nothing more may be written.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.borrow().as_ref().is_some_and(|why| !matches!(why, NodeFailure::Stopping))
    }

    /// Ends the node's service, for good. A failure is kept rather than a stop, and
    /// the first failure rather than later ones.
    pub(super) fn end(&self, why: &NodeFailure) {
        let ended = self.failure.send_if_modified(|known| {
            let worse = match known {
                None => true,
                Some(NodeFailure::Stopping) => !matches!(why, NodeFailure::Stopping),
                Some(_) => false,
            };
            if worse {
                *known = Some(why.clone());
            }
            worse
        });
        if ended && !matches!(why, NodeFailure::Stopping) {
            tracing::error!("{why}");
        }
        self.queue.stop();
    }

    /// Judges a failed read: damage ends the node, anything else only the read.
    pub(super) fn judge(&self, error: StoreError) -> NodeFailure {
        let ends = matches!(error, StoreError::Damaged { .. } | StoreError::WriteFailed(_));
        let why = NodeFailure::from(error);
        if ends {
            self.end(&why);
        }
        why
    }

    /// Runs `work` on a blocking thread under one of `permits`, which it keeps even
    /// when the caller goes away. A panic in it is damage: sled panics on it.
    pub(super) async fn blocking<T, F>(
        &self,
        permits: &Arc<Semaphore>,
        work: F,
    ) -> Result<T, NodeFailure>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let permit = Arc::clone(permits).acquire_owned().await;
        let permit = permit.map_err(|_| NodeFailure::Stopping)?;
        if let Some(why) = self.failure() {
            return Err(why);
        }
        // What is logged over there carries the request's id.
        let span = tracing::Span::current();
        let task = tokio::task::spawn_blocking(move || {
            let result = span.in_scope(|| guarded(work));
            drop(permit);
            result
        });
        match task.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.judge(error)),
            // Only a runtime that shuts down drops the task.
            Err(_) => Err(NodeFailure::Stopping),
        }
    }

    /// Notes that blocks are refused because the disk is nearly full, or that they are not.
    pub(super) fn set_disk_low(&self, why: Option<String>) {
        *self.disk_low.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Why blocks are refused at the moment.
    pub(super) fn refusing(&self) -> Option<String> {
        let failure = self.failure().map(|why| why.to_string());
        let stopped = || self.config.stopped.as_ref().map(|_| StoppedNode::REFUSAL.to_owned());
        let disk = || self.disk_low.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let clock = || self.look_at_clock().err().map(|fault| fault.to_string());
        failure.or_else(stopped).or_else(disk).or_else(clock)
    }

    /// Whether blocks are refused because the disk is nearly full.
    pub(super) fn is_disk_low(&self) -> bool {
        self.disk_low.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether a block on the published tip can be dated, which a view of a stopped node never
    /// does.
    pub(super) fn look_at_clock(&self) -> Result<(), ClockFault> {
        if self.config.stopped.is_some() {
            return Ok(());
        }
        self.check_clock(self.tip().header.timestamp)
    }

    /// Whether a block can be dated whose parent has the time `tip`. The first call notes how
    /// the clock stood at the start. The log hears when the answer changes.
    pub(super) fn check_clock(&self, tip: Timestamp) -> Result<(), ClockFault> {
        let now = Reading { wall: (self.config.clock)(), steady: (self.config.steady)() };
        let max_future = self.spec.max_future_ms();
        let mut state = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        let watch = state.watch.get_or_insert_with(|| ClockWatch::new(now, max_future));
        let outcome = watch.judge(now, tip);
        let was_told = std::mem::replace(&mut state.is_told, outcome.is_err());
        drop(state);
        match &outcome {
            Err(fault) if !was_told => tracing::warn!("no block is mined: {fault}"),
            Ok(()) if was_told => {
                tracing::info!("the clock fits the chain again: blocks are mined");
            }
            _ => {}
        }
        outcome
    }

    /// Notes how far the background check is, `None` if it is done.
    pub(super) fn set_checked(&self, height: Option<Height>) {
        self.checked.store(height.map_or(CHECK_DONE, Height::get), Ordering::Relaxed);
    }

    /// How far the background check is, `None` if it is done.
    pub(super) fn checked(&self) -> Option<Height> {
        let height = self.checked.load(Ordering::Relaxed);
        (height != CHECK_DONE).then_some(Height::new(height))
    }
}

/// Runs `work`, and makes a panic in it an error: sled panics on some damage.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| StoreError::Damaged {
        what: format!("using it panicked: {}", panic_message(panic.as_ref())),
    })
}
