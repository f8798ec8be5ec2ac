//! What each source owes: arithmetic alone, without a clock.
//!
//! A debt is a time: for each moment that was spent on what is of no use, the one who had it spent
//! waits [`FACTOR`] times as long. A link pays by not being read from. What it has not paid when it
//! ends, and what its set-up cost, is paid by the next connections of its source, which wait.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::p2p::net_group::Prefix;

/// For each moment that was spent on what is of no use, this many pass without any: it takes 3 % of
/// a core at most.
pub(super) const FACTOR: u32 = 31;

/// Shorter debts are not rested for. To wake up costs more than to deal with a frame: a flood wakes
/// the node once for many.
pub(super) const SHORTEST_REST: Duration = Duration::from_millis(20);

/// A debt above this is paid in parts, each a quarter of it and at least this long: an honest link
/// that was expensive once is soon read again.
pub(super) const USUAL_REST: Duration = Duration::from_millis(500);

/// A larger debt is forgotten down to this, of a link and of a source.
pub(super) const MAX_DEBT: Duration = Duration::from_secs(30);

/// The connections of a source wait only for what is owed above this: those that come at once after
/// a restart of many nodes behind one address are not held up.
pub(super) const ALLOWANCE: Duration = Duration::from_secs(10);

/// What a connection whose upgrade is answered, or whose TLS handshake is begun, costs, as an
/// estimate. One that says nothing costs little, and must not keep its neighbours out.
pub(super) const SET_UP: Duration = Duration::from_millis(1);

/// Sources without a link that are remembered, about 150 bytes each.
pub(super) const MAX_DEBTORS: usize = 1_024;

/// Who owes together.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Source {
    /// The links that an IPv4 /24 or an IPv6 /64 opened.
    Prefix(Prefix),
    /// One link that this node dialled: what a stranger at its address does is not its fault.
    Dialled(u64),
}

impl Source {
    /// The source of the connections from an address.
    pub(super) fn of(ip: IpAddr) -> Self {
        Self::Prefix(Prefix::of(ip))
    }
}

/// What all sources owe.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sources: BTreeMap<Source, Account>,
}

#[derive(Debug)]
pub(in crate::p2p) struct Account {
    /// When the debt is paid of what is gone.
    left: Instant,
    links: BTreeMap<u64, Owed>,
    /// When an upgrade was answered or a link ended last.
    used: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Owed {
    /// When all is paid.
    clear: Instant,
    /// Until when the link rests.
    resume: Instant,
}

impl Ledger {
    /// How long a connection that comes now waits before its upgrade.
    pub(super) fn wait(&self, source: Source, now: Instant) -> Duration {
        let left = self.sources.get(&source).map_or(now, |account| account.left);
        left.saturating_duration_since(now).saturating_sub(ALLOWANCE)
    }

    /// An upgrade was answered, or a TLS handshake begun.
    pub(super) fn set_up(&mut self, source: Source, now: Instant) {
        self.account(source, now).owe(SET_UP.saturating_mul(FACTOR), now);
    }

    /// A connection became this link.
    pub(super) fn open(&mut self, source: Source, link: u64, now: Instant) {
        self.account(source, now).links.insert(link, Owed { clear: now, resume: now });
    }

    /// So much time was spent for a link on what is of no use. Returns until when it rests, which
    /// has passed if it owes too little. Links of one source that owe at the same time pay in turn.
    pub(super) fn spend(
        &mut self,
        source: Source,
        link: u64,
        spent: Duration,
        now: Instant,
    ) -> Instant {
        let Some(account) = self.sources.get_mut(&source) else { return now };
        let owing = |(other, owed): &(&u64, &Owed)| **other != link && owed.clear > now;
        let others = account.links.iter().filter(owing).count();
        let Some(owed) = account.links.get_mut(&link) else { return now };
        let shares = u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
        let more = spent.saturating_mul(FACTOR).saturating_mul(shares).min(MAX_DEBT);
        owed.clear = (owed.clear.max(now) + more).min(now + MAX_DEBT);
        let debt = owed.clear - now;
        if debt >= SHORTEST_REST {
            let rest = debt.min(USUAL_REST.max(debt / 4));
            owed.resume = owed.resume.max(now + rest);
        }
        owed.resume
    }

    /// A link is over. What it owes, and what it costs to have served it in vain, its source owes.
    pub(super) fn close(&mut self, source: Source, link: u64, in_vain: Duration, now: Instant) {
        let Some(account) = self.sources.get_mut(&source) else { return };
        if let Some(owed) = account.links.remove(&link) {
            let unpaid = owed.clear.saturating_duration_since(now);
            account.owe(unpaid.saturating_add(in_vain.saturating_mul(FACTOR)), now);
        }
        account.used = now;
        if matches!(source, Source::Dialled(_)) {
            self.sources.remove(&source);
        }
    }

    fn account(&mut self, source: Source, now: Instant) -> &mut Account {
        if !self.sources.contains_key(&source) && self.sources.len() >= MAX_DEBTORS {
            self.make_room(now);
        }
        let new = || Account { left: now, links: BTreeMap::new(), used: now };
        let account = self.sources.entry(source).or_insert_with(new);
        (account.left, account.used) = (account.left.max(now), now);
        account
    }

    /// Forgets the sources that owe nothing, or else the one that was used longest ago. Those with
    /// links stay.
    fn make_room(&mut self, now: Instant) {
        let before = self.sources.len();
        self.sources.retain(|_, account| !account.links.is_empty() || account.left > now);
        if self.sources.len() == before {
            let idle = self.sources.iter().filter(|(_, account)| account.links.is_empty());
            if let Some(oldest) = idle.min_by_key(|(_, account)| account.used).map(|(it, _)| *it) {
                self.sources.remove(&oldest);
            }
        }
    }
}

impl Account {
    /// Owes more, up to the most.
    fn owe(&mut self, more: Duration, now: Instant) {
        self.left = (self.left.max(now) + more.min(MAX_DEBT)).min(now + MAX_DEBT);
    }
}

#[cfg(test)]
mod tests;
