//! How links come about and end, and what goes over them.

use jenny_chain::sync::Input;

use super::link::LAST_BACKOFF;
use super::{Dialect, Driver, End, Event, Network, Same, Socket};
use crate::sim::clock::{MILLI, Micros, SECOND};

/// How long it takes to find out that a link carries nothing.
const IDLE: Micros = 90 * SECOND;

impl<D: Dialect> Network<D> {
    /// Dials after a pause, or when it is going to be dialled anyway.
    pub(in crate::sim) fn dial_after(&mut self, edge: usize, pause: Micros) {
        if self.edges[edge].due.is_none() {
            self.edges[edge].due = Some(self.clock.now + pause);
            self.clock.after(pause, Event::Dial { edge });
        }
    }

    /// Dials again after a pause, of which a part of the second half is left out.
    fn redial(&mut self, edge: usize) {
        let pause = self.edges[edge].next_backoff(self.clock.now);
        let pause = pause - self.random.within(0, pause / 2);
        self.dial_after(edge, pause + self.edges[edge].latency);
    }

    pub(super) fn dial(&mut self, edge: usize) {
        if self.edges[edge].due != Some(self.clock.now) {
            return;
        }
        self.edges[edge].due = None;
        if matches!(self.edges[edge].same, Some(Same::Node)) {
            return;
        }
        if !self.edges[edge].is_closed() || !self.can_link(edge) {
            self.redial(edge);
            return;
        }
        let entry = &mut self.edges[edge];
        entry.epoch += 1;
        entry.is_hung = false;
        let (epoch, latency) = (entry.epoch, entry.latency);
        self.clock.after(latency, Event::Open(Socket { edge, end: 1, epoch }));
        self.clock.after(2 * latency, Event::Open(Socket { edge, end: 0, epoch }));
    }

    fn can_link(&self, edge: usize) -> bool {
        let [one, other] = self.edges[edge].nodes;
        let (dialler, server) = (&self.hosts[one], &self.hosts[other]);
        dialler.is_online
            && server.is_online
            && !dialler.banned.contains(&other)
            && !server.banned.contains(&one)
            && self.halves.as_ref().is_none_or(|side| side[one] == side[other])
            && !self.is_linked_otherwise(edge)
    }

    /// Whether a link between the same nodes was found to be the better one.
    fn is_linked_otherwise(&self, edge: usize) -> bool {
        matches!(self.edges[edge].same, Some(Same::Edge(other)) if self.edges[other].is_open())
    }

    /// Closes this end by the node's own doing; the other end learns it later.
    pub(in crate::sim) fn hang_up(&mut self, socket: Socket) {
        let Socket { edge, end, .. } = socket;
        self.close_end(socket);
        let entry = &mut self.edges[edge];
        // An opening that is under way leads nowhere.
        entry.epoch += 1;
        let gone = self.clock.now.max(entry.ends[end].busy) + entry.latency;
        if let Some(other) = entry.socket(edge, 1 - end) {
            self.clock.at(gone, Event::Gone(other));
        }
        self.redial(edge);
    }

    pub(super) fn close_end(&mut self, socket: Socket) {
        let entry = self.end(socket);
        *entry = End::new(None, entry.busy);
    }

    /// From now on a link loses everything, until its ends find it idle.
    pub(in crate::sim) fn hang(&mut self, edge: usize) {
        self.edges[edge].is_hung = true;
        for end in [0, 1] {
            if let Some(socket) = self.edges[edge].socket(edge, end) {
                self.clock.after(IDLE, Event::Gone(socket));
            }
        }
        self.edges[edge].epoch += 1;
        self.dial_after(edge, IDLE + SECOND);
    }

    /// Takes no links between two nodes for the longest pause.
    pub(in crate::sim) fn back_off(&mut self, edge: usize) {
        self.edges[edge].backoff = LAST_BACKOFF;
        self.edges[edge].opened = 0;
    }

    /// Hands a frame to the socket. Returns when the socket took it.
    pub(in crate::sim) fn send(&mut self, socket: Socket, frame: D::Frame, bytes: u64) -> Micros {
        let Socket { edge, end, .. } = socket;
        self.trace.sent(self.node_at(socket), &frame);
        let entry = &mut self.edges[edge];
        let took = self.clock.now.max(entry.ends[end].busy) + bytes * MILLI / entry.rate;
        entry.ends[end].busy = took;
        if entry.is_hung {
            entry.ends[end].lost += bytes;
            return if entry.ends[end].lost > D::BUFFER { took + IDLE } else { took };
        }
        // The other end may be about to open.
        let other = Socket { end: 1 - end, ..socket };
        self.clock.at(took + entry.latency, Event::Arrive(other, Box::new(frame)));
        took
    }

    /// Does nothing else on a link until the socket took something.
    pub(in crate::sim) fn wait_until(&mut self, socket: Socket, took: Micros, doing: D::Doing) {
        self.end(socket).doing = Some(doing);
        self.clock.at(took, Event::Took(socket));
    }

    /// Lets the two halves meet: every link that is closed is dialled within this time.
    pub(in crate::sim) fn meet(&mut self, time: Micros) {
        self.halves = None;
        for edge in 0..self.edges.len() {
            if self.edges[edge].is_closed() {
                self.edges[edge].due = None;
                let pause = self.random.within(0, time);
                self.dial_after(edge, pause);
            }
        }
    }
}

impl<D: Dialect> Network<D>
where
    Self: Driver<D>,
{
    /// The socket is ready at one end.
    pub(super) fn open(&mut self, socket: Socket) {
        let Socket { edge, end, epoch } = socket;
        if self.edges[edge].epoch != epoch {
            return;
        }
        if !self.hosts[self.node_at(socket)].is_online {
            // It left while the link was being opened.
            self.cut(edge);
            return;
        }
        *self.end(socket) = End::new(Some(epoch), self.clock.now);
        if end == 0 {
            self.edges[edge].opened = self.clock.now;
        }
        self.opened(socket);
    }

    /// Closes a link at both ends, as if it was torn.
    pub(in crate::sim) fn cut(&mut self, edge: usize) {
        for end in [0, 1] {
            let Some(socket) = self.edges[edge].socket(edge, end) else { continue };
            self.hang_up(socket);
            self.tell(self.node_at(socket), Input::Closed { link: socket.id() });
        }
        // One that is being opened has no end yet that could be closed.
        self.edges[edge].epoch += 1;
        self.redial(edge);
    }

    /// Cuts every link between two halves that are drawn by lot.
    pub(in crate::sim) fn part(&mut self) {
        let side: Vec<bool> = self.nodes.iter().map(|_| self.random.below(2) == 0).collect();
        for edge in 0..self.edges.len() {
            let [one, other] = self.edges[edge].nodes;
            if side[one] != side[other] {
                self.cut(edge);
            }
        }
        self.halves = Some(side);
    }

    /// Does what waits on a link, until something takes time.
    pub(in crate::sim) fn start_next(&mut self, socket: Socket) {
        while self.is_open(socket) && self.end(socket).doing.is_none() {
            let Some(what) = self.end(socket).waiting.pop_front() else { return };
            self.start(socket, what);
        }
    }

    pub(in crate::sim) fn took(&mut self, socket: Socket) {
        let doing = self.end(socket).doing.take();
        self.go_on(socket, doing.expect("only what takes time is waited for"));
        self.start_next(socket);
    }
}
