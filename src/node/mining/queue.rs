//! What the miner works from: requests in order of arrival, the pool by turns, and word
//! from the writer that the chain moved.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::demand::Demand;
use super::request::Request;
use super::turns::{NextBlock, PoolTurn, Turns};
use crate::chain::{TipState, ValidBlock};
use crate::node::MineError;

/// Most jobs that are taken and neither answered nor back: at work, and in
/// blocks at the writer. The miner waits above it.
const MAX_OUT: usize = 1_000;

/// Most bytes of records in them; one larger job goes alone. 8 MiB.
const MAX_IN_FLIGHT_BYTES: u64 = 8 << 20;

/// How long the pool is left alone after its block failed: for its clock or its disk, to be set
/// right by the operator.
const POOL_REST: Duration = Duration::from_secs(1);

/// The miner's mining queue. Locks are held for a few instructions, never across I/O.
#[derive(Debug)]
pub(in crate::node) struct MiningQueue {
    state: Mutex<State>,
    changed: Condvar,
    /// Set while the miner's work is in vain: the chain moved, or the node stops.
    interrupted: AtomicBool,
    max_waiting: usize,
}

#[derive(Debug)]
struct State {
    /// By number of arrival. New requests come in up to `max_waiting`; those that come
    /// back from the writer keep their number, so they are before all newer ones.
    waiting: BTreeMap<u64, Request>,
    arrivals: u64,
    in_flight: usize,
    in_flight_bytes: u64,
    turns: Turns,
    /// Nothing of the pool is mined before then.
    rests_until: Option<Instant>,
    moved: Option<TipState>,
    stopping: bool,
    /// Whether the miner sleeps, so that nobody pays for waking it when it does not.
    asleep: bool,
}

/// What the miner is to do next.
#[derive(Debug)]
pub(in crate::node) enum Task {
    /// Mine this request's block.
    Mine(Sequenced),
    /// Mine a block of the pool's oldest records.
    MinePool {
        /// What is counted for them.
        size_bytes: u64,
        /// The turn that they have.
        turn: PoolTurn,
    },
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
    /// A queue for at most `max_waiting` requests; records of the pool wait `interval` for others.
    pub(in crate::node) fn new(max_waiting: usize, interval: Duration) -> Self {
        Self {
            state: Mutex::new(State::new(interval)),
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

    /// Waits for the miner's next task, `None` if the node stops. `demand` tells what is to be
    /// mined besides requests.
    pub(in crate::node) fn next(&self, demand: &mut dyn FnMut() -> Demand) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return None;
            }
            let longest = match state.task(demand) {
                Ok(task) => {
                    if matches!(task, Task::MoveTo(_)) {
                        self.interrupted.store(false, Ordering::Release);
                    }
                    return Some(task);
                }
                Err(longest) => longest,
            };
            state.asleep = true;
            state = match longest {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(longest) => {
                    let waited = self.changed.wait_timeout(state, longest);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
            state.asleep = false;
        }
    }

    /// What is to be mined besides requests has changed.
    pub(in crate::node) fn demand_changed(&self) {
        self.wake(self.lock());
    }

    /// A block of the pool's was found and goes to the writer.
    pub(in crate::node) fn found_pool_block(&self) {
        self.lock().turns.found_pool_block();
    }

    /// A block of the pool's failed for a reason that may go away.
    pub(in crate::node) fn rest_pool(&self) {
        self.lock().rests_until = Some(Instant::now() + POOL_REST);
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

    /// Marks `jobs` in-flight jobs of total size `size_bytes` as done.
    pub(in crate::node) fn finished(&self, jobs: usize, size_bytes: u64) {
        let mut state = self.lock();
        state.finished(jobs, size_bytes);
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

    /// Requests that wait, are at work, or are at the writer.
    pub(in crate::node) fn unanswered(&self) -> usize {
        let state = self.lock();
        state.in_flight + state.waiting.len()
    }

    /// Requests that wait and whose clients do too.
    #[cfg(test)]
    pub(in crate::node) fn waiting_for_somebody(&self) -> usize {
        self.lock().waiting.values().filter(|request| !request.is_gone()).count()
    }

    /// Jobs that are taken and neither done nor back.
    #[cfg(test)]
    pub(in crate::node) fn in_flight(&self) -> usize {
        self.lock().in_flight
    }

    /// Whether the miner waits for something to do.
    #[cfg(test)]
    pub(in crate::node) fn is_asleep(&self) -> bool {
        self.lock().asleep
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
    const fn new(interval: Duration) -> Self {
        Self {
            waiting: BTreeMap::new(),
            arrivals: 0,
            in_flight: 0,
            in_flight_bytes: 0,
            turns: Turns::new(interval),
            rests_until: None,
            moved: None,
            stopping: false,
            asleep: false,
        }
    }

    /// What there is to do now; or the longest time to wait for something, `None` if only
    /// something that comes ends it.
    fn task(&mut self, demand: &mut dyn FnMut() -> Demand) -> Result<Task, Option<Duration>> {
        // What is still out may come back, and must then be mined before anything newer.
        if let Some(tip) = self.moved.take_if(|_| self.in_flight == 0) {
            return Ok(Task::MoveTo(Box::new(tip)));
        }
        if self.moved.is_some() || self.in_flight >= MAX_OUT {
            return Err(None);
        }
        let has_request = self.drop_gone();
        let rest = self.rests_until.and_then(|until| until.checked_duration_since(Instant::now()));
        let demand = if rest.is_some() { Demand::NONE } else { demand() };
        match self.turns.next(has_request, demand) {
            NextBlock::Request => self.take().map(Task::Mine).ok_or(None),
            NextBlock::Pool(turn) => {
                let size_bytes = demand.records.map_or(0, |sum| sum.size_bytes);
                let is_taken = self.count(size_bytes);
                is_taken.then_some(Task::MinePool { size_bytes, turn }).ok_or(None)
            }
            NextBlock::Nobody(longest) => Err(longest.or(rest)),
        }
    }

    /// Drops requests that nobody waits for, as far as the oldest one that somebody waits for.
    /// Returns whether there is such a one.
    fn drop_gone(&mut self) -> bool {
        while let Some(entry) = self.waiting.first_entry() {
            if !entry.get().is_gone() {
                return true;
            }
            entry.remove();
        }
        false
    }

    /// The oldest request, unless too much is out.
    fn take(&mut self) -> Option<Sequenced> {
        let size_bytes = self.waiting.first_key_value()?.1.size_bytes();
        if !self.count(size_bytes) {
            return None;
        }
        let (number, request) = self.waiting.pop_first()?;
        self.turns.took_request();
        Some(Sequenced { number, request })
    }

    /// Counts a job that is taken. Returns false, and counts nothing, if too much is out.
    const fn count(&mut self, size_bytes: u64) -> bool {
        let bytes = self.in_flight_bytes.saturating_add(size_bytes);
        if self.in_flight > 0 && bytes > MAX_IN_FLIGHT_BYTES {
            return false;
        }
        self.in_flight += 1;
        self.in_flight_bytes = bytes;
        true
    }

    const fn finished(&mut self, jobs: usize, size_bytes: u64) {
        self.in_flight = self.in_flight.saturating_sub(jobs);
        self.in_flight_bytes = self.in_flight_bytes.saturating_sub(size_bytes);
    }
}

#[cfg(test)]
mod tests;
