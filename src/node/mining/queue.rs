//! What the miner works from: requests in order of arrival, and word from the
//! writer that the chain moved.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::request::Request;
use crate::chain::{TipState, ValidBlock};
use crate::node::MineError;

/// Most requests that are taken and neither answered nor back: at work, and in
/// blocks at the writer. The miner waits above it.
const MAX_OUT: usize = 1_000;

/// Most bytes of records in them; one larger request goes alone. 8 MiB.
const MAX_IN_FLIGHT_BYTES: u64 = 8 << 20;

/// The miner's mining queue. Locks are held for a few instructions, never across I/O.
#[derive(Debug)]
pub(in crate::node) struct MiningQueue {
    state: Mutex<State>,
    changed: Condvar,
    /// Set while the miner's work is in vain: the chain moved, or the node stops.
    interrupted: AtomicBool,
    max_waiting: usize,
}

#[derive(Debug, Default)]
struct State {
    /// By number of arrival. New requests come in up to `max_waiting`; those that come
    /// back from the writer keep their number, so they are before all newer ones.
    waiting: BTreeMap<u64, Request>,
    arrivals: u64,
    in_flight: usize,
    in_flight_bytes: u64,
    moved: Option<TipState>,
    stopping: bool,
    /// Whether the miner sleeps, so that nobody pays for waking it when it does not.
    asleep: bool,
}

/// What the miner is to do next.
#[derive(Debug)]
pub(in crate::node) enum Job {
    /// Mine this request's block.
    Mine(Sequenced),
    /// Build on this chain from now on. None of the miner's blocks is at the writer.
    MoveTo(Box<TipState>),
}

/// A request and its place in the order of arrival.
#[derive(Debug)]
pub(in crate::node) struct Sequenced {
    number: u64,
    pub(in crate::node) request: Request,
}

impl Sequenced {
    /// The block did not fit any more: its records wait again.
    pub(in crate::node) fn take_back(self, block: ValidBlock) -> Self {
        Self { request: self.request.take_back(block), ..self }
    }
}

impl MiningQueue {
    pub(in crate::node) fn new(max_waiting: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            interrupted: AtomicBool::new(false),
            max_waiting: max_waiting.max(1),
        }
    }

    /// Adds a request; refused at once when the queue is full, or the node stops.
    pub(in crate::node) fn push(&self, request: Request) -> Result<(), MineError> {
        let mut state = self.lock();
        if state.stopping {
            return Err(MineError::Stopping);
        }
        if state.waiting.len() >= self.max_waiting {
            state.waiting.retain(|_, request| !request.is_gone());
        }
        if state.waiting.len() >= self.max_waiting {
            return Err(MineError::QueueFull);
        }
        let number = state.arrivals;
        state.arrivals += 1;
        state.waiting.insert(number, request);
        self.wake(state);
        Ok(())
    }

    /// Waits for the miner's next job, `None` if the node stops.
    pub(in crate::node) fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return None;
            }
            if let Some(job) = state.job() {
                if matches!(job, Job::MoveTo(_)) {
                    self.interrupted.store(false, Ordering::Release);
                }
                return Some(job);
            }
            state.asleep = true;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.asleep = false;
        }
    }

    /// Whether the work at hand is in vain.
    pub(in crate::node) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Acquire)
    }

    /// Puts back a request that was taken: it keeps its place before all newer ones.
    pub(in crate::node) fn put_back(&self, Sequenced { number, request }: Sequenced) {
        let mut state = self.lock();
        state.finished(1, request.size_bytes());
        if state.stopping {
            // Dropped, which answers that the node is stopping.
            return;
        }
        if !request.is_gone() {
            state.waiting.insert(number, request);
        }
        self.wake(state);
    }

    /// Marks `requests` in-flight requests of total size `size_bytes` as answered.
    pub(in crate::node) fn finished(&self, requests: usize, size_bytes: u64) {
        let mut state = self.lock();
        state.finished(requests, size_bytes);
        self.wake(state);
    }

    /// The chain was moved by other blocks than the miner's, or one of its blocks was
    /// refused: what it builds on is no longer the end of the chain.
    pub(in crate::node) fn chain_moved(&self, tip: TipState) {
        let mut state = self.lock();
        state.moved = Some(tip);
        self.interrupted.store(true, Ordering::Release);
        self.wake(state);
    }

    /// Responds to every waiting request, and ends the miner.
    pub(in crate::node) fn stop(&self) {
        let mut state = self.lock();
        state.stopping = true;
        self.interrupted.store(true, Ordering::Release);
        // Dropped, which answers that the node is stopping.
        let waiting = std::mem::take(&mut state.waiting);
        self.wake(state);
        drop(waiting);
    }

    /// Requests that wait.
    pub(in crate::node) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Requests that wait and whose clients do too.
    #[cfg(test)]
    pub(in crate::node) fn waiting_for_somebody(&self) -> usize {
        self.lock().waiting.values().filter(|request| !request.is_gone()).count()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, state: MutexGuard<'_, State>) {
        let asleep = state.asleep;
        drop(state);
        if asleep {
            self.changed.notify_one();
        }
    }
}

impl State {
    /// What there is to do now.
    fn job(&mut self) -> Option<Job> {
        if self.moved.is_none() {
            return self.take().map(Job::Mine);
        }
        // What is still out may come back, and must then be mined before anything newer.
        if self.in_flight > 0 {
            return None;
        }
        self.moved.take().map(|tip| Job::MoveTo(Box::new(tip)))
    }

    /// The oldest request that somebody waits for, unless too much is out.
    fn take(&mut self) -> Option<Sequenced> {
        if self.in_flight >= MAX_OUT {
            return None;
        }
        loop {
            let entry = self.waiting.first_entry()?;
            if entry.get().is_gone() {
                entry.remove();
                continue;
            }
            let size_bytes = entry.get().size_bytes();
            if self.in_flight > 0
                && self.in_flight_bytes.saturating_add(size_bytes) > MAX_IN_FLIGHT_BYTES
            {
                return None;
            }
            let (number, request) = entry.remove_entry();
            self.in_flight += 1;
            self.in_flight_bytes = self.in_flight_bytes.saturating_add(size_bytes);
            return Some(Sequenced { number, request });
        }
    }

    const fn finished(&mut self, requests: usize, size_bytes: u64) {
        self.in_flight = self.in_flight.saturating_sub(requests);
        self.in_flight_bytes = self.in_flight_bytes.saturating_sub(size_bytes);
    }
}

#[cfg(test)]
mod tests;
