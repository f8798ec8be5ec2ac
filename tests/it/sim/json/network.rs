//! Nodes, links between them, and a queue of timed events.

use jenny_chain::chain::Timestamp;
use jenny_chain::sync::{Input, JsonInput, LinkId};

use super::blocks::Tree;
use super::driver::Sender;
use super::node::{Kind, Message, Node, Source};
use crate::sim::clock::{Clock, MILLI, Micros, SECOND};
use crate::support::random::{Random, mix};

/// Nothing in the JSON dialect depends on it.
const CLOCK: Timestamp = Timestamp::from_millis(0);
/// Messages are counted by the minute.
const MINUTE: Micros = 60 * SECOND;

pub(super) struct Network {
    pub(super) tree: Tree,
    pub(super) nodes: Vec<Node>,
    pub(super) links: Vec<Link>,
    pub(super) clock: Clock<Event>,
    pub(super) random: Random,
    /// Digest of everything delivered, to compare two runs.
    pub(super) trace: u64,
    /// Everything sent, by the node that sent it; kept by small tests only.
    pub(super) transcript: Option<Vec<(usize, Message)>>,
    pub(super) counts: Counts,
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

pub(super) struct Link {
    /// The nodes at its two ends.
    pub(super) ends: [usize; 2],
    pub(super) is_up: bool,
    /// What is sent is lost, and neither end notices.
    pub(super) is_hung: bool,
    /// How often it was opened: what is on the way in an older one is lost.
    pub(super) epoch: u64,
    pub(super) latency: Micros,
    /// When the last message of each end arrives: they stay in order.
    pub(super) arrival: [Micros; 2],
    pub(super) senders: [Sender; 2],
    /// By end, what our node sent in this minute: other than blocks of ranges, and whole chains.
    pub(super) minute: [[u64; 2]; 2],
}

#[derive(Clone, Copy)]
pub(super) enum Event {
    Arrive { link: usize, end: usize, epoch: u64, message: Message },
    Send { link: usize, end: usize, epoch: u64 },
    Tip { node: usize },
    Wake { node: usize },
    Open { link: usize },
    Idle { link: usize, epoch: u64 },
}

impl Network {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            tree: Tree::new(),
            nodes: Vec::new(),
            links: Vec::new(),
            clock: Clock::new(),
            random: Random::new(seed),
            trace: seed,
            transcript: None,
            counts: Counts::default(),
        }
    }

    pub(super) fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Makes a link, to be opened within 100 ms.
    pub(super) fn link(&mut self, ends: [usize; 2]) -> usize {
        let latency = self.random.within(100, 80_000);
        let senders = [Sender::default(), Sender::default()];
        let arrival = [0; 2];
        self.links.push(Link {
            ends,
            is_up: false,
            is_hung: false,
            epoch: 0,
            latency,
            arrival,
            senders,
            minute: [[0; 2]; 2],
        });
        let link = self.links.len() - 1;
        self.open_within(link, 100);
        link
    }

    pub(super) fn open_within(&mut self, link: usize, millis: u64) {
        let delay = MILLI * self.random.within(0, millis);
        self.clock.after(delay, Event::Open { link });
    }

    /// Closes a link, for both ends alike.
    pub(super) fn cut(&mut self, link: usize) {
        let entry = &mut self.links[link];
        if !std::mem::take(&mut entry.is_up) {
            return;
        }
        entry.senders = [Sender::default(), Sender::default()];
        let (id, ends) = (self.id(link), ends_of(&self.links[link]));
        for node in ends {
            self.tell(node, Input::Closed { link: id });
        }
    }

    /// From now on a link loses everything, until its ends find it idle for 90 s.
    pub(super) fn hang(&mut self, link: usize) {
        self.links[link].is_hung = true;
        let epoch = self.links[link].epoch;
        self.clock.after(90 * SECOND, Event::Idle { link, epoch });
    }

    /// A node finds a block on its tip.
    pub(super) fn mine(&mut self, node: usize) {
        let work = self.random.within(1, 4);
        let block = self.tree.mine(self.nodes[node].tip(), work);
        self.nodes[node].chain.push(block);
        match &mut self.nodes[node].kind {
            Kind::Ours(ours) => {
                ours.source = Source::Mixed;
                self.tell_tip_soon(node);
            }
            Kind::Seed(_) => self.broadcast(node, Message::Ask),
        }
    }

    /// Runs for this long.
    pub(super) fn run(&mut self, time: Micros) {
        let end = self.clock.now + time;
        let mut before = self.clock.now;
        while let Some(event) = self.clock.next(end) {
            if self.clock.now / MINUTE != before / MINUTE {
                self.end_minute();
            }
            before = self.clock.now;
            self.on_event(event);
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Open { link } => self.open(link),
            Event::Arrive { link, end, epoch, message } if self.is_current(link, epoch) => {
                self.arrive(link, end, message);
            }
            Event::Send { link, end, epoch } if self.is_current(link, epoch) => {
                self.go_on(link, end);
            }
            Event::Tip { node } => {
                let input = self.nodes[node].tip_input(&self.tree);
                self.tell(node, input);
            }
            Event::Wake { node } => self.wake(node),
            Event::Idle { link, epoch } if self.is_current(link, epoch) => {
                self.cut(link);
                self.open_within(link, 2_000);
            }
            Event::Arrive { .. } | Event::Send { .. } | Event::Idle { .. } => (),
        }
    }

    fn open(&mut self, link: usize) {
        let entry = &mut self.links[link];
        if std::mem::replace(&mut entry.is_up, true) {
            return;
        }
        entry.epoch += 1;
        entry.is_hung = false;
        let (id, ends) = (self.id(link), ends_of(&self.links[link]));
        let jenny = ends.iter().all(|&node| self.nodes[node].is_ours()) || id.0 % 2 == 0;
        for (end, node) in ends.into_iter().enumerate() {
            if self.nodes[node].is_ours() {
                self.tell(node, JsonInput::Opened { link: id, jenny });
            } else {
                self.transmit(link, end, Message::Ask);
            }
        }
    }

    fn arrive(&mut self, link: usize, end: usize, message: Message) {
        let node = self.links[link].ends[end];
        self.trace = mix(self.trace ^ self.clock.now ^ node as u64);
        if !self.nodes[node].is_ours() {
            let said = self.nodes[node].seed_hears(&self.tree, message);
            if let Some(answer) = said.answer {
                self.transmit(link, end, answer);
            }
            if let Some(chain) = said.broadcast {
                self.broadcast(node, chain);
            }
            return;
        }
        let before = self.nodes[node].tip();
        let id = self.id(link);
        let input = self.nodes[node].judge(&self.tree, id, message);
        let after = self.nodes[node].tip();
        if before != after {
            assert!(self.tree.work(before) < self.tree.work(after), "the tip's work fell");
            self.tell_tip_soon(node);
        }
        self.tell(node, input);
    }

    /// The tip is published a little after it moved, several moves at once.
    fn tell_tip_soon(&mut self, node: usize) {
        let delay = self.random.within(0, 3_000);
        let Kind::Ours(ours) = &mut self.nodes[node].kind else { return };
        if !std::mem::replace(&mut ours.is_telling, true) {
            self.clock.after(delay, Event::Tip { node });
        }
    }

    fn wake(&mut self, node: usize) {
        let Kind::Ours(ours) = &mut self.nodes[node].kind else { return };
        if !ours.alarm.rings(self.clock.now) {
            return;
        }
        if ours.machine.deadline().is_some_and(|due| due <= self.clock.time()) {
            self.tell(node, Input::DeadlinePassed);
        } else {
            self.wake_in_time(node);
        }
    }

    pub(super) fn tell(&mut self, node: usize, input: impl Into<Input>) {
        let Kind::Ours(ours) = &mut self.nodes[node].kind else { return };
        let mut out = Vec::new();
        ours.machine.handle(self.clock.time(), CLOCK, input.into(), &mut out);
        for output in out {
            self.perform(node, output);
        }
        self.wake_in_time(node);
    }

    fn wake_in_time(&mut self, node: usize) {
        let Kind::Ours(ours) = &mut self.nodes[node].kind else { return };
        if let Some(due) = ours.alarm.set(&ours.machine, self.clock.now) {
            let delay = due - self.clock.now;
            assert!(delay <= 30 * SECOND, "a machine sleeps for {delay} us");
            self.clock.at(due, Event::Wake { node });
        }
    }

    fn end_minute(&mut self) {
        for link in &mut self.links {
            for [all, chains] in std::mem::take(&mut link.minute) {
                self.counts.max_a_link = self.counts.max_a_link.max(all);
                self.counts.max_chains_a_link = self.counts.max_chains_a_link.max(chains);
            }
        }
    }

    pub(super) fn is_current(&self, link: usize, epoch: u64) -> bool {
        self.links[link].is_up && self.links[link].epoch == epoch
    }

    pub(super) fn id(&self, link: usize) -> LinkId {
        LinkId((link as u64) << 32 | self.links[link].epoch)
    }
}

const fn ends_of(link: &Link) -> [usize; 2] {
    link.ends
}
