//! Slows down whoever guesses passwords.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// From this wrong password of one address on, within [`WINDOW`], it is refused.
pub(super) const MOST_WRONG: usize = 20;

/// How long a wrong password counts.
pub(super) const WINDOW: Duration = Duration::from_secs(60);

/// Addresses whose wrong passwords are counted: about 1.5 MiB when full. Then the
/// address that erred longest ago is forgotten for a new one.
const MAX_ADDRESSES: usize = 4_096;

/// Who is counted as one: an IPv4 address, or an IPv6 /64, which is what one
/// customer usually holds (RFC 6177).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) >> 64 << 64;
                Self(IpAddr::V6(network.into()))
            }
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}

/// Counts wrong passwords by address over a sliding window.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    wrong: Mutex<HashMap<Source, VecDeque<Instant>>>,
}

impl Throttle {
    /// How long `source` is still refused; none when it is not.
    pub(super) fn refused(&self, source: Source, now: Instant) -> Option<Duration> {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let times = wrong.get_mut(&source)?;
        forget_old(times, now);
        remaining(times, now)
    }

    /// Counts a wrong password; answers as [`Throttle::refused`] after it.
    pub(super) fn count(&self, source: Source, now: Instant) -> Option<Duration> {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() >= MAX_ADDRESSES && !wrong.contains_key(&source) {
            make_room(&mut wrong, now);
        }
        let times = wrong.entry(source).or_default();
        forget_old(times, now);
        if times.len() >= MOST_WRONG {
            times.pop_front();
        }
        times.push_back(now);
        remaining(times, now)
    }
}

fn forget_old(times: &mut VecDeque<Instant>, now: Instant) {
    while times.front().is_some_and(|&time| now.saturating_duration_since(time) >= WINDOW) {
        times.pop_front();
    }
}

fn remaining(times: &VecDeque<Instant>, now: Instant) -> Option<Duration> {
    let oldest = (times.len() >= MOST_WRONG).then(|| times.front()).flatten()?;
    Some(WINDOW.saturating_sub(now.saturating_duration_since(*oldest)))
}

fn make_room(wrong: &mut HashMap<Source, VecDeque<Instant>>, now: Instant) {
    wrong.retain(|_, times| {
        times.back().is_some_and(|&time| now.saturating_duration_since(time) < WINDOW)
    });
    if wrong.len() >= MAX_ADDRESSES {
        let oldest = wrong.iter().min_by_key(|(_, times)| times.back().copied());
        if let Some(source) = oldest.map(|(&source, _)| source) {
            wrong.remove(&source);
        }
    }
}

#[cfg(test)]
mod tests;
