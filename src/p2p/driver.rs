//! The task that owns the machine: feeds it what happens, and does what it says.

mod binary;
mod dialing;
mod eviction;
pub(super) mod link_table;
mod links;
mod perform;
mod relay;
pub(super) mod throughput;
mod tip_debounce;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::binary::import::Imports;
use super::config::RelayPolicy;
use super::context::Context;
use super::dialing::addresses::told_address;
use super::dialing::known_peers::Dials;
use super::event::Event;
use super::json::chain_size::ChainSize;
use super::socket::subprotocol::AGENT;
use super::socket::transport::Transport;
use super::ticket::Close;
use crate::chain::{BlockId, ChainHeader};
use crate::node::{LinkServer, NodeFailure, NodeHandle, SyncProgress};
use crate::sync::{
    BinaryConfig, BinaryInput, Input, Output, SyncMachine, SyncState, Time, TipChange,
};
#[cfg(test)]
pub(super) use dialing::FEELER_EVERY;
use dialing::Search;
use link_table::Table;
use relay::PoolWatch;
use throughput::Throughput;
use tip_debounce::TipDebounce;

/// How often counters in the table of links are brought up to date.
const TABLE_EVERY: Duration = Duration::from_secs(1);

/// How often the clock is checked: it may have been corrected.
const CLOCK_EVERY: Duration = Duration::from_secs(30);

/// A split takes this long at least, however short the block time is: what is on its way settles
/// sooner.
const SPLIT_AT_LEAST: Duration = Duration::from_secs(2);

/// How long links may take to close when the node stops.
const STOP_TIME: Duration = Duration::from_secs(2);

/// Logs that what is kept of peers could not be read or written. A node that stops on request
/// reads and writes nothing any more, which is no fault.
fn log_failure(what: &str, error: &NodeFailure) {
    if matches!(error, NodeFailure::Stopping) {
        tracing::debug!("{what}: {error}");
    } else {
        tracing::warn!("{what}: {error}");
    }
}

/// Owns the machine.
pub(super) struct Driver<T> {
    context: Arc<Context>,
    transport: T,
    listening: SocketAddr,
    machine: SyncMachine,
    outputs: Vec<Output>,
    /// The tip that the machine knows.
    tip: BlockId,
    tips: watch::Receiver<ChainHeader>,
    tip_debounce: TipDebounce,
    size: ChainSize,
    table: Table,
    dials: Dials,
    /// What is dialled beyond the links that are kept.
    search: Search,
    events: mpsc::Receiver<Event>,
    server: LinkServer,
    tasks: TaskTracker,
    origin: Instant,
    next_link: u64,
    next_table: Instant,
    next_clock: Instant,
    imports: Imports,
    throughput: Throughput,
    pool: PoolWatch,
    /// What was shown last.
    sync_state: SyncState,
}

impl<T: Transport> Driver<T> {
    pub(super) async fn new(
        context: Arc<Context>,
        transport: T,
        listening: SocketAddr,
        events: mpsc::Receiver<Event>,
        server: LinkServer,
        tasks: TaskTracker,
    ) -> Self {
        let tips = context.node.watch_tip();
        let tip = context.node.tip().id();
        let size = ChainSize::start(&context.node).await;
        let cap = context.config.max_message as u64;
        let now = Instant::now();
        let mut machine = SyncMachine::new(tip, size.bytes(tip.height), cap)
            .with_split_after(split_after(&context));
        if context.config.binary {
            let config = binary_config(&context, listening).await;
            machine = machine.with_binary(config, context.node.tip().total_work);
        }
        Self {
            machine,
            outputs: Vec::new(),
            tip,
            tips,
            tip_debounce: TipDebounce::new(now, tip.height),
            size,
            table: Table::new((context.config.random)()),
            dials: Dials::new(context.config.random),
            search: Search::new(now),
            events,
            server,
            tasks,
            origin: now,
            next_link: 0,
            next_table: now,
            next_clock: now,
            imports: Imports::default(),
            throughput: Throughput::default(),
            pool: PoolWatch::new(&context),
            sync_state: SyncState::Idle,
            context,
            transport,
            listening,
        }
    }

    /// Runs until `stop`, then closes every link.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        self.take_up_known().await;
        let mut commands_open = true;
        loop {
            self.dial_due();
            let wake = self.next_wake();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Ok(()) = changed(&mut self.tips, self.tip_debounce.next()) => self.tip_changed().await,
                // Before the events: nothing more is handed to the writer until it is told.
                Some(imported) = self.imports.next() => self.imported(imported).await,
                command = self.server.commands.recv(), if commands_open => match command {
                    Some(command) => self.command(command),
                    None => commands_open = false,
                },
                () = self.pool.changed() => self.pool_changed(),
                Some(event) = self.events.recv() => self.event(event),
                () = tokio::time::sleep_until(wake) => {}
            }
            // Also when events come all the time.
            if wake <= Instant::now() {
                self.take_waiting().await;
                self.timers();
            }
            self.perform();
            self.show_change();
        }
        self.stop().await;
    }

    /// Blocks were imported. They were published before, perhaps since the tips were read
    /// last: whatever the debounce, the tip is told first.
    async fn imported(&mut self, imported: BinaryInput) {
        if self.tips.has_changed().unwrap_or(false) {
            self.tip_changed().await;
        }
        self.tell(imported);
    }

    /// Takes what came while this task did something else, before anybody is found late: a stall
    /// of this node is no peer's fault. At most as much as two full queues, so that timers do run.
    async fn take_waiting(&mut self) {
        for _ in 0..2 {
            if let Some(Some(imported)) = self.imports.next().now_or_never() {
                self.imported(imported).await;
                self.perform();
            }
            let waiting = self.events.len();
            for _ in 0..waiting {
                let Ok(event) = self.events.try_recv() else { break };
                self.event(event);
                self.perform();
            }
            // Links whose last message was taken hand over the next one.
            tokio::task::yield_now().await;
        }
    }

    async fn stop(mut self) {
        self.note_linked();
        let Self { context, mut table, dials, events, tasks, server, imports, .. } = self;
        let LinkServer { commands, table: shown, progress } = server;
        for live in table.links.values_mut() {
            live.close(Close { code: 1001, reason: "the node is stopping" });
        }
        context.stop.cancel();
        // Callers that wait for a dial get a response.
        drop((dials, commands));
        // Senders of events are not delayed by it.
        drop(events);
        tasks.spawn(imports.finish());
        tasks.close();
        if timeout(STOP_TIME, tasks.wait()).await.is_err() {
            tracing::info!("{} links did not close in time", tasks.len());
        }
        shown.send_replace(Vec::new());
        progress.send_replace(SyncProgress::default());
    }

    fn now(&self) -> Time {
        Time(self.origin.elapsed())
    }

    fn next_wake(&self) -> Instant {
        let deadline = self.machine.deadline().map(|Time(after)| self.origin + after);
        let is_busy = !self.table.links.is_empty() || self.sync_state != SyncState::Idle;
        let table = is_busy.then_some(self.next_table);
        // Pauses that ended were handled just now; those beyond the cap wait for a place.
        let times = [deadline, self.dials.next_due(), table, self.next_search()];
        times.into_iter().flatten().fold(self.next_clock, Instant::min)
    }

    fn timers(&mut self) {
        let now = self.now();
        if self.machine.deadline().is_some_and(|deadline| deadline <= now) {
            self.tell(Input::DeadlinePassed);
        }
        self.search_if_stale();
        if self.next_table <= Instant::now() {
            self.publish();
        }
        if self.next_clock <= Instant::now() {
            self.next_clock = Instant::now() + CLOCK_EVERY;
            self.look_at_clock();
        }
    }

    fn publish(&mut self) {
        self.next_table = Instant::now() + TABLE_EVERY;
        for live in self.table.links.values() {
            live.count_bytes(&self.context.node.metrics().peers);
        }
        self.server.table.send_replace(self.table.infos());
        self.show_progress();
    }

    fn tell(&mut self, input: impl Into<Input>) {
        let (now, clock) = (self.now(), self.context.node.now());
        self.machine.handle(now, clock, input.into(), &mut self.outputs);
    }

    /// Tells the machine of the tip that is published now.
    async fn tip_changed(&mut self) {
        let published = *self.tips.borrow_and_update();
        let (from, tip) = (self.tip, published.id());
        if from == tip {
            return;
        }
        let extended =
            published.header.previous_hash == from.hash || is_ours(&self.context.node, from).await;
        let source = self.context.sources.link_of(tip.hash);
        let change = if extended {
            TipChange::Extended { from, source }
        } else {
            TipChange::Reorged { source }
        };
        self.size.refresh(&self.context.node).await;
        self.tip = tip;
        self.table.extended_to(tip);
        self.tip_moved();
        self.tip_debounce.told(Instant::now(), tip.height);
        let chain_json_bytes = self.size.bytes(tip.height);
        let work = published.total_work;
        self.tell(Input::Tip { tip, chain_json_bytes, work, change });
    }
}

async fn is_ours(node: &NodeHandle, id: BlockId) -> bool {
    let view = node.view();
    let held = node.read(move || view.header(id.height)).await;
    held.is_ok_and(|held| held.is_some_and(|held| held.hash == id.hash))
}

/// How long a peer stays on another tip before that is a split: two block times.
fn split_after(context: &Context) -> Duration {
    let block_time = Duration::from_millis(context.node.spec().target_block_time_ms());
    let two_blocks = block_time.saturating_mul(2).max(SPLIT_AT_LEAST);
    context.config.split_after.unwrap_or(two_blocks)
}

async fn binary_config(context: &Context, listening: SocketAddr) -> BinaryConfig {
    let takes_links = context.config.max_accepted > 0;
    // A node that cannot read is about to end.
    let accepted_forks = context.node.accepted_forks().await.unwrap_or_default();
    BinaryConfig {
        spec: context.node.spec().clone(),
        checkpoints: context.node.checkpoints().clone(),
        nonce: context.config.nonce,
        agent: AGENT.to_owned(),
        listen: takes_links.then(|| told_address(listening, context.config.tls.is_some())),
        max_reorg_depth: context.node.max_reorg_depth(),
        accepted_forks,
        relays_records: context.config.relay != RelayPolicy::Off,
    }
}

/// Waits for another tip, at least until `after`.
async fn changed(
    tips: &mut watch::Receiver<ChainHeader>,
    after: Instant,
) -> Result<(), watch::error::RecvError> {
    // A timer is a millisecond late.
    if after > Instant::now() {
        tokio::time::sleep_until(after).await;
    }
    tips.changed().await
}

#[cfg(test)]
mod tests;
