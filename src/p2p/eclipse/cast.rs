//! Who is there beside the victim: honest nodes, and the attacker's.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;

use crate::node::PeerUrl;
use crate::p2p::dialing::backoff::{Backoff, STABLE};
use crate::p2p::test_util::random;
use crate::sync::LinkId;

/// How many networks of those that count as one (IPv4 /16; IPv6 /32 and /48) the attacker's 4 /24s
/// and 20 /64s lie in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spread {
    /// Two: a hoster's.
    Two,
    /// 24: one each, the most that there can be.
    All,
}

/// In 100: honest nodes that are away for a whole life of the victim.
const AWAY: u64 = 10;

/// In 100: dials of an honest node that fail though it is there.
const FULL: u64 = 30;

/// Honest nodes can be dialled after at most this many seconds of a life.
const LATE: u64 = 20;

/// Hosts of each of the attacker's networks that listen.
const HOSTS: u16 = 40;

/// Addresses that one peer tells of at a time. More than 16 of one network are not taken.
const TOLD: u64 = 16;

/// Everybody.
pub(super) struct Cast {
    pub(super) honest: Vec<PeerUrl>,
    pub(super) attackers: Vec<PeerUrl>,
    is_honest: BTreeSet<PeerUrl>,
    /// The honest nodes that are there in this life, from when.
    up: BTreeMap<PeerUrl, Instant>,
}

impl Cast {
    /// This many honest nodes, each in a network of its own.
    pub(super) fn new(honest: u8, spread: Spread) -> Self {
        let honest: Vec<_> = (0..honest).map(|net| url([20 + net, net, 0, 1].into())).collect();
        let hosts =
            networks(spread).into_iter().flat_map(|net| (1..=HOSTS).map(move |host| at(net, host)));
        let attackers = hosts.map(url).collect();
        let is_honest = honest.iter().cloned().collect();
        Self { honest, attackers, is_honest, up: BTreeMap::new() }
    }

    /// The victim starts: who is there this time?
    pub(super) fn new_life(&mut self, now: Instant) {
        self.up.clear();
        for peer in &self.honest {
            if random() % 100 >= AWAY {
                let late = Duration::from_secs(random() % (LATE + 1));
                self.up.insert(peer.clone(), now + late);
            }
        }
    }

    pub(super) fn is_honest(&self, peer: &PeerUrl) -> bool {
        self.is_honest.contains(peer)
    }

    /// How a dial goes and how long it takes. The attacker's nodes are always there.
    pub(super) fn dial(&self, peer: &PeerUrl, now: Instant) -> (bool, Duration) {
        if !self.is_honest(peer) {
            return (true, Duration::ZERO);
        }
        let is_up = self.up.get(peer).is_some_and(|from| *from <= now);
        let is_reached = is_up && random() % 100 >= FULL;
        // One that is not there refuses at once, or is silent.
        let silent = !is_up && random().is_multiple_of(2);
        (is_reached, Duration::from_secs(if silent { 5 } else { 1 }))
    }

    /// What the attacker tells of: its own alone.
    pub(super) fn lies(&self) -> Vec<PeerUrl> {
        (0..TOLD).map(|_| draw(&self.attackers)).collect()
    }

    /// What honest nodes tell of: each other and, once it is there, the attacker.
    pub(super) fn gossip(&self, is_attacked: bool) -> Vec<PeerUrl> {
        let is_hostile = |number: u64| is_attacked && !number.is_multiple_of(2);
        let from = |number| if is_hostile(number) { &self.attackers } else { &self.honest };
        (0..TOLD).map(|number| draw(from(number))).collect()
    }
}

/// The networks of the attacker.
pub(super) fn networks(spread: Spread) -> Vec<IpAddr> {
    let four = (0..4).map(|net| match spread {
        Spread::Two => IpAddr::from([198, 51, 100 + net, 0]),
        Spread::All => IpAddr::from([150 + net, 7, 7, 0]),
    });
    let six = (0..20).map(|net| match spread {
        Spread::Two => IpAddr::from([0x2a00, 0x1234, 0, net, 0, 0, 0, 0]),
        Spread::All => IpAddr::from([0x2a00 + net, 0x1234, 0, 0, 0, 0, 0, 0]),
    });
    four.chain(six).collect()
}

/// A host of a network.
pub(super) fn at(network: IpAddr, host: u16) -> IpAddr {
    match network {
        IpAddr::V4(ip) => IpAddr::from((u32::from(ip) + u32::from(host)).to_be_bytes()),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from(u128::from(ip) + u128::from(host))),
    }
}

fn url(ip: IpAddr) -> PeerUrl {
    format!("ws://{}", SocketAddr::new(ip, 7_545)).parse().unwrap()
}

fn draw(peers: &[PeerUrl]) -> PeerUrl {
    let index = random() % u64::try_from(peers.len()).unwrap();
    peers[usize::try_from(index).unwrap()].clone()
}

/// An honest node that dials the victim.
pub(super) struct Dialler {
    pub(super) address: SocketAddr,
    pub(super) link: Option<(LinkId, Instant)>,
    pub(super) next: Instant,
    backoff: Backoff,
}

impl Dialler {
    pub(super) fn new(net: u8, now: Instant) -> Self {
        let address = SocketAddr::from(([80 + net, net, 0, 1], 40_000));
        Self { address, link: None, next: now, backoff: Backoff::default() }
    }

    /// Its link is over, or it was refused.
    pub(super) fn rest(&mut self, now: Instant) {
        if self.link.take().is_some_and(|(_, since)| now - since >= STABLE) {
            self.backoff.reset();
        }
        self.next = now + self.backoff.next(random());
    }
}
