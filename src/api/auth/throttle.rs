//! Slows down callers that guess passwords, and lets the others in meanwhile.
//!
//! Wrong passwords count for their source and for the user whom they name. From
//! [`MAX_WRONG`] of a source within [`WRONG_WINDOW`] on it is throttled: one password a
//! second is verified of all that come from there. The turns go round the names, so
//! that guesses at one name delay another by seconds at most; all names without a user
//! share one place, since they are free to invent. Guesses at one name get no more than
//! [`MAX_WRONG`] turns in a window, as many as they got before the throttle.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::api::http::source::Source;

/// From this wrong password of one address on, within [`WRONG_WINDOW`], it is throttled.
pub(super) const MAX_WRONG: usize = 20;

/// How long a wrong password counts.
pub(super) const WRONG_WINDOW: Duration = Duration::from_secs(60);

/// Time between two verifications of a throttled source.
const TURN: Duration = Duration::from_secs(1);

/// Time between two verifications of a name with [`MAX_WRONG`] wrong passwords.
const NAME_TURN: Duration = Duration::from_secs(3);

/// Requests of one source that name one user and wait for a turn; a further one is refused.
const MAX_TURNS_WAITING: usize = 4;

/// Sources whose wrong passwords are counted: about 2 MiB when full. Then the one
/// that did nothing for longest is forgotten for a new one.
const MAX_THROTTLED: usize = 4_096;

/// Names, each of one source, whose wrong passwords are counted: about 3 MiB when full,
/// then as [`MAX_THROTTLED`].
const MAX_NAMES: usize = 4_096;

/// A source and the user whom it names, `None` for all names that no user has.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Claim {
    pub(super) source: Source,
    pub(super) user: Option<Arc<str>>,
}

/// Counts wrong passwords over a sliding window, and hands out turns.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sources: HashMap<Source, Record>,
    names: HashMap<Claim, Record>,
    /// Requests that wait for a turn; never more than there are connections.
    waiting: HashMap<Claim, usize>,
}

/// What is remembered of a source, or of a name that it claims.
#[derive(Debug, Default)]
struct Record {
    /// When the latest wrong passwords came, at most [`MAX_WRONG`].
    wrong: Vec<Instant>,
    /// When it had its last turn.
    turn: Option<Instant>,
}

impl Throttle {
    /// How long `source` is throttled still, `None` if it is not.
    pub(super) fn throttled(&self, source: Source, now: Instant) -> Option<Duration> {
        self.lock().sources.get_mut(&source)?.throttled(now)
    }

    /// Counts a wrong password. Returns what [`Throttle::throttled`] returns after it.
    pub(super) fn count(&self, claim: &Claim, now: Instant) -> Option<Duration> {
        let mut state = self.lock();
        record(&mut state.names, claim, MAX_NAMES, now).count(now);
        let source = record(&mut state.sources, &claim.source, MAX_THROTTLED, now);
        source.count(now);
        source.throttled(now)
    }

    /// Queues for a turn, `None` if too many wait for one with the same claim.
    pub(super) fn queue(self: &Arc<Self>, claim: Claim) -> Option<Waiting> {
        let mut state = self.lock();
        let waiting = state.waiting.entry(claim.clone()).or_default();
        if *waiting >= MAX_TURNS_WAITING {
            return None;
        }
        *waiting = waiting.saturating_add(1);
        drop(state);
        Some(Waiting { throttle: Arc::clone(self), claim })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request of a throttled source that waits for its turn.
#[derive(Debug)]
pub(super) struct Waiting {
    throttle: Arc<Throttle>,
    claim: Claim,
}

impl Waiting {
    /// Takes the turn when it has come.
    ///
    /// # Errors
    /// After how long to ask again, when it has not.
    pub(super) fn turn(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.throttle.lock();
        let source = self.claim.source;
        let last = state.sources.get(&source).and_then(|record| record.turn);
        if let Some(rest) = rest(last, TURN, now) {
            return Err(rest);
        }
        let own = state.names.get_mut(&self.claim).map(|record| record.next(now));
        let (own_turn, own_rest) = own.unwrap_or_default();
        if let Some(rest) = own_rest {
            return Err(rest);
        }
        // The request with the longest wait since the last turn comes first.
        let State { names, waiting, .. } = &mut *state;
        let is_earlier = waiting.keys().filter(|other| other.source == source).any(|other| {
            let next = names.get_mut(other).map(|record| record.next(now)).unwrap_or_default();
            next.1.is_none() && next.0 < own_turn
        });
        if is_earlier {
            return Err(TURN);
        }
        record(&mut state.names, &self.claim, MAX_NAMES, now).turn = Some(now);
        record(&mut state.sources, &source, MAX_THROTTLED, now).turn = Some(now);
        Ok(())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.throttle.lock();
        if let Some(waiting) = state.waiting.get_mut(&self.claim) {
            *waiting = waiting.saturating_sub(1);
            if *waiting == 0 {
                state.waiting.remove(&self.claim);
            }
        }
    }
}

impl Record {
    fn count(&mut self, now: Instant) {
        self.forget_old(now);
        if self.wrong.len() >= MAX_WRONG {
            self.wrong.remove(0);
        }
        self.wrong.push(now);
    }

    /// How long there are too many wrong passwords still.
    fn throttled(&mut self, now: Instant) -> Option<Duration> {
        self.forget_old(now);
        let oldest = (self.wrong.len() >= MAX_WRONG).then(|| self.wrong.first()).flatten()?;
        Some(WRONG_WINDOW.saturating_sub(now.saturating_duration_since(*oldest)))
    }

    /// The last turn, and how long it is until the next one may come.
    fn next(&mut self, now: Instant) -> (Option<Instant>, Option<Duration>) {
        let is_throttled = self.throttled(now).is_some();
        (self.turn, if is_throttled { rest(self.turn, NAME_TURN, now) } else { None })
    }

    fn forget_old(&mut self, now: Instant) {
        self.wrong.retain(|&time| now.saturating_duration_since(time) < WRONG_WINDOW);
    }

    fn latest(&self) -> Option<Instant> {
        self.turn.max(self.wrong.last().copied())
    }
}

/// What is left of a pause that began then, `None` if it is over.
fn rest(began: Option<Instant>, pause: Duration, now: Instant) -> Option<Duration> {
    let rest = pause.checked_sub(now.saturating_duration_since(began?))?;
    (!rest.is_zero()).then_some(rest)
}

/// The record of `key`. For a new one room is made, so that there are never more than `max`.
fn record<'a, K: Clone + Eq + Hash>(
    records: &'a mut HashMap<K, Record>,
    key: &K,
    max: usize,
    now: Instant,
) -> &'a mut Record {
    if records.len() >= max && !records.contains_key(key) {
        records.retain(|_, record| {
            record.latest().is_some_and(|time| now.saturating_duration_since(time) < WRONG_WINDOW)
        });
        if records.len() >= max {
            let oldest = records.iter().min_by_key(|(_, record)| record.latest());
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                records.remove(&key);
            }
        }
    }
    records.entry(key.clone()).or_default()
}

#[cfg(test)]
mod tests;
