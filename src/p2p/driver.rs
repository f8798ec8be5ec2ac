//! The task that owns the machine: feeds it what happens, and does what it says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connect;
use super::context::Context;
use super::dials::Dials;
use super::event::{Arrival, Event};
use super::link::{Close, Ticket};
use super::pace::Pace;
use super::size::ChainSize;
use super::table::{Live, Table};
use super::transport::Transport;
use super::writer::{MAX_WAITING, Out};
use crate::chain::Timestamp;
use crate::node::{Direction, KnownPeer, LinkCommand, LinkServer, PeerUrl, Tip};
use crate::sync::{Input, LinkId, Mark, Note, Output, Redial, SyncMachine, Time, TipChange};

/// How often counters in the table of links are brought up to date.
const TABLE_EVERY: Duration = Duration::from_secs(1);

/// No success; an earlier one stays in the address book.
const NEVER: Timestamp = Timestamp::from_millis(0);

/// How long links may take to close when the node stops.
const STOP_TIME: Duration = Duration::from_secs(2);

/// Owns the machine.
pub(super) struct Driver<T> {
    context: Arc<Context>,
    transport: T,
    listening: SocketAddr,
    machine: SyncMachine,
    outputs: Vec<Output>,
    /// The tip that the machine knows.
    tip: Mark,
    tips: watch::Receiver<Tip>,
    pace: Pace,
    size: ChainSize,
    table: Table,
    dials: Dials,
    events: mpsc::Receiver<Event>,
    server: LinkServer,
    tasks: TaskTracker,
    origin: Instant,
    next_link: u64,
    next_table: Instant,
    clock: fn() -> Timestamp,
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
        let tip = mark(&context.node.tip());
        let size = ChainSize::start(&context.node).await;
        let cap = context.config.max_message as u64;
        let now = Instant::now();
        Self {
            machine: SyncMachine::new(tip, size.bytes(tip.height), cap),
            outputs: Vec::new(),
            tip,
            tips,
            pace: Pace::new(now, tip.height),
            size,
            table: Table::default(),
            dials: Dials::default(),
            events,
            server,
            tasks,
            origin: now,
            next_link: 0,
            next_table: now,
            clock: crate::node::NodeConfig::default().clock,
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
                Ok(()) = changed(&mut self.tips, self.pace.next()) => self.tip_changed().await,
                Some(event) = self.events.recv() => self.event(event),
                command = self.server.commands.recv(), if commands_open => match command {
                    Some(command) => self.command(command),
                    None => commands_open = false,
                },
                () = tokio::time::sleep_until(wake) => self.timers(),
            }
            self.perform();
        }
        self.stop().await;
    }

    async fn take_up_known(&mut self) {
        let now = Instant::now();
        for peer in self.context.config.peers.clone() {
            self.dials.add(peer, now);
        }
        match self.context.node.known_peers().await {
            Ok(known) => {
                let urls = known.iter().filter_map(|peer| peer.address.parse().ok());
                urls.for_each(|url: PeerUrl| {
                    self.dials.add(url, now);
                });
            }
            Err(error) => tracing::warn!("the address book cannot be read: {error}"),
        }
    }

    async fn stop(self) {
        let Self { context, mut table, events, tasks, server, .. } = self;
        for live in table.links.values_mut() {
            live.close(Close { code: 1001, reason: "the node is stopping" });
        }
        context.stop.cancel();
        // Whoever has something to tell is not held up by it.
        drop(events);
        tasks.close();
        if timeout(STOP_TIME, tasks.wait()).await.is_err() {
            tracing::info!("{} peers did not hang up in time", tasks.len());
        }
        server.table.send_replace(Vec::new());
    }

    fn now(&self) -> Time {
        Time(self.origin.elapsed())
    }

    fn next_wake(&self) -> Instant {
        let deadline = self.machine.deadline().map(|Time(after)| self.origin + after);
        let table = (!self.table.links.is_empty()).then_some(self.next_table);
        // Rests that passed were looked at just now; those beyond the cap wait for a place.
        let times = [deadline, self.dials.next_due(), table];
        let idle = Instant::now() + Duration::from_secs(60);
        times.into_iter().flatten().min().unwrap_or(idle).min(idle)
    }

    fn timers(&mut self) {
        let now = self.now();
        if self.machine.deadline().is_some_and(|deadline| deadline <= now) {
            self.machine.handle(now, Input::DeadlinePassed, &mut self.outputs);
        }
        if self.next_table <= Instant::now() {
            self.publish();
        }
    }

    fn publish(&mut self) {
        self.next_table = Instant::now() + TABLE_EVERY;
        self.server.table.send_replace(self.table.infos());
    }

    fn dial_due(&mut self) {
        for peer in self.dials.due(Instant::now(), self.context.config.max_dialled) {
            let (context, transport) = (Arc::clone(&self.context), self.transport.clone());
            self.tasks.spawn(connect::dial(context, transport, peer, self.listening));
        }
    }

    fn tell(&mut self, input: Input) {
        let now = self.now();
        self.machine.handle(now, input, &mut self.outputs);
    }

    /// Tells the machine of the tip that is published now.
    async fn tip_changed(&mut self) {
        let published = *self.tips.borrow_and_update();
        let (from, tip) = (self.tip, mark(&published));
        if from == tip {
            return;
        }
        let extended = published.header.previous_hash == from.hash || self.is_ours(from).await;
        let sources = &self.context.sources;
        let change = if extended {
            TipChange::Extended { from, source: sources.link_of(Some(from.hash), tip.hash) }
        } else {
            TipChange::Swapped { source: sources.link_of(None, tip.hash) }
        };
        self.size.refresh(&self.context.node).await;
        self.tip = tip;
        self.pace.told(Instant::now(), tip.height);
        let chain_json_bytes = self.size.bytes(tip.height);
        self.tell(Input::Tip { tip, chain_json_bytes, change });
    }

    async fn is_ours(&self, mark: Mark) -> bool {
        let view = self.context.node.view();
        let held = self.context.node.read(move || view.header(mark.height)).await;
        held.is_ok_and(|held| held.is_some_and(|held| held.hash == mark.hash))
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Input(input) => self.tell(input),
            Event::Accepted(arrival) => {
                let config = &self.context.config;
                if self.table.admits(arrival.address, config, Instant::now()) {
                    self.open(arrival, Direction::Accepted);
                } else {
                    tracing::info!(address = %arrival.address, "a peer was refused: no room");
                }
            }
            Event::Dialled { peer, arrival } => {
                if let Some(link) = self.open(arrival, Direction::Dialled) {
                    self.dials.linked(&peer, link, Instant::now());
                    self.remember(&peer, (self.clock)(), 0);
                } else {
                    let (now, random) = (Instant::now(), (self.context.config.random)());
                    self.dials.failed(&peer, "the link ended at once", now, random);
                }
            }
            Event::Unreached { peer, is_self: true, .. } => {
                tracing::info!("{} is this node itself", peer.as_str());
                self.dials.is_oneself(&peer);
            }
            Event::Unreached { peer, reason, .. } => {
                let (now, random) = (Instant::now(), (self.context.config.random)());
                let failures = self.dials.failed(&peer, &reason, now, random);
                // The log and the book hear of every doubling.
                if failures.is_power_of_two() {
                    tracing::info!("peer {}: {reason} ({failures} failures)", peer.as_str());
                    self.remember(&peer, NEVER, failures);
                }
            }
            Event::Ended { link, reason } => {
                let Some(live) = self.table.links.remove(&link) else { return };
                tracing::info!(link = link.0, address = %live.address, "link over: {reason}");
                let random = (self.context.config.random)();
                self.dials.ended(link, live.redial_late, Instant::now(), random);
                self.tell(Input::Closed { link });
                self.publish();
            }
        }
    }

    /// Makes a link of a connection, unless it is gone.
    fn open(&mut self, arrival: Arrival, direction: Direction) -> Option<LinkId> {
        let Arrival { address, agreed, stats, reply } = arrival;
        let link = LinkId(self.next_link);
        self.next_link += 1;
        let (waiting, queue) = mpsc::channel(MAX_WAITING);
        let (close, closing) = oneshot::channel();
        let stop_range = Arc::new(AtomicBool::new(false));
        let ticket =
            Ticket { link, waiting: queue, close: closing, stop_range: Arc::clone(&stop_range) };
        reply.send(ticket).ok()?;
        let jenny = agreed.jenny;
        tracing::info!(link = link.0, %address, ?direction, jenny, "linked");
        let live = Live {
            address,
            direction,
            jenny,
            agent: agreed.agent,
            since: (self.clock)(),
            stats,
            waiting,
            close: Some(close),
            stop_range,
            redial_late: false,
        };
        self.table.links.insert(link, live);
        self.publish();
        self.tell(Input::Opened { link, jenny });
        Some(link)
    }

    fn command(&mut self, command: LinkCommand) {
        match command {
            LinkCommand::Dial { peer, reply } => {
                if self.dials.ask(&peer, reply, Instant::now()) {
                    self.remember(&peer, NEVER, 0);
                }
            }
        }
    }

    /// Writes a peer into the address book, beside everything else.
    fn remember(&self, peer: &PeerUrl, success: Timestamp, failures: u32) {
        let node = self.context.node.clone();
        let last_success = success.as_millis();
        let entry = KnownPeer { address: peer.as_str().to_owned(), last_success, failures };
        self.tasks.spawn(async move {
            if let Err(error) = node.remember_peer(entry).await {
                tracing::warn!("the address book cannot be written: {error}");
            }
        });
    }

    fn perform(&mut self) {
        for output in std::mem::take(&mut self.outputs) {
            match output {
                Output::Ask { link } => self.send(link, Out::Ask),
                Output::SendBlock { link, mark } => self.send(link, Out::Block(mark)),
                Output::SendRange { link, from, to } => {
                    if let Some(live) = self.table.links.get(&link) {
                        live.stop_range.store(false, Ordering::Relaxed);
                    }
                    self.send(link, Out::Range { from, to });
                }
                Output::StopRange { link } => {
                    if let Some(live) = self.table.links.get(&link) {
                        live.stop_range.store(true, Ordering::Relaxed);
                    }
                }
                Output::SendChain { link } => self.send(link, Out::Chain),
                Output::Close { link, code, reason, redial } => {
                    if let Some(live) = self.table.links.get_mut(&link) {
                        live.redial_late = redial == Redial::Longest;
                        live.close(Close { code, reason });
                    }
                }
                Output::Log { link, note } => self.log(link, &note),
            }
        }
    }

    fn send(&mut self, link: LinkId, out: Out) {
        let Some(live) = self.table.links.get_mut(&link) else { return };
        // A full queue means that the peer takes less than it asks for.
        if live.waiting.try_send(out).is_err() {
            live.close(Close { code: 1008, reason: "too much waits to be taken" });
        }
    }

    fn log(&self, link: LinkId, note: &Note) {
        let address = self.table.links.get(&link).map(|live| live.address.to_string());
        let address = address.unwrap_or_default();
        match note {
            Note::Invalid { mark, reason } => {
                tracing::warn!(link = link.0, %address, height = %mark.height, hash = %mark.hash,
                    "the peer sent what breaks a rule: {reason}");
            }
            Note::NotHigher { mark } => {
                tracing::info!(link = link.0, %address, height = %mark.height,
                    "the peer's chain has less work than ours and is not lower: it will not follow until ours is higher");
            }
            Note::ChainAboveCap { bytes, cap } => {
                tracing::warn!(link = link.0, %address,
                    "the peer needs our whole chain, about {bytes} bytes, and p2p.max_message is {cap}");
            }
        }
    }
}

/// Waits for another tip, at least until `after`.
async fn changed(
    tips: &mut watch::Receiver<Tip>,
    after: Instant,
) -> Result<(), watch::error::RecvError> {
    // A timer is a millisecond late.
    if after > Instant::now() {
        tokio::time::sleep_until(after).await;
    }
    tips.changed().await
}

const fn mark(tip: &Tip) -> Mark {
    Mark { height: tip.header.height, hash: tip.hash }
}
