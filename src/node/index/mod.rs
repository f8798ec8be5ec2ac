//! The derived index at work: what is not indexed yet is found in memory, and a thread indexes it
//! behind the durable tip.

pub(super) mod builder;
pub(super) mod find;
pub(super) mod index_work;
mod recent;
pub(super) mod search;
mod tail;

use std::sync::{Mutex, MutexGuard, PoisonError};

use tail::{Room, Tail};

/// Most blocks that are not indexed and are found in memory.
const MAX_TAIL_BLOCKS: usize = 10_000;

/// Most records of these blocks: with their blocks at most 5 MiB.
const MAX_TAIL_RECORDS: usize = 262_144;

/// What the builder and lookups share.
#[derive(Debug)]
pub(super) struct Index {
    tail: Mutex<Tail>,
    /// The latest blocks, once a lookup needed them.
    recent: Mutex<Tail>,
    /// As far as lookups may extend the tail.
    room: Room,
}

impl Default for Index {
    fn default() -> Self {
        let room = Room { blocks: MAX_TAIL_BLOCKS, records: MAX_TAIL_RECORDS };
        Self { tail: Mutex::default(), recent: Mutex::default(), room }
    }
}

impl Index {
    /// The tail. Views that it follows are made while it is locked, so that they never go back.
    fn tail(&self) -> MutexGuard<'_, Tail> {
        lock(&self.tail)
    }

    /// The latest blocks, under the same rule.
    fn recent(&self) -> MutexGuard<'_, Tail> {
        lock(&self.recent)
    }
}

fn lock(tail: &Mutex<Tail>) -> MutexGuard<'_, Tail> {
    tail.lock().unwrap_or_else(|poisoned| {
        tail.clear_poison();
        // A panic may have left a block without its records: they are read again.
        let mut tail = PoisonError::into_inner(poisoned);
        tail.clear();
        tail
    })
}

#[cfg(test)]
mod tests;
