//! The node as a service: tells the service manager that started it when it is ready, how it is
//! getting on, and that it is alive.
//!
//! The protocol is that of systemd's `sd_notify(3)`, which other managers and container runtimes
//! speak too. Without `NOTIFY_SOCKET` nothing is sent.

mod liveness;
mod notifier;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use self::liveness::{Liveness, Stall};
use self::notifier::Notifier;
use super::format::{count, duration};
use super::output::escape;
use crate::node::{NodeHandle, SyncState};

/// Time that the manager is asked for while the database is being opened: more than
/// [`EXTEND_EVERY`], so that a busy machine does not end a start that goes on.
const EXTENSION: Duration = Duration::from_secs(60);

/// How often that is.
const EXTEND_EVERY: Duration = Duration::from_secs(10);

/// How often the status line is brought up to date, at least.
const STATUS_EVERY: Duration = Duration::from_secs(10);

/// How often the threads are examined within the time that the manager waits for a sign of life.
const SIGNS_OF_LIFE: u32 = 4;

/// How long a thread that writes may do no step before it counts as stuck, unless the manager's
/// watchdog asks for another time.
const STUCK_AFTER: Duration = Duration::from_secs(90);

/// Least such time: a writer without work does a step each second.
const MIN_STUCK_AFTER: Duration = Duration::from_secs(3);

/// Most characters of the status line.
const MAX_STATUS: usize = 200;

/// What the service manager wants to hear.
#[derive(Clone, Debug)]
pub(super) struct Service {
    notifier: Option<Arc<Notifier>>,
    /// How long the manager waits for a sign of life before it ends the process.
    watchdog: Option<Duration>,
}

impl Service {
    /// Of the environment: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    pub(super) fn of(env: &dyn Fn(&str) -> Option<String>) -> Self {
        let notifier = env("NOTIFY_SOCKET").and_then(|name| match Notifier::to(&name) {
            Ok(notifier) => Some(Arc::new(notifier)),
            Err(error) => {
                let name = escape(&name);
                tracing::warn!(
                    "the service manager is not notified: NOTIFY_SOCKET={name}: {error}"
                );
                None
            }
        });
        let watchdog = if notifier.is_some() { watchdog(env, std::process::id()) } else { None };
        Self { notifier, watchdog }
    }

    /// Waits for a start that may be long, and asks the manager for more time meanwhile.
    pub(super) async fn opening<T>(&self, start: impl Future<Output = T>) -> T {
        tokio::pin!(start);
        let since = Instant::now();
        let mut ticks = tokio::time::interval(EXTEND_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                done = &mut start => return done,
                _ = ticks.tick() => self.send(&extension(since.elapsed())).await,
            }
        }
    }

    /// The database is open, and both ports listen.
    pub(super) async fn ready(&self) {
        self.send("READY=1").await;
    }

    /// The node reads its files again.
    pub(super) async fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={}{:06}", now.tv_sec, now.tv_nsec / 1_000))
            .await;
    }

    /// The node stops.
    pub(super) async fn stopping(&self, why: &str) {
        self.send(&format!("STOPPING=1\n{}", status_line(why))).await;
    }

    /// Tells the manager how the node is getting on, and that it is alive while its threads do
    /// their work, until it is stopped. The log hears of a thread that is stuck.
    pub(super) async fn keep(self, node: NodeHandle, stop: CancellationToken) {
        let mut looks = tokio::time::interval(self.look_every());
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut liveness = Liveness::new(self.stuck_after());
        let (mut stuck, mut told) = (None::<Stall>, String::new());
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = looks.tick() => {}
            }
            let stall = liveness.look(&node.heartbeats(), Instant::now());
            if let Some(line) = change(stuck, stall) {
                tracing::warn!("{line}");
            }
            stuck = stall;
            let status = status_line(&state(&node, stall));
            let mut message = Vec::new();
            if self.watchdog.is_some() && stall.is_none() {
                message.push("WATCHDOG=1");
            }
            if status != told {
                message.push(&status);
            }
            if !message.is_empty() {
                self.send(&message.join("\n")).await;
            }
            told = status;
        }
    }

    fn look_every(&self) -> Duration {
        self.watchdog.map_or(STATUS_EVERY, |time| (time / SIGNS_OF_LIFE).min(STATUS_EVERY)).max(
            // What the manager asks for may be too short to be met.
            Duration::from_millis(10),
        )
    }

    fn stuck_after(&self) -> Duration {
        self.watchdog.map_or(STUCK_AFTER, |time| time / 2).max(MIN_STUCK_AFTER)
    }

    async fn send(&self, message: &str) {
        let Some(notifier) = &self.notifier else { return };
        if let Err(error) = notifier.send(message).await {
            tracing::warn!("the service manager cannot be notified: {error}");
        }
    }
}

/// How long the manager waits for a sign of life of this process, `None` if it does not.
fn watchdog(env: &dyn Fn(&str) -> Option<String>, process: u32) -> Option<Duration> {
    let time = env("WATCHDOG_USEC")?.parse().ok().filter(|time| *time > 0)?;
    let is_ours = env("WATCHDOG_PID").is_none_or(|pid| pid == process.to_string());
    is_ours.then(|| Duration::from_micros(time))
}

fn extension(since: Duration) -> String {
    let status = format!("opening the database, for {}", duration(since.as_secs()));
    format!("EXTEND_TIMEOUT_USEC={}\n{}", EXTENSION.as_micros(), status_line(&status))
}

/// What the log says of a thread that is stuck, or no longer.
fn change(before: Option<Stall>, now: Option<Stall>) -> Option<String> {
    match (before, now) {
        (None, Some(stall)) => Some(format!(
            "{stall}; is the disk failing? without progress, the service manager's watchdog, if \
             there is one, ends the node"
        )),
        (Some(stall), None) => Some(format!("the {} thread is at work again", stall.thread)),
        _ => None,
    }
}

/// One line on the node, for `systemctl status`.
fn state(node: &NodeHandle, stall: Option<Stall>) -> String {
    if let Some(stall) = stall {
        return stall.to_string();
    }
    let chain = node.spec().name();
    let height = count(node.tip().header.height.get());
    if let Some(why) = node.refusing() {
        return format!("chain {chain}, height {height}, refuses blocks: {why}");
    }
    let links = node.links();
    let peers = links.table().len();
    let noun = if peers == 1 { "peer" } else { "peers" };
    let progress = links.progress();
    let syncing = if progress.state == SyncState::Blocks && progress.remaining > 1 {
        format!(", syncing to {}", count(progress.target.get()))
    } else {
        String::new()
    };
    format!("chain {chain}, height {height}{syncing}, {peers} {noun}")
}

/// The manager's line of status: one line, whatever it quotes.
fn status_line(text: &str) -> String {
    let text: String = escape(text).chars().take(MAX_STATUS).collect();
    format!("STATUS={text}")
}

#[cfg(test)]
mod tests;
