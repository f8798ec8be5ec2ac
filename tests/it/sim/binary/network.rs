//! Nodes, links between them, and the loop that lets things happen.

use std::time::Duration;

use jenny_chain::sync::{BinaryInput, Input, Output};

use super::arena::{Arena, Id};
use super::edge::Edge;
use super::event::{Event, Frame};
use super::node::{Actor, Honest, Node};
use super::report::Report;
use super::script::{Kind, Script};
use super::store::Store;
use crate::sim::clock::{Clock, Micros, SECOND};
use crate::support::random::{Random, mix};

pub(super) struct Network {
    pub(super) seed: u64,
    pub(super) arena: Arena,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    pub(super) clock: Clock<Event>,
    pub(super) random: Random,
    pub(super) report: Report,
    /// The side of each node, while the network is in two halves.
    pub(super) halves: Option<Vec<bool>>,
    /// Whether scripts mine no more: the nodes are to agree.
    pub(super) is_calm: bool,
    /// Whether disks refuse and forget now and then.
    pub(super) has_bad_disks: bool,
    /// What scripts flood with.
    pub(super) flood: Vec<jenny_chain::chain::Header>,
    /// The node whose machine's every input and output is printed, to look into a failure.
    watched: Option<usize>,
    /// Kept from one call to the next: most calls ask for nothing.
    outputs: Vec<Output>,
}

impl Network {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            arena: Arena::new(),
            nodes: Vec::new(),
            edges: Vec::new(),
            clock: Clock::new(),
            random: Random::new(seed),
            report: Report::new(seed),
            halves: None,
            has_bad_disks: false,
            is_calm: false,
            flood: Vec::new(),
            watched: std::env::var("JENNY_TEST_SIMULATION_WATCH")
                .ok()
                .map(|node| node.parse().unwrap()),
            outputs: Vec::new(),
        }
    }

    /// Adds one of our nodes.
    pub(super) fn add_honest(&mut self, chain: Vec<Id>) -> usize {
        let store = Store::new(chain);
        let honest = Honest::new(&self.arena, &store, self.random.next());
        self.add(Actor::Honest(Box::new(honest)), store)
    }

    /// Adds one that means ill.
    pub(super) fn add_script(&mut self, kind: Kind, chain: Vec<Id>) -> usize {
        let node = self.add(Actor::Script(Box::new(Script::new(kind))), Store::new(chain));
        self.act_later(node);
        node
    }

    fn add(&mut self, actor: Actor, store: Store) -> usize {
        let skew = self.random.within(0, 4_000);
        self.nodes.push(Node::new(actor, store, skew));
        self.nodes.len() - 1
    }

    /// Makes a link, to be dialled by the first of the two within a second.
    pub(super) fn link(&mut self, nodes: [usize; 2]) -> usize {
        let latency = self.random.within(5_000, 80_000);
        let rate = self.random.within(1_000, 20_000);
        let is_wanted = self.random.below(4) == 0;
        let edge = self.edges.len();
        self.edges.push(Edge::new(nodes, latency, rate, is_wanted));
        for (end, node) in nodes.into_iter().enumerate() {
            self.nodes[node].ends.push((edge, end));
        }
        let pause = self.random.within(0, SECOND);
        self.dial_after(edge, pause);
        edge
    }

    /// Runs for this long.
    pub(super) fn run(&mut self, time: Micros) {
        let end = self.clock.now + time;
        while let Some(event) = self.clock.next(end) {
            self.report.events += 1;
            self.happen(event);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Dial { edge } => self.dial(edge),
            Event::Open(socket) => self.open(socket),
            Event::Arrive(socket, frame) => {
                if self.is_open(socket) {
                    self.arrive(socket, *frame);
                }
            }
            Event::Gone(socket) => {
                if self.is_open(socket) {
                    self.close_end(socket);
                    let node = self.node_at(socket);
                    self.tell(node, Input::Closed { link: socket.id() });
                }
            }
            Event::Took(socket) => {
                if self.is_open(socket) {
                    self.go_on(socket);
                }
            }
            Event::Wake { node } => self.wake(node),
            Event::Found(work) => self.found(work),
            Event::Checked(work) => self.checked(work),
            Event::Written { node, life } => {
                if self.is_alive(node, life) {
                    self.written(node);
                }
            }
            Event::Act { node, life } => {
                if self.is_alive(node, life) {
                    self.script_acts(node);
                }
            }
        }
    }

    pub(super) fn is_alive(&self, node: usize, life: u32) -> bool {
        self.nodes[node].is_online && self.nodes[node].life == life
    }

    fn arrive(&mut self, socket: super::event::Socket, frame: Frame) {
        let node = self.node_at(socket);
        self.trace(node as u64, 1);
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

    /// Tells one of our nodes' machine, and does what it says.
    pub(super) fn tell(&mut self, node: usize, input: impl Into<Input>) {
        let input = input.into();
        let clock = self.nodes[node].clock(self.clock.now);
        let Actor::Honest(honest) = &mut self.nodes[node].actor else { return };
        let mut outputs = std::mem::take(&mut self.outputs);
        let is_watched = self.watched == Some(node);
        if is_watched {
            println!("{:?} {}", Duration::from_micros(self.clock.now), short(&input));
        }
        honest.machine.handle(self.clock.time(), clock, input, &mut outputs);
        if is_watched {
            for output in &outputs {
                println!("    {}", short(output));
            }
        }
        self.check(node);
        self.trace(outputs.len() as u64, 2);
        for output in outputs.drain(..) {
            self.perform(node, output);
        }
        self.outputs = outputs;
        self.wake_in_time(node);
    }

    fn wake(&mut self, node: usize) {
        let now = self.clock.time();
        let Actor::Honest(honest) = &mut self.nodes[node].actor else { return };
        if !honest.alarm.rings(self.clock.now) {
            return;
        }
        if honest.machine.deadline().is_none_or(|due| due > now) {
            self.wake_in_time(node);
            return;
        }
        self.tell(node, Input::DeadlinePassed);
        let Actor::Honest(honest) = &self.nodes[node].actor else { return };
        assert!(
            honest.machine.deadline().is_none_or(|due| due > now),
            "{}: node {node} does nothing about its deadline",
            self.context()
        );
    }

    pub(super) fn wake_in_time(&mut self, node: usize) {
        let Actor::Honest(honest) = &mut self.nodes[node].actor else { return };
        if let Some(due) = honest.alarm.set(&honest.machine, self.clock.now) {
            self.clock.at(due, Event::Wake { node });
        }
    }

    /// Folds something that happened into the digest of the run.
    pub(super) const fn trace(&mut self, what: u64, kind: u64) {
        self.report.trace = mix(self.report.trace ^ self.clock.now ^ (what << 40) ^ (kind << 60));
    }

    /// Where and when, for the report of a failed run.
    pub(super) fn context(&self) -> String {
        format!("seed {}, {:?}", self.seed, Duration::from_micros(self.clock.now))
    }
}

/// The beginning of what may be a MiB.
fn short(what: &impl std::fmt::Debug) -> String {
    format!("{what:?}").chars().take(300).collect()
}
