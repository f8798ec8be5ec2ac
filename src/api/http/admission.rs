//! How many connections there may be, in all and of one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::Limits;
use super::proxies::TrustedProxies;
use super::source::Source;

/// Refused connections whose body is read to its end, and those of one address.
const MAX_LINGERING: usize = 16;
const MAX_LINGERING_OF_ONE: usize = 2;

/// Connections by address; never more entries than there are connections.
type Counts = Mutex<HashMap<Source, usize>>;

/// Counts connections.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    all: Arc<Semaphore>,
    by_source: Arc<Counts>,
    max_of_one: usize,
    proxies: Arc<TrustedProxies>,
}

/// A place among the connections, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    _place: OwnedSemaphorePermit,
    counted: Option<(Arc<Counts>, Source)>,
}

impl Admission {
    /// Places for connections; those of trusted proxies count for no address.
    pub(super) fn new(limits: &Limits, proxies: Arc<TrustedProxies>) -> Self {
        Self::with(limits.connections, limits.connections_per_address, proxies)
    }

    /// Places for connections that were refused and still send.
    pub(super) fn lingering(proxies: Arc<TrustedProxies>) -> Self {
        Self::with(MAX_LINGERING, MAX_LINGERING_OF_ONE, proxies)
    }

    fn with(max: usize, max_of_one: usize, proxies: Arc<TrustedProxies>) -> Self {
        let (all, by_source) = (Arc::new(Semaphore::new(max)), Arc::default());
        Self { all, by_source, max_of_one, proxies }
    }

    /// A place for a connection of this address; `None` when all or its own are taken.
    pub(super) fn try_admit(&self, address: IpAddr) -> Option<Place> {
        let room = Arc::clone(&self.all).try_acquire_owned().ok()?;
        self.admit(room, address)
    }

    /// Waits until there is room for one more connection.
    pub(super) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// Gives the room to a connection of this address, `None` if it has too many.
    pub(super) fn admit(&self, place: OwnedSemaphorePermit, address: IpAddr) -> Option<Place> {
        if address.to_canonical().is_loopback() || self.proxies.contains(address) {
            return Some(Place { _place: place, counted: None });
        }
        let source = Source::from(address);
        let mut by_source = self.by_source.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_source.get(&source).copied().unwrap_or(0);
        if count >= self.max_of_one {
            return None;
        }
        by_source.insert(source, count.saturating_add(1));
        Some(Place { _place: place, counted: Some((Arc::clone(&self.by_source), source)) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((by_source, source)) = &self.counted else { return };
        let mut by_source = by_source.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_source.get_mut(source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                by_source.remove(source);
            }
        }
    }
}

#[cfg(test)]
mod tests;
