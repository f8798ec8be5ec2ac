//! Nodes, links between them, and the loop that lets things happen: the same for both dialects.

mod link;
mod transport;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::Range;
use std::time::Duration;

use jenny_chain::chain::Timestamp;
use jenny_chain::sync::{Input, LinkId, Output, SyncMachine};

use super::clock::{Alarm, Clock, Micros, SECOND};
use super::trace::Trace;
use crate::support::random::Random;
pub(super) use link::{Edge, End, Same, Socket};

/// What the nodes of a network speak: by type, what is kept for all of them.
pub(super) trait Dialect: Default {
    type Node;
    /// What goes over a link.
    type Frame: Clone + Debug;
    /// What happens to a node beside its links.
    type Event;
    /// What an output sends.
    type Outgoing: Debug;
    /// What takes a driver time.
    type Doing;
    /// What is noted of an end while it is open.
    type Seen: Default;

    /// Of links.
    const LATENCY: Range<Micros>;
    /// Bytes that a socket takes while its link loses everything.
    const BUFFER: u64;

    /// The machine of a node that has one, and when it is woken next.
    fn machine(node: &mut Self::Node) -> Option<(&mut SyncMachine, &mut Alarm)>;
}

/// What the nodes make of what happens.
pub(super) trait Driver<D: Dialect> {
    /// What a node's clock shows.
    fn clock_of(&self, node: usize) -> Timestamp;

    /// Checks a node whose machine was told something.
    fn check(&mut self, node: usize);

    /// Does what a node's machine says.
    fn perform(&mut self, node: usize, output: Output);

    /// Sends what is next on its link.
    fn start(&mut self, socket: Socket, what: D::Outgoing);

    /// The socket took what was handed to it.
    fn go_on(&mut self, socket: Socket, doing: D::Doing);

    /// An end of a link was opened.
    fn opened(&mut self, socket: Socket);

    /// A frame reached an end that is open.
    fn arrive(&mut self, socket: Socket, frame: D::Frame);

    /// Something happened beside the links.
    fn happen(&mut self, event: D::Event);
}

pub(super) struct Network<D: Dialect> {
    pub(super) seed: u64,
    pub(super) nodes: Vec<D::Node>,
    /// The nodes by what others see of them.
    pub(super) hosts: Vec<Host>,
    pub(super) edges: Vec<Edge<D>>,
    pub(super) clock: Clock<Event<D>>,
    pub(super) random: Random,
    pub(super) trace: Trace<D::Frame>,
    /// The side of each node, while the network is in two halves.
    pub(super) halves: Option<Vec<bool>>,
    pub(super) world: D,
    /// Kept from one call to the next: most calls ask for nothing.
    outputs: Vec<Output>,
}

/// A node as the network knows it.
pub(super) struct Host {
    pub(super) is_online: bool,
    /// How often it was started.
    pub(super) life: u32,
    /// Its ends: an edge, and which end of it.
    ends: Vec<(usize, usize)>,
    /// Nodes whose address it takes no links with.
    pub(super) banned: BTreeSet<usize>,
}

pub(super) enum Event<D: Dialect> {
    /// The dialling end tries.
    Dial { edge: usize },
    /// The socket is ready at one end.
    Open(Socket),
    /// A frame reaches this end.
    Arrive(Socket, Box<D::Frame>),
    /// This end learns that the link is gone.
    Gone(Socket),
    /// The socket took what was handed to it.
    Took(Socket),
    /// The machine's deadline.
    Wake { node: usize },
    /// Something of the dialect.
    Other(D::Event),
}

impl<D: Dialect> Network<D> {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            nodes: Vec::new(),
            hosts: Vec::new(),
            edges: Vec::new(),
            clock: Clock::new(),
            random: Random::new(seed),
            trace: Trace::new(seed),
            halves: None,
            world: D::default(),
            outputs: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, node: D::Node) -> usize {
        self.nodes.push(node);
        let (ends, banned) = (Vec::new(), BTreeSet::new());
        self.hosts.push(Host { is_online: true, life: 0, ends, banned });
        self.nodes.len() - 1
    }

    /// Makes a link, to be dialled by the first of the two within a second.
    pub(super) fn link(&mut self, nodes: [usize; 2]) -> usize {
        let latency = self.random.within(D::LATENCY.start, D::LATENCY.end);
        let rate = self.random.within(1_000, 20_000);
        let is_wanted = self.random.below(4) == 0;
        let edge = self.edges.len();
        self.edges.push(Edge::new(nodes, latency, rate, is_wanted));
        for (end, node) in nodes.into_iter().enumerate() {
            self.hosts[node].ends.push((edge, end));
        }
        let pause = self.random.within(0, SECOND);
        self.dial_after(edge, pause);
        edge
    }

    /// Schedules something of the dialect for some time from now.
    pub(super) fn after(&mut self, delay: Micros, event: D::Event) {
        self.clock.after(delay, Event::Other(event));
    }

    /// A node is there again; it dials within a second.
    pub(super) fn start_host(&mut self, node: usize) {
        self.hosts[node].is_online = true;
        self.hosts[node].life += 1;
        for (edge, end) in self.hosts[node].ends.clone() {
            if end == 0 {
                self.dial_after(edge, SECOND);
            }
        }
    }

    pub(super) fn is_alive(&self, node: usize, life: u32) -> bool {
        self.hosts[node].is_online && self.hosts[node].life == life
    }

    pub(super) fn is_open(&self, socket: Socket) -> bool {
        self.edges[socket.edge].ends[socket.end].epoch == Some(socket.epoch)
    }

    pub(super) fn end(&mut self, socket: Socket) -> &mut End<D> {
        &mut self.edges[socket.edge].ends[socket.end]
    }

    pub(super) fn node_at(&self, socket: Socket) -> usize {
        self.edges[socket.edge].nodes[socket.end]
    }

    /// The node at the other end.
    pub(super) fn peer_at(&self, socket: Socket) -> usize {
        self.edges[socket.edge].nodes[1 - socket.end]
    }

    /// The open ends of a node.
    pub(super) fn sockets(&self, node: usize) -> Vec<Socket> {
        let ends = self.hosts[node].ends.iter();
        ends.filter_map(|&(edge, end)| self.edges[edge].socket(edge, end)).collect()
    }

    /// The end that an output is for, which must be open and the node's own.
    pub(super) fn open_socket(&self, node: usize, link: LinkId, output: &impl Debug) -> Socket {
        let socket = Socket::of(link);
        let is_ours = self.is_open(socket) && self.node_at(socket) == node;
        assert!(is_ours, "{}: {output:?} of node {node} for a closed link", self.context());
        socket
    }

    /// Folds something that happened into the digest of the run.
    pub(super) const fn note(&mut self, what: u64, kind: u64) {
        self.trace.digest.fold(self.clock.now, what, kind);
    }

    /// Where and when, for the report of a failed run.
    pub(super) fn context(&self) -> String {
        format!("seed {}, {:?}", self.seed, Duration::from_micros(self.clock.now))
    }
}

impl<D: Dialect> Network<D>
where
    Self: Driver<D>,
{
    /// Runs for this long.
    pub(super) fn run(&mut self, time: Micros) {
        let end = self.clock.now + time;
        while let Some(event) = self.clock.next(end) {
            self.trace.digest.events += 1;
            self.on_event(event);
        }
    }

    fn on_event(&mut self, event: Event<D>) {
        match event {
            Event::Dial { edge } => self.dial(edge),
            Event::Open(socket) => self.open(socket),
            Event::Wake { node } => self.wake(node),
            Event::Other(event) => self.happen(event),
            Event::Arrive(socket, frame) if self.is_open(socket) => {
                self.note(self.node_at(socket) as u64, 1);
                self.arrive(socket, *frame);
            }
            Event::Gone(socket) if self.is_open(socket) => {
                self.close_end(socket);
                self.tell(self.node_at(socket), Input::Closed { link: socket.id() });
            }
            Event::Took(socket) if self.is_open(socket) => self.took(socket),
            Event::Arrive(..) | Event::Gone(_) | Event::Took(_) => (),
        }
    }

    /// Tells a node's machine, and does what it says.
    pub(super) fn tell(&mut self, node: usize, input: impl Into<Input>) {
        let (time, clock) = (self.clock.time(), self.clock_of(node));
        let Some((machine, _)) = D::machine(&mut self.nodes[node]) else { return };
        let input = input.into();
        let mut outputs = std::mem::take(&mut self.outputs);
        self.trace.heard(node, time, &input);
        machine.handle(time, clock, input, &mut outputs);
        self.trace.said(node, &outputs);
        self.check(node);
        self.note(outputs.len() as u64, 2);
        for output in outputs.drain(..) {
            self.perform(node, output);
        }
        self.outputs = outputs;
        self.wake_in_time(node);
    }

    fn wake(&mut self, node: usize) {
        let now = self.clock.time();
        let Some((machine, alarm)) = D::machine(&mut self.nodes[node]) else { return };
        if !alarm.rings(self.clock.now) {
            return;
        }
        if machine.deadline().is_none_or(|due| due > now) {
            self.wake_in_time(node);
            return;
        }
        self.tell(node, Input::DeadlinePassed);
        let Some((machine, _)) = D::machine(&mut self.nodes[node]) else { return };
        assert!(
            machine.deadline().is_none_or(|due| due > now),
            "{}: node {node} does nothing about its deadline",
            self.context()
        );
    }

    fn wake_in_time(&mut self, node: usize) {
        let Some((machine, alarm)) = D::machine(&mut self.nodes[node]) else { return };
        if let Some(due) = alarm.set(machine, self.clock.now) {
            self.clock.at(due, Event::Wake { node });
        }
    }
}
