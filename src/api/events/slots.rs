//! How many streams there may be, in all and for one caller.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::api::http::long_requests::{LongRequest, LongRequests};
use crate::api::http::source::Source;

/// Streams at the same time. Each holds at most one part of 64 KiB and, while that is read, a
/// block.
const MAX_EVENT_STREAMS: usize = 64;

/// Streams of one user from one address (IPv6: from one /64).
const MAX_CALLER_STREAMS: usize = 4;

type Caller = (String, Source);

/// Counts the streams, which are long-lived requests; cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::api) struct EventSlots {
    streams: Arc<Mutex<HashMap<Caller, usize>>>,
    long_requests: LongRequests,
}

/// A place among the streams, given back when dropped.
#[derive(Debug)]
pub(in crate::api) struct Slot {
    slots: EventSlots,
    caller: Caller,
    _long_request: LongRequest,
}

impl EventSlots {
    pub(in crate::api) fn new(long_requests: LongRequests) -> Self {
        Self { streams: Arc::default(), long_requests }
    }

    /// Returns how many streams there are.
    pub(in crate::api) fn count(&self) -> usize {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Takes a place for a stream of this caller, also among the long-lived requests; `None` if all
    /// or its own are taken.
    pub(in crate::api) fn take(&self, user: &str, address: IpAddr) -> Option<Slot> {
        let caller = (user.to_owned(), Source::from(address));
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let own = streams.get(&caller).copied().unwrap_or(0);
        if own >= MAX_CALLER_STREAMS || streams.values().sum::<usize>() >= MAX_EVENT_STREAMS {
            return None;
        }
        let long_request = self.long_requests.take(user).ok()?;
        streams.insert(caller.clone(), own.saturating_add(1));
        drop(streams);
        Some(Slot { slots: self.clone(), caller, _long_request: long_request })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut streams = self.slots.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = streams.get_mut(&self.caller) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                streams.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests;
