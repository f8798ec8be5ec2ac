//! The clock of a simulation: what is going to happen, in order of time and then of scheduling, so
//! that nothing ties.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::Duration;

use jenny_chain::sync::{SyncMachine, Time};

/// Microseconds since the start.
pub(super) type Micros = u64;

pub(super) const MILLI: Micros = 1_000;
pub(super) const SECOND: Micros = 1_000_000;

/// The present, and the events to come.
pub(super) struct Clock<E> {
    pub(super) now: Micros,
    events: BinaryHeap<Reverse<Entry<E>>>,
    scheduled: u64,
}

struct Entry<E> {
    due: Micros,
    number: u64,
    event: E,
}

impl<E> Clock<E> {
    pub(super) const fn new() -> Self {
        Self { now: 0, events: BinaryHeap::new(), scheduled: 0 }
    }

    /// Schedules an event for a moment.
    pub(super) fn at(&mut self, due: Micros, event: E) {
        self.scheduled += 1;
        self.events.push(Reverse(Entry { due, number: self.scheduled, event }));
    }

    /// Schedules an event for some time from now.
    pub(super) fn after(&mut self, delay: Micros, event: E) {
        self.at(self.now + delay, event);
    }

    /// Moves on to the next event, or to `end` if none is due by then.
    pub(super) fn next(&mut self, end: Micros) -> Option<E> {
        if self.events.peek().is_none_or(|Reverse(entry)| entry.due > end) {
            self.now = end;
            return None;
        }
        self.events.pop().map(|Reverse(entry)| {
            self.now = entry.due;
            entry.event
        })
    }

    /// The present, as a machine is told it.
    pub(super) const fn time(&self) -> Time {
        Time(Duration::from_micros(self.now))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<E> Eq for Entry<E> {}

/// When a machine is woken next.
#[derive(Debug, Default)]
pub(super) struct Alarm(Option<Micros>);

impl Alarm {
    /// Sets the alarm to the machine's deadline. Returns when to ring, `None` if that is scheduled.
    pub(super) fn set(&mut self, machine: &SyncMachine, now: Micros) -> Option<Micros> {
        let Time(due) = machine.deadline()?;
        // Rounded up: a deadline must have passed.
        let due = u64::try_from(due.as_nanos().div_ceil(1_000)).unwrap().max(now);
        if self.0.is_some_and(|set| set <= due) {
            return None;
        }
        self.0 = Some(due);
        self.0
    }

    /// Takes a ring. Returns whether it is the one that the alarm is set to.
    pub(super) fn rings(&mut self, now: Micros) -> bool {
        let is_set = self.0 == Some(now);
        if is_set {
            self.0 = None;
        }
        is_set
    }
}
