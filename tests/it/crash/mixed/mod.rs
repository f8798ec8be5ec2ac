//! A node killed over and over while everything happens at once: clients send records to its pool,
//! mine others, read and follow events, and the branches of a peer disconnect its blocks. What it
//! acknowledged is pending or on its main chain, each time, and the same holds for the peer.
//!
//! A few rounds by default; `JENNY_TEST_MIXED_ROUNDS=100` runs the long form.

mod kept;
mod load;

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use jenny_chain::chain::Spec;

use super::rounds::rounds_of;
use crate::process::{Branch, PeerNode, Replay, Running, Settings, until, until_within};
use crate::support::proxy::Cable;
use crate::support::random::Random;
use kept::Kept;
use load::{Client, Signals};

/// Rounds without the variable.
const DEFAULT_ROUNDS: u64 = 3;
/// Clients of each node that send records, and as many that mine.
const CLIENTS: usize = 2;
/// Events that a client takes before it reads again.
const EVENTS: usize = 500;
/// Pause between two requests of a client.
const PACE: Duration = Duration::from_millis(3);
/// Longest that both mine apart and then linked, in milliseconds.
const APART: u64 = 200;
const LINKED: u64 = 400;
/// Blocks by which the peer is ahead before a link that is to cause a reorg, how long that may
/// take at first, and how often it is tried, each time for longer.
const LEAD: u64 = 5;
const TRY: Duration = Duration::from_secs(3);
const MAX_TRIES: u32 = 10;
/// Longest that the victim, and then a client of its events, may take to catch up in the end: after many rounds, of which most end
/// before it did, the peer is tens of thousands of blocks ahead.
const CATCH_UP: Duration = Duration::from_secs(600);

#[test]
fn nothing_acknowledged_is_lost_by_a_node_killed_while_everything_happens() {
    let mut pair = Pair::start();
    rounds_of("JENNY_TEST_MIXED_ROUNDS", DEFAULT_ROUNDS, |round, random| {
        pair.disturb(round, random);
        let (pending, height) = pair.kept.check(&mut pair.victim);
        let (sent, mined) = (pair.kept.sent().len(), pair.kept.mined().len());
        let reorgs = pair.victim.reorgs();
        println!(
            "round {round}: {sent} sent and {mined} mined so far, {pending} pending, height {height}, {reorgs} reorgs"
        );
    });
    pair.finish();
}

/// The node that is killed, a peer that is not, and what they acknowledged.
struct Pair {
    victim: PeerNode,
    peer: PeerNode,
    /// From the one to the other, the only way between them.
    cable: Cable,
    kept: Kept,
    kept_by_peer: Kept,
    replay: Replay,
}

impl Pair {
    fn start() -> Self {
        let genesis = Branch::new(Spec::dev());
        let settings =
            |max_dialled| Settings { max_dialled, mines_pool: true, ..Settings::default() };
        let peer = PeerNode::set_up(&genesis, settings(0));
        let cable = Cable::new();
        cable.lead_to(peer.address());
        Self {
            victim: PeerNode::set_up(&genesis, settings(1)),
            peer,
            cable,
            kept: Kept::default(),
            kept_by_peer: Kept::default(),
            replay: Replay::new(&genesis.hash(0)),
        }
    }

    /// Both take records and mine, apart and then linked, until the victim is killed.
    fn disturb(&mut self, round: u64, random: &mut Random) {
        let Self { victim, peer, cable, kept, kept_by_peer, replay } = self;
        let (victim, peer) = (&*victim, &*peer);
        let signals = Signals::default();
        cable.cut();
        thread::scope(|scope| {
            // Also when an assertion fails: a scope waits for its threads.
            let end = End { victim: victim.process(), signals: &signals };
            let signals = &signals;
            let (node, may_pause) = (victim.process(), true);
            let of_victim = Client { node, kept, pace: PACE, signals, may_pause };
            let (node, may_pause) = (peer.process(), false);
            let of_peer = Client { node, kept: kept_by_peer, pace: PACE, signals, may_pause };
            for number in 0..CLIENTS {
                for (name, client) in [("victim", of_victim), ("peer", of_peer)] {
                    let label = format!("{name} {round} {number}");
                    scope.spawn({
                        let label = label.clone();
                        move || client.send(&label)
                    });
                    scope.spawn(move || client.mine(&label));
                }
            }
            let reader = Client { pace: Duration::ZERO, may_pause: false, ..of_victim };
            let seed = random.next();
            scope.spawn(move || reader.read(&mut Random::new(seed)));
            scope.spawn(|| {
                while replay.read(victim.process(), EVENTS) {
                    thread::park_timeout(PACE);
                }
            });

            thread::sleep(Duration::from_millis(random.within(0, APART)));
            if round == 0 {
                let is_acknowledged = || !kept.sent().is_empty() && !kept.mined().is_empty();
                until("both kinds are acknowledged", is_acknowledged);
            }
            if round == 0 || random.below(2) == 0 {
                // Whatever the machine's load: it is killed soon after a reorg.
                disconnect_some(victim, peer, cable, signals);
                thread::sleep(random.delay(Duration::from_millis(50)));
            } else {
                link(victim, cable);
                thread::sleep(Duration::from_millis(random.within(0, LINKED)));
            }
            drop(end);
        });
        cable.cut();
    }

    /// Both agree in the end, and both have what they acknowledged.
    fn finish(mut self) {
        link(&self.victim, &self.cable);
        until_within(CATCH_UP, "one tip", || {
            let [ours, its] = [&self.victim, &self.peer].map(|node| node.status()["tip"].take());
            if ours["hash"] != its["hash"] && ours["totalWork"] == its["totalWork"] {
                // Between branches of equal work the next block decides.
                self.peer.mine("the next block");
            }
            ours["hash"] == its["hash"]
        });
        // What is pending is still being mined.
        until_within(CATCH_UP, "the client of events has the tip", || {
            assert!(self.replay.read(self.victim.process(), usize::MAX));
            self.replay.hashes.last() == Some(&self.victim.tip())
        });
        self.kept.check(&mut self.victim);
        self.kept_by_peer.check(&mut self.peer);
        assert!(!self.kept.sent().is_empty() && !self.kept.mined().is_empty());
        self.victim.stop_and_verify();
        self.peer.stop_and_verify();
    }
}

/// Links both, and returns once the victim had a reorg.
fn disconnect_some(victim: &PeerNode, peer: &PeerNode, cable: &Cable, signals: &Signals) {
    let reorgs = victim.reorgs();
    for number in 1..=MAX_TRIES {
        signals.pause.store(true, Ordering::Relaxed);
        until("the peer is ahead", || {
            peer.mine("ahead");
            peer.height() > victim.height() + LEAD
        });
        link(victim, cable);
        signals.pause.store(false, Ordering::Relaxed);
        let started = Instant::now();
        while started.elapsed() < TRY * number {
            if victim.reorgs() > reorgs {
                return;
            }
            thread::park_timeout(Duration::from_millis(2));
        }
        // The victim was faster.
        cable.cut();
    }
    panic!("no reorg:\n{}\n{}\n{}", victim.status(), peer.status(), victim.process().log());
}

/// Restores the cable.
fn link(victim: &PeerNode, cable: &Cable) {
    cable.restore();
    // An answer that there is no link yet is fine: the node goes on dialling.
    let _ = victim.dial(&cable.url());
}

/// Kills the victim and ends all clients when it is dropped.
struct End<'a> {
    victim: &'a Running,
    signals: &'a Signals,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.victim.kill();
        self.signals.stop.store(true, Ordering::Relaxed);
    }
}
