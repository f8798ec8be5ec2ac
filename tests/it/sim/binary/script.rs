//! Nodes that mean ill: they speak the dialect's messages, but not as it is meant.

use jenny_chain::chain::Work;
use jenny_chain::sync::message::{Hello, Message};

use super::arena::{GENESIS, Id};
use super::event::{Event, Frame};
use super::network::Network;
use super::node::Actor;
use crate::sim::clock::SECOND;
use crate::sim::network::Socket;

/// What a script does wrong.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    /// Other records than the header commits to.
    WrongBodies,
    /// Bytes that are no records.
    TornBodies,
    /// Bodies of the right range in another order.
    Reorders,
    /// Every answer twice.
    Repeats,
    /// Headers without end, of little work.
    Floods,
    /// Says Hello and then nothing.
    Silent,
    /// Responds for this many blocks, and then no more.
    Quits(u64),
    /// One body in a second.
    Dribbles,
    /// Names a branch that has really more work, and never gives its bodies.
    Withholds,
    /// Never has the bodies that it has headers of.
    NotFound,
    /// Claims far more work and height than it has.
    Boasts,
    /// Bodies and headers that nobody asked for.
    Unasked,
    /// Frames that are no messages.
    Garbage,
    /// Names blocks that are too far in the future, and gives them when that has come.
    Future,
    /// Headers that break a rule.
    BadHeaders,
    /// Asks for everything, and for what cannot be.
    Asks,
    /// Comes and goes.
    Flaps,
    /// Responds to everything just before it would be late, bodies one by one.
    SlowInTime,
    /// Has a branch of little work, shows it at once, and gives its bodies one by one.
    CheapBranch,
    /// Claims far more than it has, and gives one header at a time just before it would be late.
    ClaimAndDrip,
    /// Bodies that say to have more records than all memory for bodies can hold.
    LyingCount,
}

impl Kind {
    /// One of each, with how many of a hundred scripts are of it.
    pub(super) const ALL: [Self; 17] = [
        Self::WrongBodies,
        Self::TornBodies,
        Self::Reorders,
        Self::Repeats,
        Self::Floods,
        Self::Silent,
        Self::Quits(40),
        Self::Dribbles,
        Self::Withholds,
        Self::NotFound,
        Self::Boasts,
        Self::Unasked,
        Self::Garbage,
        Self::Future,
        Self::BadHeaders,
        Self::Asks,
        Self::Flaps,
    ];

    /// What keeps a node from its one honest link.
    pub(super) const SIEGE: [Self; 4] =
        [Self::SlowInTime, Self::CheapBranch, Self::ClaimAndDrip, Self::LyingCount];

    /// What is surely and soon seen to be a fault.
    pub(super) const PROVABLE: [Self; 5] =
        [Self::WrongBodies, Self::TornBodies, Self::Unasked, Self::Garbage, Self::BadHeaders];

    /// What no honest node may be told from by this dialect.
    pub(super) const NO_FAULT: [Self; 8] = [
        Self::Floods,
        Self::Silent,
        Self::Quits(40),
        Self::Dribbles,
        Self::Withholds,
        Self::NotFound,
        Self::Boasts,
        Self::Future,
    ];
}

pub(super) struct Script {
    pub(super) kind: Kind,
    /// Blocks that it sent.
    pub(super) served: u64,
    /// The last block of its own branch, as long as nobody holds that.
    pub(super) secret: Option<Id>,
    nonce: u64,
}

impl Script {
    pub(super) const fn new(kind: Kind) -> Self {
        Self { kind, served: 0, secret: None, nonce: 0 }
    }
}

impl Network {
    pub(super) fn script(&mut self, node: usize) -> &mut Script {
        match &mut self.nodes[node].actor {
            Actor::Script(script) => script,
            Actor::Honest(_) => panic!("node {node} is one of ours"),
        }
    }

    pub(super) fn act_later(&mut self, node: usize) {
        let pause = self.random.within(5 * SECOND, 30 * SECOND);
        let life = self.hosts[node].life;
        self.after(pause, Event::Act { node, life });
    }

    pub(super) fn script_opens(&mut self, socket: Socket) {
        let node = self.node_at(socket);
        let tip = self.nodes[node].store.tip();
        let id = self.world.arena.id_of(tip);
        let (kind, nonce) = (self.script(node).kind, self.random.next());
        let script = self.script(node);
        if script.nonce == 0 {
            script.nonce = nonce;
        }
        let nonce = script.nonce;
        let has_claim =
            matches!(kind, Kind::Boasts | Kind::Floods | Kind::Silent | Kind::ClaimAndDrip);
        let (height, work) = if has_claim {
            let mut bytes = [0; 32];
            bytes[8] = 1;
            (id.height.ahead(1 << 40), Work::from_bytes(bytes))
        } else {
            (id.height, self.world.arena.work(tip))
        };
        let hello = Hello {
            lowest: 1,
            highest: 1,
            capabilities: 0,
            genesis: self.world.arena.id_of(GENESIS).hash,
            nonce,
            agent: "script/1".to_owned(),
            listen: None,
            height,
            work,
            time: self.nodes[node].clock(self.clock.now),
        };
        self.transmit(socket, Message::Hello(hello));
        if kind == Kind::ClaimAndDrip {
            self.announce_high(socket);
        }
    }

    /// A script hears at once of every block that is named to it: it need not fetch.
    fn follow(&mut self, node: usize, id: Option<Id>) {
        let Some(id) = id else { return };
        if self.script(node).kind == Kind::CheapBranch {
            return;
        }
        let moved = self.nodes[node].store.adopt(&self.world.arena, id);
        let kind = self.script(node).kind;
        if moved.fresh.is_empty() || matches!(kind, Kind::Silent | Kind::Future | Kind::Flaps) {
            return;
        }
        let header = *self.world.arena.header(id);
        for socket in self.sockets(node) {
            self.transmit(socket, Message::Announce(header));
        }
    }

    pub(super) fn script_hears(&mut self, socket: Socket, message: Message) {
        let node = self.node_at(socket);
        match message {
            Message::Announce(header) => {
                let id = self.world.arena.id(&header.hash());
                self.follow(node, id);
            }
            Message::Headers(headers) => {
                let id = headers.last().and_then(|header| self.world.arena.id(&header.hash()));
                self.follow(node, id);
            }
            Message::GetHeaders { locator, stop } => {
                self.script_serves_headers(socket, &locator, stop);
            }
            Message::GetBlocks { request, first, count, last } => {
                let height = first.ahead(u64::from(count) - 1);
                let id = jenny_chain::chain::BlockId { height, hash: last };
                self.script_serves_blocks(socket, request, first.get(), id);
            }
            Message::GetPeers => {
                self.transmit(socket, Message::Peers(Vec::new()));
            }
            Message::Hello(_)
            | Message::Blocks { .. }
            | Message::NotFound { .. }
            | Message::Peers(_)
            | Message::RecordIds(_)
            | Message::GetRecords(_)
            | Message::Records(_) => (),
        }
    }

    /// A script does something of its own accord.
    pub(super) fn script_acts(&mut self, node: usize) {
        self.act_later(node);
        let tip = self.nodes[node].store.tip();
        match self.script(node).kind {
            Kind::Garbage => {
                for socket in self.sockets(node) {
                    self.send(socket, Frame::Garbage, 100);
                }
            }
            Kind::Flaps => {
                for socket in self.sockets(node) {
                    self.hang_up(socket);
                }
            }
            Kind::Unasked => {
                for socket in self.sockets(node) {
                    let bodies = vec![self.world.arena.body(tip).clone()];
                    let message = match self.random.below(3) {
                        0 => Message::Blocks { request: 1 << 50, bodies },
                        1 => Message::Headers(vec![*self.world.arena.header(tip)]),
                        _ => Message::NotFound { request: 1 << 50 },
                    };
                    self.transmit(socket, message);
                }
            }
            Kind::Asks => {
                for socket in self.sockets(node) {
                    self.ask_for_everything(socket, tip);
                }
            }
            Kind::Withholds => self.extend_secret(node),
            Kind::Future => self.mine_ahead(node),
            _ => (),
        }
    }

    fn ask_for_everything(&mut self, socket: Socket, tip: Id) {
        let id = self.world.arena.id_of(tip);
        let ask = |request, first, count, last| Message::GetBlocks { request, first, count, last };
        for request in 0..4 {
            let messages = [
                Message::GetHeaders { locator: Vec::new(), stop: None },
                Message::GetHeaders {
                    locator: vec![(id.height.ahead(1 << 60), id.hash)],
                    stop: Some(id.hash),
                },
                ask(request, id.height, 1, id.hash),
                ask(request, id.height.back(90), 91, id.hash),
                ask(request, id.height, 0, id.hash),
                ask(request, id.height.ahead(u64::MAX), u32::MAX, id.hash),
                Message::GetPeers,
            ];
            let index = self.random.below(messages.len());
            for message in messages.into_iter().take(index) {
                self.transmit(socket, message);
            }
        }
    }
}
