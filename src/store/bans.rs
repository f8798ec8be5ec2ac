//! Bans: IP addresses that no link is taken from or made to for a time.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::StoreError;
use super::database::Database;
use super::guard::{guarded, read_error, write_error};
use super::layout::{PEER_BANNED, ban_key, decode_ban, encode_ban};
use crate::chain::Timestamp;

/// An IP address that is kept out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ban {
    /// Whose; IPv4 as such, also when it came mapped into IPv6.
    pub address: IpAddr,
    /// When it ends.
    pub until: Timestamp,
    /// What the peer did, at most 128 bytes.
    pub reason: String,
}

/// The bans; cheap to clone. Asking is answered from memory. Kill -9 may take the last half
/// second of what was written down, a loss of power more.
#[derive(Clone, Debug)]
pub struct Bans {
    database: Arc<Database>,
}

/// Addresses whose bans changed in memory and not yet in the database.
#[derive(Debug)]
#[must_use = "the bans are forgotten with the process unless they are written down"]
pub struct Unwritten(Vec<IpAddr>);

/// The bans in memory.
#[derive(Debug, Default)]
pub(super) struct BanTable {
    held: Mutex<BTreeMap<IpAddr, Held>>,
    /// Held while the database is brought up to what is in memory.
    writing: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Held {
    until: Timestamp,
    reason: String,
}

/// Most bans, about 300 bytes each. A new one takes the place of the one that ends first.
const MAX_BANS: usize = 1_024;

/// Longest ban: 24 hours.
pub const MAX_BAN: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest reason, in bytes; the rest is cut.
const MAX_REASON: usize = 128;

impl BanTable {
    /// What the tree `peers` holds of bans.
    pub(super) fn load(peers: &sled::Tree) -> Result<Self, StoreError> {
        let mut held = BTreeMap::new();
        for entry in peers.scan_prefix(PEER_BANNED) {
            let (key, value) = entry.map_err(read_error)?;
            let Ban { address, until, reason } = decode_ban(&key, &value)?;
            held.insert(address, Held { until, reason });
        }
        Ok(Self { held: Mutex::new(held), writing: Mutex::default() })
    }

    /// The bans; a panic elsewhere left them usable, since each is whole.
    fn held(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bans {
    pub(super) const fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// Whether an address is banned. Does not touch the disk.
    pub fn is_banned(&self, address: IpAddr, now: Timestamp) -> bool {
        let held = self.database.bans.held();
        held.get(&address.to_canonical()).is_some_and(|held| now < held.until)
    }

    /// The bans that have not ended, in order of address. Does not touch the disk.
    pub fn entries(&self, now: Timestamp) -> Vec<Ban> {
        let held = self.database.bans.held();
        let lasting = held.iter().filter(|(_, held)| now < held.until);
        lasting.map(|(address, held)| ban(*address, held)).collect()
    }

    /// Bans an address, in memory, for [`MAX_BAN`] at most, and forgets the bans that have ended. Of two bans of one
    /// address the one that ends later stays. None when there is nothing to ban: a loopback
    /// address, which any program of this machine may have, or a time that is over.
    pub fn add(&self, ban: &Ban, now: Timestamp) -> Option<Unwritten> {
        let address = ban.address.to_canonical();
        if address.is_loopback() || ban.until <= now {
            return None;
        }
        let until = ban.until.min(latest_end(now));
        let mut held = self.database.bans.held();
        let mut changed: Vec<_> = held
            .iter()
            .filter(|(_, held)| held.until <= now)
            .map(|(address, _)| *address)
            .collect();
        for address in &changed {
            held.remove(address);
        }
        if held.get(&address).is_some_and(|known| known.until >= until) {
            return Some(Unwritten(changed));
        }
        if held.len() >= MAX_BANS
            && !held.contains_key(&address)
            && let Some((&first, _)) = held.iter().min_by_key(|(_, held)| held.until)
        {
            held.remove(&first);
            changed.push(first);
        }
        let mut reason = ban.reason.clone();
        while reason.len() > MAX_REASON {
            reason.pop();
        }
        held.insert(address, Held { until, reason });
        changed.push(address);
        Some(Unwritten(changed))
    }

    /// Shortens every ban that has more than [`MAX_BAN`] left, in memory: it was made while the
    /// clock was ahead. Returns what changed, `None` if nothing did.
    pub fn shorten(&self, now: Timestamp) -> Option<Unwritten> {
        let latest = latest_end(now);
        let mut changed = Vec::new();
        for (address, held) in self.database.bans.held().iter_mut() {
            if held.until > latest {
                held.until = latest;
                changed.push(*address);
            }
        }
        (!changed.is_empty()).then_some(Unwritten(changed))
    }

    /// Ends a ban, in memory. `None` when there is none that lasts.
    pub fn remove(&self, address: IpAddr, now: Timestamp) -> Option<Unwritten> {
        let address = address.to_canonical();
        let removed = self.database.bans.held().remove(&address)?;
        (now < removed.until).then(|| Unwritten(vec![address]))
    }

    /// Writes down what changed. Nothing is written while room on the disk is short.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn write(&self, unwritten: &Unwritten) -> Result<(), StoreError> {
        if self.database.check_room().is_err() {
            return Ok(());
        }
        guarded(|| {
            let table = &self.database.bans;
            // What is in memory now counts, so the order of two writes does not matter.
            let _turn = table.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let mut batch = sled::Batch::default();
            {
                let held = table.held();
                for address in &unwritten.0 {
                    match held.get(address) {
                        Some(held) => {
                            let (key, value) = encode_ban(&ban(*address, held));
                            batch.insert(key, value);
                        }
                        None => batch.remove(ban_key(*address)),
                    }
                }
            }
            self.database.peers.apply_batch(batch).map_err(write_error)
        })
    }
}

/// When a ban that is made now ends at the latest.
fn latest_end(now: Timestamp) -> Timestamp {
    now.plus_millis(u64::try_from(MAX_BAN.as_millis()).unwrap_or(u64::MAX))
}

fn ban(address: IpAddr, held: &Held) -> Ban {
    Ban { address, until: held.until, reason: held.reason.clone() }
}

#[cfg(test)]
mod tests;
