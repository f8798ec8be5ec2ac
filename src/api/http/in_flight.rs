//! What the two ends of one connection tell each other: the socket side and the
//! request side run in one task but do not see each other through hyper.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Shared by a connection's [`super::stream::GuardedStream`] and its requests.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<State>);

#[derive(Debug, Default)]
struct State {
    begun: AtomicUsize,
    under_way: AtomicUsize,
    body_ended: AtomicBool,
    unread: AtomicBool,
}

/// A request that is under way until this is dropped with its answer's body.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<State>);

impl InFlight {
    /// A request's headers have come.
    pub(super) fn begin(&self) -> UnderWay {
        self.0.body_ended.store(false, Ordering::Relaxed);
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(&self.0))
    }

    /// How many requests have begun; wraps around.
    pub(super) fn begun(&self) -> usize {
        self.0.begun.load(Ordering::Relaxed)
    }

    /// Whether a request is under way: then its own limits count, not the
    /// connection's.
    pub(super) fn is_busy(&self) -> bool {
        self.0.under_way.load(Ordering::Relaxed) > 0
    }

    /// The body of the request under way was read to its end, or it has none.
    pub(super) fn end_body(&self) {
        self.0.body_ended.store(true, Ordering::Relaxed);
    }

    /// Whether the client waits for an answer and has nothing more to send for it.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_busy() && self.0.body_ended.load(Ordering::Relaxed)
    }

    /// A request was answered before its body was read.
    pub(super) fn leave_unread(&self) {
        self.0.unread.store(true, Ordering::Relaxed);
    }

    /// Whether the client may still be sending what nobody will read.
    pub(super) fn has_unread(&self) -> bool {
        self.0.unread.load(Ordering::Relaxed)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
