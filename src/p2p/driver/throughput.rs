//! How fast blocks come, and what is shown of fetching them.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::node::{SyncProgress, SyncState};
use crate::sync::{self, LinkId};

/// The throughput is that of the last five seconds.
const SPAN: Duration = Duration::from_secs(5);

/// Two counts are at least this far apart, so that ten are kept.
const THROUGHPUT_STEP: Duration = Duration::from_millis(500);

/// What was counted lately.
#[derive(Debug, Default)]
pub(in crate::p2p) struct Throughput {
    counted: VecDeque<Count>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    at: Instant,
    blocks: u64,
    bytes: u64,
}

impl Throughput {
    /// What is shown of the machine's progress.
    pub(in crate::p2p) fn show(
        &mut self,
        now: Instant,
        progress: &sync::Progress,
        address: impl Fn(LinkId) -> Option<SocketAddr>,
    ) -> SyncProgress {
        let remaining = progress.target.above(progress.at);
        let left = progress.claimed.unwrap_or(progress.target).above(progress.at);
        let (state, remaining) = match progress.state {
            sync::SyncState::Idle => (SyncState::Idle, 0),
            sync::SyncState::Headers => (SyncState::Headers, remaining),
            sync::SyncState::Blocks => (SyncState::Blocks, remaining),
        };
        if state == SyncState::Idle {
            self.counted.clear();
        }
        let (blocks_per_second, bytes_per_second) =
            self.count(Count { at: now, blocks: progress.blocks, bytes: progress.bytes });
        SyncProgress {
            state,
            at: progress.at,
            target: progress.target,
            claimed: progress.claimed,
            remaining,
            blocks_per_second,
            bytes_per_second,
            eta: (state == SyncState::Blocks).then(|| eta(left, blocks_per_second)).flatten(),
            links: progress.links.iter().filter_map(|link| address(*link)).collect(),
            awaited: progress.awaited.map(|(height, link)| (height, link.and_then(&address))),
            // Not of the throughput.
            split: None,
        }
    }

    /// Blocks and bytes a second since the oldest count that is kept.
    fn count(&mut self, count: Count) -> (f64, f64) {
        while self.counted.front().is_some_and(|oldest| count.at - oldest.at > SPAN) {
            self.counted.pop_front();
        }
        let oldest = self.counted.front().copied().unwrap_or(count);
        if self.counted.back().is_none_or(|last| count.at - last.at >= THROUGHPUT_STEP) {
            self.counted.push_back(count);
        }
        let seconds = (count.at - oldest.at).as_secs_f64();
        if seconds <= 0.0 {
            return (0.0, 0.0);
        }
        let rate = |now: u64, then: u64| precise(now.saturating_sub(then)) / seconds;
        (rate(count.blocks, oldest.blocks), rate(count.bytes, oldest.bytes))
    }
}

fn eta(remaining: u64, blocks_per_second: f64) -> Option<Duration> {
    let seconds = precise(remaining) / blocks_per_second;
    // Nothing comes, or it would take longer than can be said.
    Duration::try_from_secs_f64(seconds).ok()
}

/// Exact up to 2^53, far above what is counted.
#[expect(clippy::cast_precision_loss, reason = "a rate is no exact number")]
const fn precise(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
