//! What the node counts over time: added to by its threads and the peer network, read by a
//! scrape of `/metrics`. There are as many counters as the code names, whatever anybody does.

mod histogram;

use std::sync::atomic::{AtomicU64, Ordering};

pub use histogram::{Histogram, HistogramSnapshot, Millionths};

use super::Dialect;

/// Bounds of the time that a commit takes, in seconds: 1 ms to 10 s.
const COMMIT_BOUNDS: &[Millionths] = &[
    Millionths::of_thousandths(1),
    Millionths::of_thousandths(2),
    Millionths::of_thousandths(5),
    Millionths::of_thousandths(10),
    Millionths::of_thousandths(25),
    Millionths::of_thousandths(100),
    Millionths::of_thousandths(250),
    Millionths::of_ones(1),
    Millionths::of_thousandths(2_500),
    Millionths::of_ones(10),
];

/// Bounds of the time that an import takes, in seconds: 1 ms to 60 s.
const IMPORT_BOUNDS: &[Millionths] = &[
    Millionths::of_thousandths(1),
    Millionths::of_thousandths(5),
    Millionths::of_thousandths(25),
    Millionths::of_thousandths(100),
    Millionths::of_thousandths(500),
    Millionths::of_thousandths(2_500),
    Millionths::of_ones(10),
    Millionths::of_ones(60),
];

/// Bounds of the depth of a reorg, in blocks.
const DEPTH_BOUNDS: &[Millionths] = &[
    Millionths::of_ones(1),
    Millionths::of_ones(2),
    Millionths::of_ones(3),
    Millionths::of_ones(6),
    Millionths::of_ones(10),
    Millionths::of_ones(100),
    Millionths::of_ones(1_000),
];

/// A number that only grows, from 0 at the node's start.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts one more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Counts this many more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Returns how many there were.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the node counts over time.
#[derive(Debug)]
pub struct Metrics {
    /// Seconds that it took to make a group of blocks and records durable.
    pub commits: Histogram,
    /// Seconds from the time when blocks of a peer were handed to the writer until their outcome
    /// was known, one value for each batch.
    pub imports: Histogram,
    /// Blocks that each reorg disconnected.
    pub reorg_depths: Histogram,
    /// Records that were acknowledged to clients of the REST API and were new.
    pub accepted_records: Counter,
    /// Own records that reorgs put back into the pool.
    pub restored_records: Counter,
    /// Records that peers relayed and the pool took.
    pub received_records: Counter,
    /// Records that were relayed to peers.
    pub sent_records: Counter,
    /// The peer network.
    pub peers: PeerMetrics,
}

/// What is counted of peers.
#[derive(Debug, Default)]
pub struct PeerMetrics {
    /// Attempts to reach a peer that led to a connection.
    pub dials_reached: Counter,
    /// Those that did not.
    pub dials_failed: Counter,
    /// Connections refused because their address is banned.
    pub refused_banned: Counter,
    /// Connections refused because there was no room for another link.
    pub refused_full: Counter,
    /// Connections refused because their source owes too much for useless work.
    pub refused_owing: Counter,
    /// Links closed because the peer broke the protocol or asked for too much.
    pub faults: Counter,
    /// Addresses that were banned for a fault.
    pub bans: Counter,
    traffic: [Traffic; Dialect::ALL.len()],
}

/// Bytes on the links of one dialect.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Bytes that came in.
    pub received: Counter,
    /// Bytes that went out.
    pub sent: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            commits: Histogram::new(COMMIT_BOUNDS),
            imports: Histogram::new(IMPORT_BOUNDS),
            reorg_depths: Histogram::new(DEPTH_BOUNDS),
            accepted_records: Counter::default(),
            restored_records: Counter::default(),
            received_records: Counter::default(),
            sent_records: Counter::default(),
            peers: PeerMetrics::default(),
        }
    }
}

impl PeerMetrics {
    /// Returns the bytes on links of a dialect, those that ended included.
    pub fn traffic(&self, dialect: Dialect) -> &Traffic {
        let [json, jenny_json, binary] = &self.traffic;
        match dialect {
            Dialect::Json => json,
            Dialect::JennyJson => jenny_json,
            Dialect::Binary => binary,
        }
    }
}
