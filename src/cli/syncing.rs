//! Shows an operator of `jenny run` how fetching blocks goes, while it lasts: a bar on a terminal,
//! a line of the log from time to time elsewhere.

use std::time::{Duration, Instant};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::format::{Pace, count, duration};
use super::progress::{Bar, LINE_EVERY};
use crate::chain::Height;
use crate::node::{NodeHandle, SyncProgress, SyncState};

/// Time between two looks.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// Fetching is shown when at least this many blocks are missing: fewer come in the ordinary course
/// of things.
const WORTH_SHOWING: u64 = 100;

/// Shows fetching until it is stopped.
pub(super) async fn show(node: NodeHandle, stop: CancellationToken) {
    let mut looks = tokio::time::interval(PROGRESS_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut syncing = Syncing::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
        }
        let height = node.tip().header.height;
        if let Some(line) = syncing.look(&node.links().progress(), height, Instant::now()) {
            tracing::info!("{line}");
        }
    }
}

#[derive(Debug, Default)]
struct Syncing(Option<Shown>);

/// Fetching that is shown.
#[derive(Debug)]
struct Shown {
    since: Instant,
    last_line: Instant,
    /// How far it was last said to go.
    target: Height,
    bar: Option<Bar>,
}

impl Syncing {
    /// Moves the bar. Returns a line if it is time for one.
    fn look(&mut self, progress: &SyncProgress, tip: Height, now: Instant) -> Option<String> {
        if progress.state == SyncState::Idle {
            // The bar goes before the line is written.
            let Shown { since, target, .. } = self.0.take()?;
            return Some(end(tip, target, now.duration_since(since)));
        }
        if self.0.is_none() {
            if progress.state != SyncState::Blocks || progress.remaining < WORTH_SHOWING {
                return None;
            }
            let bar = Bar::with_text("syncing");
            self.0 = Some(Shown { since: now, last_line: now, target: progress.target, bar });
        }
        let shown = self.0.as_mut()?;
        if progress.state != SyncState::Blocks {
            return None;
        }
        shown.target = progress.target;
        if let Some(bar) = &shown.bar {
            bar.set(progress.at.get(), goal(progress).get(), beside_bar(progress));
            return None;
        }
        if now.duration_since(shown.last_line) < LINE_EVERY {
            return None;
        }
        shown.last_line = now;
        Some(format!("syncing: {}", text(progress)))
    }
}

/// How fetching ended: it is over as well when nobody is left to fetch from.
fn end(tip: Height, target: Height, took: Duration) -> String {
    let (height, took) = (count(tip.get()), duration(took.as_secs()));
    if target.above(tip) == 0 {
        format!("synced to height {height} in {took}")
    } else {
        let target = count(target.get());
        format!("syncing stopped at height {height} of {target} after {took}")
    }
}

/// Where fetching is likely to end: what peers claim, for want of anything better.
fn goal(progress: &SyncProgress) -> Height {
    progress.claimed.unwrap_or(progress.target)
}

/// For the log.
fn text(progress: &SyncProgress) -> String {
    let (at, target) = (progress.at.get(), goal(progress).get());
    let percent = percent(progress);
    format!("height {} of {} ({percent} %), {}", count(at), count(target), pace(progress).text())
}

/// Beside the bar, in a line of 80 columns with it.
fn beside_bar(progress: &SyncProgress) -> String {
    format!("{} %, {}", percent(progress), pace(progress).text())
}

fn percent(progress: &SyncProgress) -> u64 {
    let (at, target) = (progress.at.get(), goal(progress).get());
    at.saturating_mul(100).checked_div(target).unwrap_or(100).min(100)
}

fn pace(progress: &SyncProgress) -> Pace {
    Pace {
        blocks_per_second: progress.blocks_per_second,
        bytes_per_second: progress.bytes_per_second,
        eta: progress.eta.map(|eta| eta.as_secs()),
        peers: progress.links.len(),
    }
}

#[cfg(test)]
mod tests;
