//! Whose turn it is: a request's or the pool's.

use std::time::Duration;

use super::demand::Demand;

/// Intervals after which the oldest record of the pool has waited long enough for every second
/// block to be the pool's, whatever requests there are.
const OVERDUE_INTERVALS: u32 = 2;

/// Whose block is mined next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NextBlock {
    /// The oldest request's.
    Request,
    /// The pool's. Requests come first, unless this is the block that is kept for the pool.
    Pool(PoolTurn),
    /// Nobody's, until so much time has passed; or until something comes, if that is `None`.
    Nobody(Option<Duration>),
}

/// The pool's turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::node) struct PoolTurn {
    /// Whether the block is kept for the pool, so that no request may interrupt it.
    pub(in crate::node) is_kept: bool,
    /// Whether a block without records is wanted, if none is ready.
    pub(in crate::node) may_be_empty: bool,
}

/// Requests and the pool by turns.
#[derive(Debug)]
pub(super) struct Turns {
    /// How long a record of the pool waits for others before a block is mined.
    interval: Duration,
    /// Whether the last block was for a request.
    was_request: bool,
}

impl Turns {
    pub(super) const fn new(interval: Duration) -> Self {
        Self { interval, was_request: false }
    }

    /// Decides. `has_request` tells whether somebody waits for a request.
    pub(super) fn next(&self, has_request: bool, demand: Demand) -> NextBlock {
        let Demand { records, wants_block, look_again } = demand;
        let is_overdue = records.is_some_and(|sum| sum.wait >= self.interval * OVERDUE_INTERVALS);
        let is_kept = is_overdue && self.was_request;
        if has_request && !is_kept {
            return NextBlock::Request;
        }
        let is_due = records.is_some_and(|sum| sum.fills_block || sum.wait >= self.interval);
        if is_due || wants_block {
            return NextBlock::Pool(PoolTurn { is_kept, may_be_empty: wants_block });
        }
        let left = records.map(|sum| self.interval.saturating_sub(sum.wait));
        NextBlock::Nobody(left.into_iter().chain(look_again).min())
    }

    /// A request is at work.
    pub(super) const fn took_request(&mut self) {
        self.was_request = true;
    }

    /// A block of the pool's was found.
    pub(super) const fn found_pool_block(&mut self) {
        self.was_request = false;
    }
}

#[cfg(test)]
mod tests;
