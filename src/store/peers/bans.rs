//! Bans: IP addresses that no link is taken from or made to for a time. In IPv6 that is a /64, of
//! which a peer has every address.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::chain::Timestamp;
use crate::store::StoreError;
use crate::store::database::Database;
use crate::store::layout::{PEER_BANNED, PEER_BANNED_BY_OPERATOR, ban_key, decode_ban, encode_ban};
use crate::store::sled::errors::{guarded, read_error, write_error};

/// An IPv4 address or an IPv6 /64 that is kept out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ban {
    /// Whose; IPv4 as such, also when it came mapped into IPv6. Of a /64 the first address, once the
    /// ban was made.
    pub address: IpAddr,
    /// When it ends.
    pub until: Timestamp,
    /// What the peer did, at most 128 bytes.
    pub reason: String,
    /// Whether the operator made it: it gives its place to no other ban.
    pub by_operator: bool,
}

impl Ban {
    /// Who is banned with an address: an IPv4 address by itself, an IPv6 address with its /64, as the
    /// first address of that.
    pub fn network(address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        }
    }

    /// Whom it keeps out, as text: `192.0.2.1` or `2001:db8::/64`.
    pub fn subject(&self) -> String {
        let network = Self::network(self.address);
        if network.is_ipv6() { format!("{network}/64") } else { network.to_string() }
    }
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

/// Bans by network.
type Networks = BTreeMap<IpAddr, Held>;

/// The bans in memory.
#[derive(Debug, Default)]
pub(in crate::store) struct BanTable {
    held: Mutex<Networks>,
    /// Keys of single IPv6 addresses, which earlier versions banned, until the next write replaces
    /// them.
    outdated: Mutex<Vec<sled::IVec>>,
    /// Held while the database is brought up to what is in memory.
    writing: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Held {
    until: Timestamp,
    reason: String,
    by_operator: bool,
}

impl Held {
    /// Takes up another ban of the same network: the later end stays, and the operator's reason.
    fn merge(&mut self, other: Self) {
        let is_later = other.until > self.until;
        if (other.by_operator, is_later) > (self.by_operator, false) {
            self.reason = other.reason;
        }
        self.until = self.until.max(other.until);
        self.by_operator |= other.by_operator;
    }
}

/// Most bans, about 300 bytes each. A new one takes the place of the one that ends first among those
/// of the group (IPv4 /16, IPv6 /32) that has most, so that a flood of faults from one network leaves
/// the bans of others; never that of one of the operator's.
const MAX_BANS: usize = 1_024;

/// Longest ban: 24 hours.
pub const MAX_BAN: Duration = Duration::from_secs(24 * 60 * 60);

/// Longest reason, in bytes; the rest is cut.
const MAX_REASON: usize = 128;

impl BanTable {
    /// What the tree `peers` holds of bans.
    pub(in crate::store) fn load(peers: &sled::Tree) -> Result<Self, StoreError> {
        let (mut held, mut outdated) = (Networks::new(), Vec::new());
        for tag in [PEER_BANNED, PEER_BANNED_BY_OPERATOR] {
            for entry in peers.scan_prefix(tag) {
                let (key, value) = entry.map_err(read_error)?;
                let Ban { address, until, reason, by_operator } = decode_ban(&key, &value)?;
                let network = Ban::network(address);
                if network != address {
                    outdated.push(key);
                }
                put(&mut held, network, Held { until, reason, by_operator });
            }
        }
        Ok(Self {
            held: Mutex::new(held),
            outdated: Mutex::new(outdated),
            writing: Mutex::default(),
        })
    }

    /// The bans; a panic elsewhere left them usable, since each is whole.
    fn held(&self) -> MutexGuard<'_, Networks> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bans {
    pub(in crate::store) const fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// Whether an address is banned; a loopback address never is. Does not touch the disk.
    pub fn is_banned(&self, address: IpAddr, now: Timestamp) -> bool {
        let held = self.database.bans.held();
        !address.to_canonical().is_loopback()
            && held.get(&Ban::network(address)).is_some_and(|held| now < held.until)
    }

    /// The bans that have not ended, in order of address. Does not touch the disk.
    pub fn entries(&self, now: Timestamp) -> Vec<Ban> {
        let held = self.database.bans.held();
        let lasting = held.iter().filter(|(_, held)| now < held.until);
        lasting.map(|(address, held)| ban(*address, held)).collect()
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
        let network = Ban::network(address);
        let mut reason = ban.reason.clone();
        while reason.len() > MAX_REASON {
            reason.pop();
        }
        let until = ban.until.min(latest_end(now));
        let new = Held { until, reason, by_operator: ban.by_operator };
        let mut held = self.database.bans.held();
        let mut changed: Vec<_> = held
            .iter()
            .filter(|(_, held)| held.until <= now)
            .map(|(address, _)| *address)
            .collect();
        for address in &changed {
            held.remove(address);
        }
        if held.len() >= MAX_BANS && !held.contains_key(&network) {
            let Some(dropped) = to_drop(&held, network) else {
                drop(held);
                tracing::warn!(
                    "{network} is not banned: {MAX_BANS} bans by the operator are stored"
                );
                return None;
            };
            held.remove(&dropped);
            changed.push(dropped);
        }
        put(&mut held, network, new);
        changed.push(network);
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

    /// Ends the ban of an address, in IPv6 that of its /64, in memory. `None` when there is none that
    /// lasts.
    pub fn remove(&self, address: IpAddr, now: Timestamp) -> Option<Unwritten> {
        let network = Ban::network(address);
        let removed = self.database.bans.held().remove(&network)?;
        (now < removed.until).then(|| Unwritten(vec![network]))
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
                let mut outdated = table.outdated.lock().unwrap_or_else(PoisonError::into_inner);
                let replaced = !outdated.is_empty();
                outdated.drain(..).for_each(|key| batch.remove(key));
                let networks: Vec<_> = held.keys().filter(|_| replaced).copied().collect();
                for address in unwritten.0.iter().copied().chain(networks) {
                    let Some(held) = held.get(&address) else {
                        batch.remove(ban_key(address, false));
                        batch.remove(ban_key(address, true));
                        continue;
                    };
                    batch.remove(ban_key(address, !held.by_operator));
                    let (key, value) = encode_ban(&ban(address, held));
                    batch.insert(key, value);
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
    let Held { until, reason, by_operator } = held.clone();
    Ban { address, until, reason, by_operator }
}

/// Holds a ban, with the one that is held of the same network.
fn put(held: &mut Networks, network: IpAddr, new: Held) {
    match held.entry(network) {
        Entry::Vacant(vacant) => {
            vacant.insert(new);
        }
        Entry::Occupied(mut held) => held.get_mut().merge(new),
    }
}

/// The first bits of an address, which one party may hold whole: an IPv4 /16 or an IPv6 /32.
fn group(network: IpAddr) -> (bool, u32) {
    match network {
        IpAddr::V4(network) => (false, u32::from(network) >> 16),
        IpAddr::V6(network) => {
            let [first, second, ..] = network.segments();
            (true, (u32::from(first) << 16) | u32::from(second))
        }
    }
}

/// The ban that gives its place to one of `newcomer`: that which ends first among those of the group
/// that has most bans, the new one included; of groups with equally many, the newcomer's. `None` if
/// all are the operator's.
fn to_drop(held: &Networks, newcomer: IpAddr) -> Option<IpAddr> {
    let own = group(newcomer);
    let mut counts: BTreeMap<_, usize> = BTreeMap::from([(own, 1)]);
    let droppable = || held.iter().filter(|(_, held)| !held.by_operator);
    droppable().for_each(|(network, _)| *counts.entry(group(*network)).or_default() += 1);
    let rank = |network: IpAddr| {
        let group = group(network);
        (counts.get(&group), group == own, group)
    };
    let max = droppable().map(|(network, _)| rank(*network)).max()?;
    let its = droppable().filter(|(network, _)| rank(**network) == max);
    its.min_by_key(|(_, held)| held.until).map(|(network, _)| *network)
}

#[cfg(test)]
mod tests;
