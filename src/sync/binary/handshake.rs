//! Who is on a link: `Hello`, links to oneself, and two links to one node.

use super::limits::{CLOCK_MILLIS, HELLO_WITHIN, VERSIONS, YOUNG};
use super::{BinarySync, Claim, Peer};
use crate::chain::Height;
use crate::sync::message::{Hello, Message, RELAYS_RECORDS};
use crate::sync::step::Step;
use crate::sync::{FOREIGN_GENESIS, LinkId, Note, Output, Redial, Time};

const NO_VERSION: &str = "no version of the dialect that both speak";
const NO_HELLO: &str = "no Hello within 5 s";

impl BinarySync {
    pub(super) fn open(&mut self, step: &mut Step<'_>, mut peer: Peer) {
        let link = peer.id;
        self.forget(link);
        // Hello says as much as an announcement.
        peer.knows = Some(self.tip.hash);
        self.peers.insert(link, peer);
        let (lowest, highest) = VERSIONS;
        let hello = Hello {
            lowest,
            highest,
            capabilities: if self.relay.is_on() { RELAYS_RECORDS } else { 0 },
            genesis: self.genesis,
            nonce: self.config.nonce,
            agent: self.config.agent.clone(),
            listen: self.config.listen.clone(),
            height: self.tip.height,
            work: self.work,
            time: step.clock,
        };
        step.send(link, Message::Hello(hello));
    }

    pub(super) fn on_hello(&mut self, step: &mut Step<'_>, link: LinkId, hello: Hello) {
        if hello.genesis != self.genesis {
            self.close(step, link, 1008, FOREIGN_GENESIS, Redial::OtherChain);
            return;
        }
        let (lowest, highest) = VERSIONS;
        if hello.lowest > highest || hello.highest < lowest {
            self.close(step, link, 1002, NO_VERSION, Redial::Longest);
            return;
        }
        if hello.nonce == self.config.nonce {
            step.out.push(Output::Duplicate { link, of: None });
            self.forget(link);
            return;
        }
        if !self.settle_twins(step, link, hello.nonce) {
            return;
        }
        let is_level = hello.work == self.work && self.tip.height > Height::GENESIS;
        let peer = self.peer(link);
        peer.nonce = Some(hello.nonce);
        peer.height = hello.height;
        peer.claim = Claim::Work(hello.work);
        if is_level {
            // Its tip may be another one, which neither would see: each is told of the other's.
            peer.knows = None;
        }
        peer.ask_addresses = step.now;
        if hello.capabilities & RELAYS_RECORDS != 0 {
            self.relay.on_able(step, link);
        }
        let Hello { agent, listen, height, time, .. } = hello;
        step.out.push(Output::HandshakeDone { link, agent, listen, height });
        let apart = step.clock.millis_since(time).max(time.millis_since(step.clock));
        if apart > CLOCK_MILLIS {
            self.tell(step, link, Note::Clock { millis: apart });
        }
        // The tip may be another one than our Hello told of.
        self.is_untold = true;
    }

    /// Settles which links to one node stay when one more says its nonce; returns whether that one
    /// does, at least for now.
    ///
    /// An end closes only a link that it accepted. A link that it dialled is left to the other
    /// end, which accepted it and decides alike: so exactly one end closes the link that goes, and
    /// nobody displaces a peer that we dialled by a nonce that it claims. One accepted link is
    /// kept beside the dialled one at most.
    fn settle_twins(&mut self, step: &mut Step<'_>, link: LinkId, theirs: u64) -> bool {
        let twins = self.twins(link, theirs);
        let settled: Vec<_> =
            twins.into_iter().map(|twin| self.settle(step.now, twin, link, theirs)).collect();
        if let Some(&(stays, _)) = settled.iter().find(|(_, goes)| *goes == link) {
            if self.is_dialled(link) {
                step.out.push(Output::Twin { link, of: stays });
                return true;
            }
            step.out.push(Output::Duplicate { link, of: Some(stays) });
            self.forget(link);
            return false;
        }
        for (_, goes) in settled {
            if self.is_dialled(goes) {
                step.out.push(Output::Twin { link: goes, of: link });
            } else {
                step.out.push(Output::Duplicate { link: goes, of: Some(link) });
                self.forget(goes);
            }
        }
        true
    }

    /// Other links to the same node. Anybody can say the nonce of a node that it has linked to,
    /// but not from that node's address.
    fn twins(&self, link: LinkId, nonce: u64) -> Vec<LinkId> {
        let Some(origin) = self.peers.get(&link).map(|peer| peer.origin) else {
            return Vec::new();
        };
        let is_twin = |peer: &&Peer| peer.nonce == Some(nonce) && peer.origin == origin;
        self.peers.values().filter(is_twin).map(|twin| twin.id).collect()
    }

    /// Of two links to one node, which stays and which goes. Both ends decide alike.
    fn settle(&self, now: Time, old: LinkId, new: LinkId, theirs: u64) -> (LinkId, LinkId) {
        let is_young =
            |link: &LinkId| self.peers.get(link).is_some_and(|peer| now < peer.opened.plus(YOUNG));
        if !is_young(&old) {
            return (old, new);
        }
        // The one that the larger nonce dialled stays.
        let ours_wins = self.config.nonce > theirs;
        match (self.is_dialled(old) == ours_wins, self.is_dialled(new) == ours_wins) {
            (false, true) => (new, old),
            _ => (old, new),
        }
    }

    fn is_dialled(&self, link: LinkId) -> bool {
        self.peers.get(&link).is_some_and(|peer| peer.dialled)
    }

    /// Closes links that do not say who they are.
    pub(super) fn close_unready(&mut self, step: &mut Step<'_>) {
        let is_late = |peer: &&Peer| !peer.is_ready() && peer.opened.plus(HELLO_WITHIN) <= step.now;
        let late: Vec<_> = self.peers.values().filter(is_late).map(|peer| peer.id).collect();
        for link in late {
            self.close(step, link, 1002, NO_HELLO, Redial::Normal);
        }
    }
}
