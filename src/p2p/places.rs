//! Places for connections that are no links yet. When they are full, whoever holds most of
//! them gives one up, so that a flood of silent ones does not keep others out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::table::prefix;

/// Connections that are being upgraded or refused at a time, about 50 KiB each. Were more of
/// them to wait, a flood of silent ones would fill the system's queue, and a peer could not
/// even connect.
const MAX_UPGRADING: usize = 256;

/// The places. Loopback counts as any other prefix.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    /// By age.
    places: BTreeMap<u64, Holder>,
}

#[derive(Debug)]
struct Holder {
    prefix: (bool, u64),
    evicted: CancellationToken,
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    evicted: CancellationToken,
}

impl Places {
    /// A place for a connection from this address. When all are taken, the prefix that holds
    /// most of them loses its oldest one.
    pub(super) fn take(self: &Arc<Self>, ip: IpAddr) -> Place {
        let evicted = CancellationToken::new();
        let holder = Holder { prefix: prefix(ip.to_canonical()), evicted: evicted.clone() };
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.places.len() >= MAX_UPGRADING {
            taken.evict();
        }
        let number = taken.next;
        taken.next += 1;
        taken.places.insert(number, holder);
        drop(taken);
        Place { places: Arc::clone(self), number, evicted }
    }
}

impl Taken {
    fn evict(&mut self) {
        let mut counts: BTreeMap<(bool, u64), usize> = BTreeMap::new();
        for holder in self.places.values() {
            *counts.entry(holder.prefix).or_default() += 1;
        }
        let most = counts.into_iter().max_by_key(|(_, count)| *count).map(|(prefix, _)| prefix);
        let oldest = self.places.iter().find(|(_, holder)| Some(holder.prefix) == most);
        if let Some(holder) = oldest.map(|(&number, _)| number).and_then(|n| self.places.remove(&n))
        {
            holder.evicted.cancel();
        }
    }
}

impl Place {
    /// Cancelled when the place was given to another connection.
    pub(super) fn evicted(&self) -> CancellationToken {
        self.evicted.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.places.remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
