//! The memory of large messages in JSON, of all links together. It is taken as their bytes come,
//! so that an announced length holds nothing.
//!
//! Two halves that wait for each other's memory would wait for ever. So the oldest message may
//! always grow, up to the longest message: that much is kept for it, and the others share the
//! rest. When it is over, the next oldest is in its place.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::p2p::net_group::Prefix;

/// What all large messages of all links in JSON may hold together: 128 MiB.
const MESSAGE_BUDGET: u64 = 128 << 20;

/// The budget.
#[derive(Debug)]
pub(in crate::p2p) struct Budget {
    /// What all but the oldest message share.
    shared: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// By age.
    parts: BTreeMap<u64, Holder>,
}

#[derive(Debug)]
struct Holder {
    bytes: u64,
    source: Option<Prefix>,
    waiting: Option<Waker>,
}

/// A link's way to the budget.
#[derive(Clone, Debug)]
pub(in crate::p2p) struct Account {
    budget: Arc<Budget>,
    /// None for loopback.
    source: Option<Prefix>,
}

/// What one message holds, until it is dropped.
#[derive(Debug)]
pub(super) struct Part {
    budget: Arc<Budget>,
    number: u64,
}

impl Budget {
    /// A budget for messages of at most this many bytes.
    pub(in crate::p2p) fn new(max_message: usize) -> Arc<Self> {
        let shared = MESSAGE_BUDGET.saturating_sub(max_message as u64);
        Arc::new(Self { shared, state: Mutex::default() })
    }

    /// The account of a link to this address.
    pub(in crate::p2p) fn account(self: &Arc<Self>, ip: IpAddr) -> Account {
        let ip = ip.to_canonical();
        let source = (!ip.is_loopback()).then(|| Prefix::of(ip));
        Account { budget: Arc::clone(self), source }
    }

    /// Bytes held by all messages.
    #[cfg(test)]
    pub(in crate::p2p) fn held(&self) -> u64 {
        self.with(|state| state.parts.values().map(|holder| holder.bytes).sum())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Account {
    /// Begins a large message, which holds nothing yet.
    pub(super) fn begin(&self) -> Part {
        let number = self.budget.with(|state| {
            let number = state.next;
            state.next += 1;
            let holder = Holder { bytes: 0, source: self.source, waiting: None };
            state.parts.insert(number, holder);
            number
        });
        Part { budget: Arc::clone(&self.budget), number }
    }
}

impl Part {
    /// Grows to this many bytes in total, once there is room and no older message from the same
    /// prefix is under way.
    pub(super) fn poll_grow(&mut self, bytes: u64, cx: &Context<'_>) -> Poll<()> {
        let shared = self.budget.shared;
        self.budget.with(|state| {
            let may_grow = state.may_grow(self.number, bytes, shared);
            let Some(holder) = state.parts.get_mut(&self.number) else { return Poll::Pending };
            if may_grow {
                (holder.bytes, holder.waiting) = (bytes, None);
                return Poll::Ready(());
            }
            holder.waiting = Some(cx.waker().clone());
            Poll::Pending
        })
    }
}

impl State {
    fn may_grow(&self, number: u64, bytes: u64, shared: u64) -> bool {
        let mut older = self.parts.range(..number).map(|(_, holder)| holder).peekable();
        if older.peek().is_none() {
            return true;
        }
        let source = self.parts.get(&number).and_then(|holder| holder.source);
        if source.is_some() && older.any(|holder| holder.source == source) {
            return false;
        }
        let others = self.parts.iter().skip(1).filter(|(other, _)| **other != number);
        let held = others.fold(bytes, |sum, (_, holder)| sum.saturating_add(holder.bytes));
        held <= shared
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let waiting: Vec<_> = self.budget.with(|state| {
            state.parts.remove(&self.number);
            state.parts.values_mut().filter_map(|holder| holder.waiting.take()).collect()
        });
        for waker in waiting {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests;
