//! What is counted on a link, by its tasks, and read for the table of links.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::chain::{Hash, Height};
use crate::sync::Mark;

/// A link's counters.
#[derive(Debug)]
pub(super) struct Stats {
    received: AtomicU64,
    sent: AtomicU64,
    /// In microseconds and one more; 0 while unknown.
    rtt: AtomicU64,
    opened: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the last well-formed message came, or the link was opened.
    valid: Instant,
    /// When the last block came that was new and valid.
    new_block: Option<Instant>,
    /// The last block that the peer named, its hash where it said that too.
    tip: Option<(Height, Option<Hash>)>,
}

impl Stats {
    pub(super) fn new() -> Self {
        let opened = Instant::now();
        Self {
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            rtt: AtomicU64::new(0),
            opened,
            state: Mutex::new(State { valid: opened, new_block: None, tip: None }),
        }
    }

    pub(super) fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Relaxed);
    }

    /// Bytes received and sent.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (self.received.load(Relaxed), self.sent.load(Relaxed))
    }

    /// What a ping carries: microseconds since the link was opened.
    pub(super) fn ping(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A ping was answered with this.
    pub(super) fn ponged(&self, payload: &[u8]) {
        let sent = payload.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
        if let Some(time) = sent.and_then(|sent| self.ping().checked_sub(sent)) {
            self.answered(Duration::from_micros(time));
        }
    }

    fn answered(&self, rtt: Duration) {
        let micros = u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX);
        self.rtt.store(micros.saturating_add(1), Relaxed);
    }

    pub(super) fn rtt(&self) -> Option<Duration> {
        self.rtt.load(Relaxed).checked_sub(1).map(Duration::from_micros)
    }

    /// A well-formed message came.
    pub(super) fn valid(&self) {
        self.with(|state| state.valid = Instant::now());
    }

    /// A block that is new and valid came.
    pub(super) fn new_block(&self) {
        self.with(|state| state.new_block = Some(Instant::now()));
    }

    /// The peer named a block as its last one.
    pub(super) fn tip(&self, mark: Mark) {
        self.with(|state| state.tip = Some((mark.height, Some(mark.hash))));
    }

    /// The peer said how high its chain is.
    pub(super) fn height(&self, height: Height) {
        self.with(|state| state.tip = Some((height, None)));
    }

    pub(super) fn last_tip(&self) -> Option<(Height, Option<Hash>)> {
        self.with(|state| state.tip)
    }

    pub(super) fn last_valid(&self) -> Instant {
        self.with(|state| state.valid)
    }

    pub(super) fn last_new_block(&self) -> Option<Instant> {
        self.with(|state| state.new_block)
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
