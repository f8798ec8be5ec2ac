//! The search for a nonce, on one thread first and on several when it takes longer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::setpriority_process;

use crate::chain::{Header, MAX_SAFE_INTEGER, Midstate, Timestamp};

/// How and how long to search.
#[derive(Clone, Copy)]
pub(in crate::node) struct Search<'a> {
    /// Threads, the calling one included.
    pub(in crate::node) threads: usize,
    /// How the system schedules them.
    pub(in crate::node) priority: Priority,
    /// The clock that headers are stamped with.
    pub(in crate::node) clock: fn() -> Timestamp,
    /// Whether to give up; asked every [`SEARCH_CHUNK`] hashes by every thread.
    pub(in crate::node) stop: &'a (dyn Fn() -> bool + Sync),
}

/// How the system schedules the threads of a search.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::node) enum Priority {
    /// As others: a client waits.
    Normal,
    /// Behind others, on threads of its own.
    Low,
}

/// What a search came to.
#[derive(Clone, Copy, Debug)]
pub(in crate::node) struct Outcome {
    /// The header whose hash is within its target, `None` if the search was stopped.
    pub(in crate::node) found: Option<Header>,
    /// Attempts made, by all threads.
    pub(in crate::node) hashes: u64,
}

/// Hashes between two checks whether to go on. This many are tried
/// before other threads are started: waking them costs more.
const SEARCH_CHUNK: u32 = 4_096;

/// The niceness of a search that nobody waits for: the system's other work comes first.
const LOW_PRIORITY: i32 = 10;

/// How long one timestamp is used.
const ROUND: Duration = Duration::from_secs(2);

/// Pause when every nonce of a timestamp was tried and the clock does not advance.
const USED_UP_PAUSE: Duration = Duration::from_millis(5);

/// Largest upper part of a nonce: its lower 32 bits are a midstate's.
const MAX_HIGH: u64 = MAX_SAFE_INTEGER >> 32;

impl Search<'_> {
    /// Finds a nonce for `header`; a search that lasts is stamped anew from time to
    /// time, never below the timestamp that the header came with.
    pub(in crate::node) fn run(&self, header: Header) -> Outcome {
        let earliest = header.timestamp;
        let mut round = Round::new(header);
        let mut hashes = 0;
        loop {
            let found = self.round(&mut round);
            hashes += *round.hashes.get_mut();
            if found.is_some() || (self.stop)() {
                return Outcome { found, hashes };
            }
            round = round.next(earliest.max((self.clock)()));
        }
    }

    fn round(&self, round: &mut Round) -> Option<Header> {
        let Some(mut lane) = round.lane() else {
            std::thread::sleep(USED_UP_PAUSE);
            return None;
        };
        if !round.step(&mut lane) && !(self.stop)() {
            let (round, stop) = (&*round, self.stop);
            std::thread::scope(|scope| {
                // What this thread's priority is lowered by, it could not get back.
                let is_low = self.priority == Priority::Low;
                let mut others = 0;
                for _ in usize::from(!is_low)..self.threads.max(1) {
                    let Some(lane) = round.lane() else { break };
                    let builder = std::thread::Builder::new().name("search".to_owned());
                    let search = move || {
                        if is_low {
                            // A system that refuses keeps the usual priority.
                            let _ = setpriority_process(None, LOW_PRIORITY);
                        }
                        round.work(lane, stop);
                    };
                    // A thread that the system refuses only makes the search slower.
                    others += u32::from(builder.spawn_scoped(scope, search).is_ok());
                }
                if !is_low || others == 0 {
                    round.work(lane, stop);
                }
            });
        }
        let nonce = *round.found.get_mut();
        (nonce <= MAX_SAFE_INTEGER).then_some(Header { nonce, ..round.header })
    }
}

/// The search under one timestamp, shared by the threads.
struct Round {
    header: Header,
    target: [u8; 32],
    target_head: u64,
    /// The next upper part of a nonce that nobody has taken.
    high: AtomicU64,
    /// The lowest nonce found; `u64::MAX` while there is none.
    found: AtomicU64,
    hashes: AtomicU64,
    over: AtomicBool,
    until: Instant,
}

/// One thread's part of the nonces: those with one upper part.
struct Lane {
    midstate: Midstate,
    high: u64,
    /// The next lower part, `None` if all were tried.
    low: Option<u32>,
}

impl Round {
    fn new(header: Header) -> Self {
        // A header whose bits mean nothing has no proof of work; no template has such bits.
        let target = header.bits.target().map_or([0; 32], |target| target.get().to_be_bytes());
        Self {
            header,
            target,
            target_head: head(&target),
            high: AtomicU64::new(0),
            found: AtomicU64::new(u64::MAX),
            hashes: AtomicU64::new(0),
            over: AtomicBool::new(false),
            until: Instant::now() + ROUND,
        }
    }

    /// The round after this one. Nonces are tried from the start, unless the header is
    /// the same.
    fn next(self, timestamp: Timestamp) -> Self {
        let tried = if timestamp == self.header.timestamp { self.high.into_inner() } else { 0 };
        let next = Self::new(Header { timestamp, ..self.header });
        Self { high: AtomicU64::new(tried), ..next }
    }

    /// A part of the nonces that nobody has, `None` if there are no more.
    fn lane(&self) -> Option<Lane> {
        let high = self.high.fetch_add(1, Ordering::Relaxed);
        (high <= MAX_HIGH).then(|| Lane {
            midstate: Midstate::of(&Header { nonce: high << 32, ..self.header }),
            high,
            low: Some(0),
        })
    }

    /// Works until a nonce is found by any thread, or the round is over.
    fn work(&self, mut lane: Lane, stop: &(dyn Fn() -> bool + Sync)) {
        while !self.over.load(Ordering::Relaxed) {
            if self.step(&mut lane) || stop() || Instant::now() >= self.until {
                self.over.store(true, Ordering::Relaxed);
            }
            if lane.low.is_none() {
                let Some(next) = self.lane() else { return };
                lane = next;
            }
        }
    }

    /// Whether the hash, as a big-endian number, is within the target. Its first eight
    /// bytes decide nearly always, and comparing all costs a tenth of the speed.
    fn is_met_by(&self, hash: &[u8; 32]) -> bool {
        head(hash) <= self.target_head && *hash <= self.target
    }

    /// Tries a chunk of nonces. Returns whether one was found.
    fn step(&self, lane: &mut Lane) -> bool {
        let Some(from) = lane.low else { return false };
        let to = from | (SEARCH_CHUNK - 1);
        lane.low = to.checked_add(1);
        let hit = (from..=to).find(|&low| self.is_met_by(lane.midstate.hash(low).as_bytes()));
        let tried = hit.unwrap_or(to) - from + 1;
        self.hashes.fetch_add(u64::from(tried), Ordering::Relaxed);
        if let Some(low) = hit {
            self.found.fetch_min(lane.high << 32 | u64::from(low), Ordering::Relaxed);
        }
        hit.is_some()
    }
}

/// The first eight bytes, as a number.
fn head(bytes: &[u8; 32]) -> u64 {
    bytes.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests;
