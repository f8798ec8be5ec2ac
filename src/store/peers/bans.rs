//! Bans: IP addresses that no link is taken from or made to for a time.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ban::Ban;
use super::ban_table::{BanTable, MAX_BANS, Unwritten};
use crate::chain::Timestamp;
use crate::store::StoreError;
use crate::store::database::Database;
use crate::store::sled::errors::{guarded, write_error};

/// The bans; cheap to clone. Asking is answered from memory. Kill -9 may take the last half
/// second of what was written down, a loss of power more.
#[derive(Clone, Debug)]
pub struct Bans {
    database: Arc<Database>,
    table: Arc<Mutex<BanTable>>,
    /// Held while the database is brought up to what is in memory.
    writing: Arc<Mutex<()>>,
}

/// Longest ban: 24 hours.
pub const MAX_BAN: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest reason, in bytes; the rest is cut.
const MAX_BAN_REASON: usize = 128;

impl Bans {
    /// The bans that the database holds.
    pub(in crate::store) fn load(database: Arc<Database>) -> Result<Self, StoreError> {
        let table = Mutex::new(BanTable::load(&database.peers)?);
        Ok(Self { database, table: Arc::new(table), writing: Arc::default() })
    }

    /// The bans in memory; a panic elsewhere left them usable, since each is whole.
    fn table(&self) -> MutexGuard<'_, BanTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an address is banned; a loopback address never is. Does not touch the disk.
    pub fn is_banned(&self, address: IpAddr, now: Timestamp) -> bool {
        !address.to_canonical().is_loopback() && self.table().contains(address, now)
    }

    /// The bans that have not ended, in order of address. Does not touch the disk.
    pub fn entries(&self, now: Timestamp) -> Vec<Ban> {
        self.table().lasting(now)
    }

    /// Bans an address, in memory, for [`MAX_BAN`] at most, and forgets the bans that have ended. Of
    /// two bans of one network the later end stays. `None` if there is nothing to ban: a loopback
    /// address, which any program of this machine may have, or a time that is over; and if the
    /// operator's bans hold all places.
    pub fn add(&self, ban: &Ban, now: Timestamp) -> Option<Unwritten> {
        let address = ban.address.to_canonical();
        if address.is_loopback() || ban.until <= now {
            return None;
        }
        let mut ban = ban.clone();
        while ban.reason.len() > MAX_BAN_REASON {
            ban.reason.pop();
        }
        ban.until = ban.until.min(latest_end(now));
        let added = self.table().add(ban, now);
        if added.is_none() {
            let network = Ban::network(address);
            tracing::warn!("{network} is not banned: {MAX_BANS} bans by the operator are stored");
        }
        added
    }

    /// Shortens every ban that has more than [`MAX_BAN`] left, in memory: it was made while the
    /// clock was ahead. Returns what changed, `None` if nothing did.
    pub fn shorten(&self, now: Timestamp) -> Option<Unwritten> {
        self.table().shorten(latest_end(now))
    }

    /// Ends the ban of an address, in IPv6 that of its /64, in memory. `None` when there is none that
    /// lasts.
    pub fn remove(&self, address: IpAddr, now: Timestamp) -> Option<Unwritten> {
        self.table().remove(address, now)
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
            // What is in memory now counts, so the order of two writes does not matter.
            let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let batch = self.table().batch(unwritten);
            self.database.peers.apply_batch(batch).map_err(write_error)
        })
    }
}

/// When a ban that is made now ends at the latest.
fn latest_end(now: Timestamp) -> Timestamp {
    now.plus_millis(u64::try_from(MAX_BAN.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
