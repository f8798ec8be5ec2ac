//! Three nodes in a ring of cables, what two of them acknowledged, and where it went.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jenny_chain::chain::Spec;

use super::Account;
use crate::process::{Branch, PeerNode};
use crate::support::proxy::Cable;
use crate::support::random::Random;

/// How many of the nodes mine. The others are killed.
const MINERS: usize = 2;

pub(super) struct Trio {
    nodes: Vec<PeerNode>,
    /// Cable i leads from node i to node i + 1, and the last one back to the first.
    cables: Vec<Cable>,
    account: Account,
    kills: usize,
    cuts: usize,
}

impl Trio {
    /// Three nodes that know nothing but genesis and each the next.
    pub(super) fn start() -> Self {
        let cables: Vec<_> = (0..3).map(|_| Cable::new()).collect();
        let genesis = Branch::new(Spec::dev());
        // Each through its cable, and not past it to what it hears of.
        let nodes: Vec<_> = (0..3).map(|_| PeerNode::that_dials_one(&genesis)).collect();
        for (node, cable) in nodes.iter().cycle().skip(1).zip(&cables) {
            cable.lead_to(node.address());
        }
        Self { nodes, cables, account: Account::default(), kills: 0, cuts: 0 }
    }

    /// Two mine while cables are cut and restored and the third node is killed and restarted.
    pub(super) fn disturb(&mut self, random: &mut Random) {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (miners, victim) = self.nodes.split_at_mut(MINERS);
            for (miner, node) in miners.iter().enumerate() {
                let (stop, account) = (&stop, &self.account);
                scope.spawn(move || account.mine_until(stop, miner, node));
            }
            for _ in 0..4 {
                let cable = &self.cables[usize::try_from(random.within(0, 3)).unwrap()];
                cable.cut();
                self.cuts += 1;
                std::thread::sleep(random.delay(Duration::from_millis(400)));
                if random.within(0, 2) == 0 {
                    cable.restore();
                }
                if random.within(0, 2) == 0 {
                    victim[0].kill_and_restart();
                    self.cables[1].lead_to(victim[0].address());
                    self.kills += 1;
                }
                std::thread::sleep(random.delay(Duration::from_millis(400)));
            }
            stop.store(true, Ordering::Relaxed);
        });
    }

    /// Joins them again; they must agree in the end.
    pub(super) fn converge(&self) {
        for cable in &self.cables {
            cable.restore();
        }
        for (node, cable) in self.nodes.iter().zip(&self.cables) {
            // An operator who repaired a cable need not wait for the next dial. An answer that
            // there is no link yet is fine: the node goes on dialling.
            let _ = node.dial(&cable.url());
        }
        self.account.settle(&self.nodes);
    }

    /// Holds what was acknowledged against the chain; tells how it went so far.
    pub(super) fn check(&self) -> String {
        let (acknowledged, disconnected) = self.account.check(&self.nodes);
        format!(
            "{acknowledged} blocks acknowledged, {disconnected} of them disconnected and named; {} cuts, {} kills, height {}",
            self.cuts,
            self.kills,
            self.nodes[0].height()
        )
    }

    pub(super) fn stop_and_verify(self) {
        for node in self.nodes {
            node.stop_and_verify();
        }
    }
}
