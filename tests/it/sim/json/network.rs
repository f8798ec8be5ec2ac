//! What nodes make of what reaches them.

use std::collections::BTreeMap;
use std::ops::Range;

use jenny_chain::chain::Timestamp;
use jenny_chain::sync::{JsonInput, JsonOutgoing, SyncMachine};

use super::blocks::Tree;
use super::driver::Doing;
use super::node::{Kind, Message, Node};
use crate::sim::clock::{Alarm, MILLI, Micros, SECOND};
use crate::sim::network::{Dialect, Socket};

pub(super) type Network = crate::sim::network::Network<Json>;

/// Nothing in the JSON dialect depends on it.
pub(super) const CLOCK: Timestamp = Timestamp::from_millis(0);
/// Messages are counted by the minute.
const MINUTE: Micros = 60 * SECOND;
/// A machine wakes at least as often.
const MAX_SLEEP: Micros = 30 * SECOND;

/// The JSON dialect, and what is kept for all nodes.
#[derive(Default)]
pub(super) struct Json {
    pub(super) tree: Tree,
    pub(super) counts: Counts,
    /// What our node sent lately, by edge and end.
    minutes: BTreeMap<(usize, usize), Minute>,
}

/// What was sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Counts {
    pub(super) blocks: u64,
    pub(super) asks: u64,
    pub(super) chains: u64,
    pub(super) closed: u64,
    /// The most messages other than the blocks of ranges that one of our nodes sent on one
    /// link in one minute.
    pub(super) max_a_link: u64,
    /// The most whole chains that one of our nodes sent on one link in one minute.
    pub(super) max_chains_a_link: u64,
}

/// What our node sent on a link in a minute: other than blocks of ranges, and whole chains.
#[derive(Default)]
struct Minute {
    number: u64,
    all: u64,
    chains: u64,
}

/// The tip of a node is about to be told to its machine.
pub(super) struct TellTip {
    node: usize,
}

impl Dialect for Json {
    type Node = Node;
    type Frame = Message;
    type Event = TellTip;
    type Outgoing = JsonOutgoing;
    type Doing = Doing;
    type Seen = ();

    const LATENCY: Range<Micros> = 100..80_000;
    const BUFFER: u64 = 256 << 10;

    fn machine(node: &mut Node) -> Option<(&mut SyncMachine, &mut Alarm)> {
        match &mut node.kind {
            Kind::Ours(ours) => Some((&mut ours.machine, &mut ours.alarm)),
            Kind::Seed(_) => None,
        }
    }
}

impl Network {
    /// A node finds a block on its tip.
    pub(super) fn mine(&mut self, node: usize) {
        let work = self.random.within(1, 4);
        let block = self.world.tree.mine(self.nodes[node].tip(), work);
        self.nodes[node].chain.push(block);
        match &mut self.nodes[node].kind {
            Kind::Ours(ours) => {
                ours.source = None;
                self.tell_tip_soon(node);
            }
            Kind::Seed(_) => self.broadcast(node, Message::Ask),
        }
    }

    pub(super) fn seed_hears(&mut self, socket: Socket, message: Message) {
        let node = self.node_at(socket);
        let said = self.nodes[node].seed_hears(&self.world.tree, message);
        if let Some(answer) = said.answer {
            self.transmit(socket, answer);
        }
        if let Some(chain) = said.broadcast {
            self.broadcast(node, chain);
        }
    }

    pub(super) fn ours_hears(&mut self, socket: Socket, message: Message) {
        let node = self.node_at(socket);
        let before = self.nodes[node].tip();
        let input = self.nodes[node].judge(&self.world.tree, socket.id(), message);
        let after = self.nodes[node].tip();
        if before != after {
            let (before, after) = (self.world.tree.work(before), self.world.tree.work(after));
            assert!(before < after, "{}: the tip's work fell", self.context());
            self.tell_tip_soon(node);
        }
        self.tell(node, (socket.id(), input));
    }

    /// The tip is published a little after it moved, several moves at once.
    fn tell_tip_soon(&mut self, node: usize) {
        let delay = self.random.within(0, 3 * MILLI);
        let Kind::Ours(ours) = &mut self.nodes[node].kind else { return };
        if !std::mem::replace(&mut ours.is_telling, true) {
            self.after(delay, TellTip { node });
        }
    }

    pub(super) fn tell_tip(&mut self, TellTip { node }: TellTip) {
        let input = self.nodes[node].tip_input(&self.world.tree);
        self.tell(node, input);
    }

    pub(super) fn greet(&mut self, socket: Socket) {
        let [node, peer] = [self.node_at(socket), self.peer_at(socket)];
        if self.nodes[node].is_ours() {
            let jenny = self.nodes[peer].is_ours() || socket.epoch.is_multiple_of(2);
            self.tell(node, (socket.id(), JsonInput::Opened { jenny }));
        } else {
            self.transmit(socket, Message::Ask);
        }
    }

    /// The machine wakes in time.
    pub(super) fn check_sleep(&mut self, node: usize) {
        let now = self.clock.time();
        let Some((machine, _)) = Json::machine(&mut self.nodes[node]) else { return };
        let Some(due) = machine.deadline() else { return };
        let sleep = due.0.saturating_sub(now.0).as_micros();
        assert!(
            sleep <= u128::from(MAX_SLEEP),
            "{}: a machine sleeps for {sleep} us",
            self.context()
        );
    }

    fn broadcast(&mut self, node: usize, message: Message) {
        for socket in self.sockets(node) {
            self.transmit(socket, message);
        }
    }

    /// Sends what is not one of a range's blocks. Returns when the socket took it.
    pub(super) fn transmit(&mut self, socket: Socket, message: Message) -> Micros {
        if self.nodes[self.node_at(socket)].is_ours() {
            let number = self.clock.now / MINUTE;
            let minute = self.world.minutes.entry((socket.edge, socket.end)).or_default();
            if minute.number != number {
                *minute = Minute { number, ..Minute::default() };
            }
            minute.all += 1;
            minute.chains += u64::from(matches!(message, Message::Whole(_)));
            let counts = &mut self.world.counts;
            counts.max_a_link = counts.max_a_link.max(minute.all);
            counts.max_chains_a_link = counts.max_chains_a_link.max(minute.chains);
        }
        self.hand_over(socket, message)
    }

    /// Hands a message to the socket. Returns when the socket took it.
    pub(super) fn hand_over(&mut self, socket: Socket, message: Message) -> Micros {
        if self.nodes[self.node_at(socket)].is_ours() {
            match message {
                Message::Ask => self.world.counts.asks += 1,
                Message::Whole(_) => self.world.counts.chains += 1,
                Message::One(_) => self.world.counts.blocks += 1,
            }
        }
        self.send(socket, message, message.bytes(&self.world.tree))
    }
}
