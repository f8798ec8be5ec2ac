//! The live links: who may become one, and who makes room.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::P2pConfig;
use super::link::Close;
use super::stats::Stats;
use super::writer::Out;
use crate::chain::Timestamp;
use crate::node::{Dialect, Direction, LinkInfo};
use crate::sync::LinkId;

/// Links that are never closed to make room: those that last delivered a new valid block.
const KEPT_FOR_BLOCKS: usize = 8;

/// And the oldest ones.
const KEPT_FOR_AGE: usize = 8;

/// Only a link that said nothing valid for this long makes room.
const IDLE: Duration = Duration::from_secs(30);

/// A link, as the driver holds it.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) address: SocketAddr,
    pub(super) direction: Direction,
    pub(super) dialect: Dialect,
    pub(super) agent: Option<String>,
    pub(super) since: Timestamp,
    pub(super) stats: Arc<Stats>,
    pub(super) waiting: mpsc::Sender<Out>,
    /// None once the close was begun.
    pub(super) close: Option<oneshot::Sender<Close>>,
    pub(super) stop_range: Arc<AtomicBool>,
    pub(super) redial_late: bool,
}

/// The live links.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) links: BTreeMap<LinkId, Live>,
}

impl Live {
    /// Begins the close; does nothing when it was begun.
    pub(super) fn close(&mut self, close: Close) {
        if let Some(sender) = self.close.take() {
            // The link may be over by itself.
            let _ = sender.send(close);
        }
    }

    fn info(&self) -> LinkInfo {
        let (received, sent) = self.stats.bytes();
        LinkInfo {
            dialect: self.dialect,
            agent: self.agent.clone(),
            tip: self.stats.last_tip(),
            rtt: self.stats.rtt(),
            received,
            sent,
            ..LinkInfo::new(self.address, self.direction, self.since)
        }
    }
}

impl Table {
    /// What everybody may see.
    pub(super) fn infos(&self) -> Vec<LinkInfo> {
        self.links.values().filter(|live| live.close.is_some()).map(Live::info).collect()
    }

    /// Whether a peer from this address may open a link; a link that must make room is
    /// closed.
    pub(super) fn admits(&mut self, address: SocketAddr, config: &P2pConfig, now: Instant) -> bool {
        let is_accepted =
            |live: &&Live| live.direction == Direction::Accepted && live.close.is_some();
        let ip = address.ip().to_canonical();
        if !ip.is_loopback() {
            let same = |live: &&Live| prefix(live.address.ip().to_canonical()) == prefix(ip);
            let count = self.links.values().filter(is_accepted).filter(same).count();
            if count >= config.max_per_prefix {
                return false;
            }
        }
        if self.links.values().filter(is_accepted).count() < config.max_accepted {
            return true;
        }
        let Some(link) = self.to_evict(now) else { return false };
        if let Some(live) = self.links.get_mut(&link) {
            live.close(Close { code: 1013, reason: "room is made for another peer" });
        }
        true
    }

    /// The accepted link whose last valid message is oldest, unless it is kept.
    fn to_evict(&self, now: Instant) -> Option<LinkId> {
        let mut accepted: Vec<_> = self
            .links
            .iter()
            .filter(|(_, live)| live.direction == Direction::Accepted && live.close.is_some())
            .collect();
        // Names are given in order of age.
        let by_age = accepted.iter().map(|(link, _)| **link).take(KEPT_FOR_AGE);
        let mut kept: Vec<LinkId> = by_age.collect();
        accepted.sort_by_key(|(_, live)| std::cmp::Reverse(live.stats.last_new_block()));
        let by_blocks = accepted.iter().filter(|(_, live)| live.stats.last_new_block().is_some());
        kept.extend(by_blocks.map(|(link, _)| **link).take(KEPT_FOR_BLOCKS));
        let idle = accepted.iter().filter(|(link, live)| {
            !kept.contains(link) && now.duration_since(live.stats.last_valid()) >= IDLE
        });
        idle.min_by_key(|(_, live)| live.stats.last_valid()).map(|(link, _)| **link)
    }
}

/// The IPv4 /24 or IPv6 /64 of an address.
pub(super) fn prefix(ip: IpAddr) -> (bool, u64) {
    match ip {
        IpAddr::V4(ip) => (false, u64::from(u32::from(ip) >> 8)),
        IpAddr::V6(ip) => (true, u64::try_from(u128::from(ip) >> 64).unwrap_or(u64::MAX)),
    }
}

#[cfg(test)]
mod tests;
