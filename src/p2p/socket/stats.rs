//! What is counted on a link, by its tasks, and read for the table of links.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::chain::{BlockId, Hash, Height};

/// A link's counters.
#[derive(Debug, Default)]
pub(in crate::p2p) struct Stats {
    received: AtomicU64,
    sent: AtomicU64,
    /// Of both, what was counted for all links together.
    counted: [AtomicU64; 2],
    /// In microseconds and one more; 0 while unknown.
    rtt: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the last block came that was new and valid.
    new_block: Option<Instant>,
    /// When the node's tip last became a block that the peer had named before.
    new_headers: Option<Instant>,
    /// The ping that is not answered yet: what it carries, and when it was sent.
    ping: Option<(u64, Instant)>,
    shortest_rtt: Option<Duration>,
    /// The last block that the peer named, its hash where it said that too.
    tip: Option<(Height, Option<Hash>)>,
}

impl Stats {
    pub(in crate::p2p) fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Relaxed);
    }

    /// Bytes received and sent.
    pub(in crate::p2p) fn bytes(&self) -> (u64, u64) {
        (self.received.load(Relaxed), self.sent.load(Relaxed))
    }

    /// Bytes received and sent since the last call. Only the driver calls it.
    pub(in crate::p2p) fn new_bytes(&self) -> (u64, u64) {
        let [received, sent] = &self.counted;
        let new =
            |bytes: u64, counted: &AtomicU64| bytes.saturating_sub(counted.swap(bytes, Relaxed));
        let bytes = self.bytes();
        (new(bytes.0, received), new(bytes.1, sent))
    }

    /// A ping is sent now: returns what it carries, which the peer cannot know before it came.
    pub(in crate::p2p) fn ping(&self, random: u64) -> [u8; 8] {
        self.with(|state| state.ping = Some((random, Instant::now())));
        random.to_be_bytes()
    }

    /// A pong came. It counts if it answers the last ping, and once: a short round trip protects a
    /// link from eviction, so a pong must not be had without waiting for its ping.
    pub(in crate::p2p) fn ponged(&self, payload: &[u8]) {
        let rtt = self.with(|state| {
            let answered = |ping: &mut (u64, Instant)| ping.0.to_be_bytes() == payload;
            let (_, sent) = state.ping.take_if(answered)?;
            let rtt = sent.elapsed();
            state.shortest_rtt = Some(state.shortest_rtt.map_or(rtt, |before| before.min(rtt)));
            Some(rtt)
        });
        if let Some(rtt) = rtt {
            let micros = u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX);
            self.rtt.store(micros.saturating_add(1), Relaxed);
        }
    }

    pub(in crate::p2p) fn rtt(&self) -> Option<Duration> {
        self.rtt.load(Relaxed).checked_sub(1).map(Duration::from_micros)
    }

    /// A block that is new and valid came.
    pub(in crate::p2p) fn new_block(&self) {
        self.with(|state| state.new_block = Some(Instant::now()));
    }

    /// The node's tip became a block that the peer had named.
    pub(in crate::p2p) fn new_headers(&self) {
        self.with(|state| state.new_headers = Some(Instant::now()));
    }

    /// The peer named a block as its last one.
    pub(in crate::p2p) fn tip(&self, id: BlockId) {
        self.with(|state| state.tip = Some((id.height, Some(id.hash))));
    }

    /// The peer said how high its chain is.
    pub(in crate::p2p) fn height(&self, height: Height) {
        self.with(|state| state.tip = Some((height, None)));
    }

    pub(in crate::p2p) fn last_tip(&self) -> Option<(Height, Option<Hash>)> {
        self.with(|state| state.tip)
    }

    pub(in crate::p2p) fn shortest_rtt(&self) -> Option<Duration> {
        self.with(|state| state.shortest_rtt)
    }

    pub(in crate::p2p) fn last_new_headers(&self) -> Option<Instant> {
        self.with(|state| state.new_headers)
    }

    pub(in crate::p2p) fn last_new_block(&self) -> Option<Instant> {
        self.with(|state| state.new_block)
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
