//! A simulation of the published eclipse attacks (Heilman et al., USENIX Security 2015): an
//! attacker fills the address book of a node and the places for those that dial it, and waits for
//! the node to start again.
//!
//! The attacker holds 4 IPv4 /24s and 20 IPv6 /64s. Its nodes are there at once, accept every dial,
//! hold every link for good, and are best at all that protects a link. Honest nodes are away for
//! some of the victim's lives, come late in others, or are full; their links end now and then, and
//! no use protects them. The operator names peers in the first life alone.

mod cast;
mod victim;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;

use super::test_util::{random, seed};
use crate::chain::Timestamp;
use crate::node::PeerUrl;
use crate::sync::LinkId;
use cast::{Cast, Dialler, Spread, at, networks};
use victim::{Book, Victim, ip_of};

/// Runs of each attack. `docs/p2p.md` has the figures of more.
const SEEDS: u64 = 3;

/// The attack begins in the first life; the victim starts ten times more.
const RESTARTS: u64 = 10;

/// Seconds of each life.
const LIFE: u64 = 300;

/// In the first life, the attacker comes after this many seconds.
const ATTACK: u64 = 120;

/// The attacker tells of its nodes so often.
const LIES: u64 = 150;

/// Honest peers tell of others so often.
const GOSSIP: u64 = 30;

/// The attacker tries to open more links so often.
const PRESS: u64 = 10;

/// The victim has an honest link again within this time.
const MINUTE: Duration = Duration::from_secs(60);

/// Nodes that can be dialled, in networks of their own.
const HONEST: u8 = 24;

/// Honest nodes that dial the victim, in networks of their own.
const DIALLERS: u8 = 20;

/// Another one, that comes late in each life.
const NEWCOMER: ([u8; 4], u16) = ([110, 1, 0, 1], 40_000);

/// The worst that was seen.
#[derive(Clone, Copy, Debug)]
struct Figures {
    /// Longest time without an honest link that the victim dialled.
    dark: Duration,
    /// Fewest honest links that others opened, after the first minute of a life.
    accepted: usize,
}

impl Figures {
    fn worst(self, other: Self) -> Self {
        Self { dark: self.dark.max(other.dark), accepted: self.accepted.min(other.accepted) }
    }
}

/// All but the victim.
struct World {
    cast: Cast,
    networks: Vec<IpAddr>,
    start: Instant,
    /// Dials under way: when they end, and how.
    dials: Vec<(Instant, PeerUrl, bool)>,
    diallers: Vec<Dialler>,
    /// The attacker's links to the victim, by network.
    hostile: BTreeMap<LinkId, usize>,
    last_honest: Instant,
    figures: Figures,
}

impl World {
    fn clock(&self) -> Timestamp {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(1_700_000_000_000 + since)
    }

    /// A second of the victim's life.
    fn second(&mut self, victim: &mut Victim, second: u64, is_attacked: bool) {
        self.dial(victim);
        if second % GOSSIP == 1 {
            self.gossip(victim, is_attacked);
        }
        // It takes every place at once, and tries for more all the time.
        if is_attacked && second.is_multiple_of(LIES) {
            self.lie(victim);
        }
        if is_attacked && second.is_multiple_of(PRESS) {
            self.press_in(victim);
        }
        self.come(victim);
        let now = Instant::now();
        if victim.dialled.values().any(|peer| self.cast.is_honest(peer)) {
            self.last_honest = now;
        }
        self.figures.dark = self.figures.dark.max(now - self.last_honest);
        if second >= MINUTE.as_secs() {
            let honest = self.diallers.iter().filter(|dialler| dialler.link.is_some());
            self.figures.accepted = self.figures.accepted.min(honest.count());
        }
    }

    /// What the victim dials, and how that goes. Honest links end now and then.
    fn dial(&mut self, victim: &mut Victim) {
        let (now, clock) = (Instant::now(), self.clock());
        let lost: Vec<_> =
            victim.dialled.iter().map(|(link, peer)| (*link, peer.clone())).collect();
        for (link, peer) in lost {
            if self.cast.is_honest(&peer) && random().is_multiple_of(600) {
                victim.lost(link, clock, now);
            }
        }
        // What fails at once makes room for another one.
        loop {
            let (over, under_way) =
                std::mem::take(&mut self.dials).into_iter().partition(|dial| dial.0 <= now);
            self.dials = under_way;
            let over: Vec<(Instant, PeerUrl, bool)> = over;
            for (_, peer, is_reached) in &over {
                if *is_reached {
                    victim.reached(peer, clock, now);
                } else {
                    victim.unreached(peer, now);
                }
            }
            let due = victim.due(now);
            if due.is_empty() {
                break;
            }
            for peer in due {
                let (is_reached, takes) = self.cast.dial(&peer, now);
                self.dials.push((now + takes, peer, is_reached));
            }
        }
    }

    fn gossip(&self, victim: &mut Victim, is_attacked: bool) {
        let now = Instant::now();
        for peer in victim.dialled.values().cloned().collect::<BTreeSet<_>>() {
            if self.cast.is_honest(&peer) {
                victim.hear(self.cast.gossip(is_attacked), ip_of(&peer), now);
            }
        }
    }

    /// Each network of the attacker tells of all that it may.
    fn lie(&self, victim: &mut Victim) {
        for network in &self.networks {
            victim.hear(self.cast.lies(), *network, Instant::now());
        }
    }

    /// The attacker opens all links that it can, and uses each as well as can be.
    fn press_in(&mut self, victim: &mut Victim) {
        for (number, network) in self.networks.clone().iter().enumerate() {
            for host in 1..=4 {
                let held = self.hostile.values().filter(|its| **its == number).count();
                if held >= 4 {
                    break;
                }
                let address = SocketAddr::new(at(*network, 100 + host), 40_000);
                let Some(link) = victim.accept(address) else { break };
                self.hostile.insert(link, number);
                self.clear(victim);
                if self.hostile.contains_key(&link) {
                    victim.credit(link);
                }
            }
        }
        self.hostile.keys().for_each(|link| victim.credit(*link));
    }

    /// Honest nodes dial the victim.
    fn come(&mut self, victim: &mut Victim) {
        let now = Instant::now();
        for index in 0..self.diallers.len() {
            let dialler = &mut self.diallers[index];
            if dialler.link.is_some() || dialler.next > now {
                continue;
            }
            match victim.accept(dialler.address) {
                Some(link) => dialler.link = Some((link, now)),
                None => dialler.rest(now),
            }
            self.clear(victim);
        }
    }

    /// The links that had to make room are over.
    fn clear(&mut self, victim: &mut Victim) {
        for link in victim.evicted() {
            self.hostile.remove(&link);
            let its = |dialler: &&mut Dialler| dialler.link.is_some_and(|(its, _)| its == link);
            if let Some(dialler) = self.diallers.iter_mut().find(its) {
                dialler.rest(Instant::now());
            }
        }
    }

    /// An honest node that was never linked dials the victim, and must be let in.
    fn newcomer(&mut self, victim: &mut Victim) {
        let link = victim.accept(NEWCOMER.into()).expect("a new honest node is let in");
        self.clear(victim);
        victim.hangs_up(link);
    }
}

/// One attack from its begin to its end.
async fn attack(number: u64, spread: Spread) -> Figures {
    seed(number);
    let start = Instant::now();
    let mut world = World {
        cast: Cast::new(HONEST, spread),
        networks: networks(spread),
        start,
        dials: Vec::new(),
        diallers: (0..DIALLERS).map(|net| Dialler::new(net, start)).collect(),
        hostile: BTreeMap::new(),
        last_honest: start,
        figures: Figures { dark: Duration::ZERO, accepted: usize::MAX },
    };
    let mut book = Book::default();
    for life in 0..=RESTARTS {
        let now = Instant::now();
        world.cast.new_life(now);
        world.dials.clear();
        world.hostile.clear();
        world.last_honest = now;
        for dialler in &mut world.diallers {
            dialler.rest(now);
        }
        let named = if life == 0 { world.cast.honest[..3].to_vec() } else { Vec::new() };
        let mut victim = Victim::start(std::mem::take(&mut book), &named, now);
        for second in 0..LIFE {
            let is_attacked = life > 0 || second >= ATTACK;
            world.second(&mut victim, second, is_attacked);
            if second == LIFE - 20 {
                world.newcomer(&mut victim);
            }
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        // Each other one is killed.
        book = victim.stop(life % 2 == 0, world.clock());
    }
    world.figures
}

/// The worst of several attacks, none of which may succeed.
async fn attacks(spread: Spread) -> Figures {
    let mut worst: Option<Figures> = None;
    for number in 0..SEEDS {
        let figures = attack(number, spread).await;
        assert!(figures.dark <= MINUTE, "seed {number}: {figures:?}");
        assert!(figures.accepted > 0, "seed {number}: {figures:?}");
        worst = Some(worst.map_or(figures, |worst| worst.worst(figures)));
    }
    worst.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_attacker_in_two_networks_does_not_cut_a_node_off() {
    let worst = attacks(Spread::Two).await;
    println!("{worst:?}");
    assert!(worst.accepted >= 8, "{worst:?}");
}

#[tokio::test(start_paused = true)]
async fn an_attacker_in_24_networks_does_not_cut_a_node_off() {
    let worst = attacks(Spread::All).await;
    println!("{worst:?}");
}
