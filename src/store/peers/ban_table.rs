//! The bans in memory: whom they keep out, how many there are, and what of them is not written yet.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::IpAddr;

use super::ban::Ban;
use super::layout::{PEER_BANNED, PEER_BANNED_BY_OPERATOR, ban_key, decode_ban, encode_ban};
use crate::chain::Timestamp;
use crate::store::StoreError;
use crate::store::sled::errors::read_error;

/// Bans by network.
type Networks = BTreeMap<IpAddr, Held>;

/// The bans in memory.
#[derive(Debug, Default)]
pub(super) struct BanTable {
    held: Networks,
    /// Keys of single IPv6 addresses, which earlier versions banned, until the next write replaces
    /// them.
    outdated: Vec<sled::IVec>,
}

/// Addresses whose bans changed in memory and not yet in the database.
#[derive(Debug)]
#[must_use = "the bans are forgotten with the process unless they are written down"]
pub struct Unwritten(pub(super) Vec<IpAddr>);

#[derive(Clone, Debug)]
struct Held {
    until: Timestamp,
    reason: String,
    by_operator: bool,
}

impl Held {
    fn of(Ban { until, reason, by_operator, .. }: Ban) -> Self {
        Self { until, reason, by_operator }
    }

    fn ban(&self, address: IpAddr) -> Ban {
        let Self { until, reason, by_operator } = self.clone();
        Ban { address, until, reason, by_operator }
    }

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
pub(super) const MAX_BANS: usize = 1_024;

impl BanTable {
    /// What the tree `peers` holds of bans.
    pub(super) fn load(peers: &sled::Tree) -> Result<Self, StoreError> {
        let mut table = Self::default();
        for tag in [PEER_BANNED, PEER_BANNED_BY_OPERATOR] {
            for entry in peers.scan_prefix(tag) {
                let (key, value) = entry.map_err(read_error)?;
                let ban = decode_ban(&key, &value)?;
                let network = Ban::network(ban.address);
                if network != ban.address {
                    table.outdated.push(key);
                }
                put(&mut table.held, network, Held::of(ban));
            }
        }
        Ok(table)
    }

    /// Whether the network of an address is banned.
    pub(super) fn contains(&self, address: IpAddr, now: Timestamp) -> bool {
        self.held.get(&Ban::network(address)).is_some_and(|held| now < held.until)
    }

    /// The bans that have not ended, in order of address.
    pub(super) fn lasting(&self, now: Timestamp) -> Vec<Ban> {
        let lasting = self.held.iter().filter(|(_, held)| now < held.until);
        lasting.map(|(&network, held)| held.ban(network)).collect()
    }

    /// Forgets the bans that have ended, and adds one. Returns what changed, `None` if the
    /// operator's bans hold all places.
    pub(super) fn add(&mut self, ban: Ban, now: Timestamp) -> Option<Unwritten> {
        let network = Ban::network(ban.address);
        let ended = self.held.iter().filter(|(_, held)| held.until <= now);
        let mut changed: Vec<_> = ended.map(|(network, _)| *network).collect();
        for network in &changed {
            self.held.remove(network);
        }
        if self.held.len() >= MAX_BANS && !self.held.contains_key(&network) {
            let dropped = to_drop(&self.held, network)?;
            self.held.remove(&dropped);
            changed.push(dropped);
        }
        put(&mut self.held, network, Held::of(ban));
        changed.push(network);
        Some(Unwritten(changed))
    }

    /// Ends every ban at `latest`. Returns what changed, `None` if nothing did.
    pub(super) fn shorten(&mut self, latest: Timestamp) -> Option<Unwritten> {
        let mut changed = Vec::new();
        for (network, held) in &mut self.held {
            if held.until > latest {
                held.until = latest;
                changed.push(*network);
            }
        }
        (!changed.is_empty()).then_some(Unwritten(changed))
    }

    /// Ends the ban of an address's network. Returns what changed, `None` if no such ban lasts.
    pub(super) fn remove(&mut self, address: IpAddr, now: Timestamp) -> Option<Unwritten> {
        let network = Ban::network(address);
        let removed = self.held.remove(&network)?;
        (now < removed.until).then(|| Unwritten(vec![network]))
    }

    /// What brings the tree `peers` up to these changes. Outdated keys are handed out once.
    pub(super) fn batch(&mut self, unwritten: &Unwritten) -> sled::Batch {
        let mut batch = sled::Batch::default();
        let replaced = !self.outdated.is_empty();
        self.outdated.drain(..).for_each(|key| batch.remove(key));
        let networks = self.held.keys().filter(|_| replaced);
        for &network in unwritten.0.iter().chain(networks) {
            let Some(held) = self.held.get(&network) else {
                batch.remove(ban_key(network, false));
                batch.remove(ban_key(network, true));
                continue;
            };
            batch.remove(ban_key(network, !held.by_operator));
            let (key, value) = encode_ban(&held.ban(network));
            batch.insert(key, value);
        }
        batch
    }
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
