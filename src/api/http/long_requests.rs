//! Long-lived requests: how many there may be, in all and of one user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::problem::{Kind, Problem};

/// Long-lived requests, at the same time: those that wait for records, follow events, or read or
/// export the whole chain. The other connections stay free for short requests.
const MAX_LONG_REQUESTS: usize = 256;

/// Those of one user.
const MAX_USER_LONG_REQUESTS: usize = 64;

/// How long a client should wait for a place among them.
const LONG_REQUEST_RETRY: Duration = Duration::from_secs(5);

/// Counts the long-lived requests; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(in crate::api) struct LongRequests(Arc<Mutex<Counts>>);

/// Requests by user; never more entries than there are requests.
#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_user: HashMap<String, usize>,
}

/// A place among the long-lived requests, given back when dropped.
#[derive(Debug)]
pub(in crate::api) struct LongRequest {
    requests: LongRequests,
    user: String,
}

/// Which places are all taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::api) enum TooManyLong {
    OfAll,
    OfUser,
}

impl LongRequests {
    /// Takes a place for a request of this user.
    ///
    /// # Errors
    /// When all places are taken, or the user's own.
    pub(in crate::api) fn take(&self, user: &str) -> Result<LongRequest, TooManyLong> {
        let mut counts = self.lock();
        let own = counts.by_user.get(user).copied().unwrap_or(0);
        if own >= MAX_USER_LONG_REQUESTS {
            return Err(TooManyLong::OfUser);
        }
        if counts.all >= MAX_LONG_REQUESTS {
            return Err(TooManyLong::OfAll);
        }
        counts.all += 1;
        counts.by_user.insert(user.to_owned(), own + 1);
        drop(counts);
        Ok(LongRequest { requests: self.clone(), user: user.to_owned() })
    }

    /// Returns the number of places that are taken.
    pub(in crate::api) fn count(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LongRequest {
    fn drop(&mut self) {
        let mut counts = self.requests.lock();
        counts.all -= 1;
        if let Some(own) = counts.by_user.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                counts.by_user.remove(&self.user);
            }
        }
    }
}

impl From<TooManyLong> for Problem {
    fn from(which: TooManyLong) -> Self {
        let what = "requests that wait, follow events or read the whole chain";
        let (kind, detail) = match which {
            TooManyLong::OfAll => {
                (Kind::Busy, format!("the node has {MAX_LONG_REQUESTS} {what}; try again later"))
            }
            TooManyLong::OfUser => (
                Kind::TooManyLongRequests,
                format!(
                    "this user has {MAX_USER_LONG_REQUESTS} {what}; end one of them, or try again later"
                ),
            ),
        };
        Self::new(kind, detail).retry_after(LONG_REQUEST_RETRY)
    }
}

#[cfg(test)]
mod tests;
