//! Slots for connections that are no links yet. When all are taken, the prefix that holds most of
//! them gives one up, so that a flood of silent ones does not keep others out.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::p2p::config::{MAX_LEAVING, MAX_UPGRADING};
use crate::p2p::net_group::Prefix;

/// The slots. Loopback counts as any other prefix.
#[derive(Debug, Default)]
pub(in crate::p2p) struct UpgradeSlots {
    taken: Mutex<Taken>,
    /// Somebody left.
    left: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    /// By age.
    slots: BTreeMap<u64, Holder>,
    /// Those that gave up their slots.
    leaving: BTreeSet<u64>,
}

#[derive(Debug)]
struct Holder {
    prefix: Prefix,
    evicted: CancellationToken,
}

/// A connection's slot, until it is dropped.
#[derive(Debug)]
pub(in crate::p2p) struct Slot {
    slots: Arc<UpgradeSlots>,
    number: u64,
    evicted: CancellationToken,
}

impl UpgradeSlots {
    /// Waits until one more connection may be taken: those that gave up their slots count until
    /// they are gone, and that can take a moment.
    pub(in crate::p2p) async fn room(&self) {
        loop {
            let left = self.left.notified();
            if self.with(|taken| taken.leaving.len() < MAX_LEAVING) {
                return;
            }
            left.await;
        }
    }

    /// A slot for a connection from this address. When all are taken, the prefix that holds
    /// most of them loses its oldest one.
    pub(in crate::p2p) fn take(self: &Arc<Self>, ip: IpAddr) -> Slot {
        let evicted = CancellationToken::new();
        let holder = Holder { prefix: Prefix::of(ip), evicted: evicted.clone() };
        let number = self.with(|taken| {
            if taken.slots.len() >= MAX_UPGRADING {
                taken.evict();
            }
            let number = taken.next;
            taken.next += 1;
            taken.slots.insert(number, holder);
            number
        });
        Slot { slots: Arc::clone(self), number, evicted }
    }

    /// Connections that count.
    #[cfg(test)]
    pub(in crate::p2p) fn count(&self) -> usize {
        self.with(|taken| taken.slots.len() + taken.leaving.len())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Taken) -> T) -> T {
        act(&mut self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Taken {
    fn evict(&mut self) {
        let mut counts: BTreeMap<Prefix, usize> = BTreeMap::new();
        for holder in self.slots.values() {
            *counts.entry(holder.prefix).or_default() += 1;
        }
        let max = counts.into_iter().max_by_key(|(_, count)| *count).map(|(prefix, _)| prefix);
        let oldest = self.slots.iter().find(|(_, holder)| Some(holder.prefix) == max);
        let Some(number) = oldest.map(|(&number, _)| number) else { return };
        if let Some(holder) = self.slots.remove(&number) {
            self.leaving.insert(number);
            holder.evicted.cancel();
        }
    }
}

impl Slot {
    /// Cancelled when another connection took the slot.
    pub(in crate::p2p) fn evicted(&self) -> CancellationToken {
        self.evicted.clone()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.with(|taken| {
            taken.slots.remove(&self.number);
            taken.leaving.remove(&self.number);
        });
        self.slots.left.notify_one();
    }
}

#[cfg(test)]
mod tests;
