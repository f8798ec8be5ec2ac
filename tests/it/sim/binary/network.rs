//! What is kept for all nodes, and what these are told of.

use std::ops::Range;

use jenny_chain::sync::message::Message;
use jenny_chain::sync::{BinaryInput, BinaryOutgoing, Origin, SyncMachine};

use super::arena::{Arena, Id};
use super::driver::Doing;
use super::event::{Event, Frame};
use super::node::{Actor, Honest, Node};
use super::report::{Report, bytes_of};
use super::script::{Kind, Script};
use super::store::Store;
use crate::sim::clock::{Alarm, MILLI, Micros};
use crate::sim::network::{Dialect, Socket};

pub(super) type Network = crate::sim::network::Network<Binary>;

/// One of this many messages is encoded and read back, as a sample.
const ENCODED_EVERY: u64 = 1_024;

/// The binary dialect, and what is kept for all nodes.
#[derive(Default)]
pub(super) struct Binary {
    pub(super) arena: Arena,
    pub(super) report: Report,
    /// Whether scripts mine no more: the nodes are to agree.
    pub(super) is_calm: bool,
    /// Whether disks refuse and forget now and then.
    pub(super) has_bad_disks: bool,
    /// What scripts flood with.
    pub(super) flood: Vec<jenny_chain::chain::Header>,
}

/// What was said on an end, to hold the machine to the dialect.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) said_hello: bool,
    pub(super) got_hello: bool,
    pub(super) is_ready: bool,
    /// Requests for bodies that are not answered in full.
    pub(super) requests: Vec<Request>,
    pub(super) last_request: Option<u64>,
    /// What the machine told the operator.
    pub(super) notes: Vec<&'static str>,
}

pub(super) struct Request {
    pub(super) number: u64,
    pub(super) left: u32,
}

impl Dialect for Binary {
    type Node = Node;
    type Frame = Frame;
    type Event = Event;
    type Outgoing = BinaryOutgoing;
    type Doing = Doing;
    type Seen = Seen;

    const LATENCY: Range<Micros> = 5 * MILLI..80 * MILLI;
    const BUFFER: u64 = 0;

    fn machine(node: &mut Node) -> Option<(&mut SyncMachine, &mut Alarm)> {
        match &mut node.actor {
            Actor::Honest(honest) => Some((&mut honest.machine, &mut honest.alarm)),
            Actor::Script(_) => None,
        }
    }
}

impl Network {
    /// Adds one of our nodes.
    pub(super) fn add_honest(&mut self, chain: Vec<Id>) -> usize {
        let store = Store::new(chain);
        let honest = Honest::new(&self.world.arena, &store, self.random.next());
        self.add_actor(Actor::Honest(Box::new(honest)), store)
    }

    /// Adds one that means ill.
    pub(super) fn add_script(&mut self, kind: Kind, chain: Vec<Id>) -> usize {
        let script = Script::new(kind);
        let node = self.add_actor(Actor::Script(Box::new(script)), Store::new(chain));
        self.act_later(node);
        node
    }

    fn add_actor(&mut self, actor: Actor, store: Store) -> usize {
        let skew = self.random.within(0, 4_000);
        self.add(Node::new(actor, store, skew))
    }

    pub(super) fn greet(&mut self, socket: Socket) {
        let node = self.node_at(socket);
        if self.nodes[node].is_honest() {
            let (link, dialled) = (socket.id(), socket.end == 0);
            let origin = Origin(self.peer_at(socket) as u128);
            self.tell(node, BinaryInput::Opened { link, dialled, origin });
        } else {
            self.script_opens(socket);
        }
    }

    pub(super) fn hear(&mut self, socket: Socket, frame: Frame) {
        let node = self.node_at(socket);
        if !self.nodes[node].is_honest() {
            if let Frame::Message(message) = frame {
                self.script_hears(socket, message);
            }
            return;
        }
        let link = socket.id();
        let input = match frame {
            Frame::Garbage => BinaryInput::Undecodable { link, reason: "this is no message" },
            Frame::Message(message) => {
                self.note_arrival(socket, &message);
                BinaryInput::Message { link, message }
            }
        };
        self.tell(node, input);
    }

    /// Hands a message to the socket. Returns when the socket took it.
    pub(super) fn transmit(&mut self, socket: Socket, message: Message) -> Micros {
        let kind = self.world.report.count(&message);
        self.note(kind, 3);
        if self.world.report.sent().is_multiple_of(ENCODED_EVERY) {
            let frame = message.encode().unwrap();
            assert_eq!(Message::decode(&frame).as_ref(), Ok(&message), "{}", self.context());
        }
        let bytes = bytes_of(&message);
        self.send(socket, Frame::Message(message), bytes)
    }
}
