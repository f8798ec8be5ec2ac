//! How links come about and end, and what goes over them.

use jenny_chain::sync::message::Message;
use jenny_chain::sync::{BinaryInput, Input, Origin};

use super::edge::{End, LAST_BACKOFF, Same};
use super::event::{Event, Frame, Socket};
use super::network::Network;
use super::report::bytes_of;
use crate::sim::clock::{MILLI, Micros, SECOND};

/// How long it takes to find out that a link carries nothing.
const IDLE: Micros = 90 * SECOND;
/// One of this many messages is encoded and read back, as a sample.
const ENCODED_EVERY: u64 = 1_024;

impl Network {
    pub(super) fn dial_after(&mut self, edge: usize, pause: Micros) {
        if !std::mem::replace(&mut self.edges[edge].is_due, true) {
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
        self.edges[edge].is_due = false;
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
        let (dialler, server) = (&self.nodes[one], &self.nodes[other]);
        dialler.is_online
            && server.is_online
            && !dialler.banned.contains(&other)
            && !server.banned.contains(&one)
            && !self.are_apart(edge)
            && !self.is_linked_otherwise(edge)
    }

    fn are_apart(&self, edge: usize) -> bool {
        let [one, other] = self.edges[edge].nodes;
        self.halves.as_ref().is_some_and(|side| side[one] != side[other])
    }

    /// Whether a link between the same nodes was found to be the better one.
    fn is_linked_otherwise(&self, edge: usize) -> bool {
        matches!(self.edges[edge].same, Some(Same::Edge(other)) if self.edges[other].is_open())
    }

    /// The socket is ready at one end.
    pub(super) fn open(&mut self, socket: Socket) {
        let Socket { edge, end, epoch } = socket;
        if self.edges[edge].epoch != epoch {
            return;
        }
        if !self.nodes[self.node_at(socket)].is_online {
            // It left while the link was being opened.
            self.cut(edge);
            return;
        }
        let entry = &mut self.edges[edge];
        entry.ends[end] = End { epoch: Some(epoch), busy: self.clock.now, ..End::default() };
        if end == 0 {
            entry.opened = self.clock.now;
        }
        let node = self.node_at(socket);
        if self.nodes[node].is_honest() {
            let (link, dialled) = (socket.id(), end == 0);
            let origin = Origin(self.edges[edge].nodes[1 - end] as u128);
            self.tell(node, BinaryInput::Opened { link, dialled, origin });
        } else {
            self.script_opens(socket);
        }
    }

    /// Closes this end by the node's own doing; the other end learns it later.
    pub(super) fn hang_up(&mut self, socket: Socket) {
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
        let entry = &mut self.edges[socket.edge].ends[socket.end];
        *entry = End { busy: entry.busy, ..End::default() };
    }

    /// Closes a link at both ends, as if it was torn.
    pub(super) fn cut(&mut self, edge: usize) {
        for end in [0, 1] {
            let Some(socket) = self.edges[edge].socket(edge, end) else { continue };
            self.hang_up(socket);
            self.tell(self.node_at(socket), Input::Closed { link: socket.id() });
        }
        // One that is being opened has no end yet that could be closed.
        self.edges[edge].epoch += 1;
        self.redial(edge);
    }

    /// From now on a link loses everything, until its ends find it idle.
    pub(super) fn hang(&mut self, edge: usize) {
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
    pub(super) fn back_off(&mut self, edge: usize) {
        self.edges[edge].backoff = LAST_BACKOFF;
        self.edges[edge].opened = 0;
    }

    /// Hands a message to the socket. Returns when the socket took it.
    pub(super) fn transmit(&mut self, socket: Socket, message: Message) -> Micros {
        let kind = self.report.count(&message);
        self.trace(kind, 3);
        if self.report.sent().is_multiple_of(ENCODED_EVERY) {
            let frame = message.encode().unwrap();
            assert_eq!(Message::decode(&frame).as_ref(), Ok(&message), "{}", self.context());
        }
        let bytes = bytes_of(&message);
        self.send(socket, Frame::Message(message), bytes)
    }

    pub(super) fn send(&mut self, socket: Socket, frame: Frame, bytes: u64) -> Micros {
        let Socket { edge, end, .. } = socket;
        let entry = &mut self.edges[edge];
        let took = self.clock.now.max(entry.ends[end].busy) + bytes * MILLI / entry.rate;
        entry.ends[end].busy = took;
        if entry.is_hung {
            // A socket's buffer is full sooner or later.
            return took + IDLE;
        }
        // The other end may be about to open.
        let other = Socket { end: 1 - end, ..socket };
        self.clock.at(took + entry.latency, Event::Arrive(other, Box::new(frame)));
        took
    }

    pub(super) fn is_open(&self, socket: Socket) -> bool {
        self.edges[socket.edge].ends[socket.end].epoch == Some(socket.epoch)
    }

    pub(super) fn node_at(&self, socket: Socket) -> usize {
        self.edges[socket.edge].nodes[socket.end]
    }

    /// The open ends of a node.
    pub(super) fn sockets(&self, node: usize) -> Vec<Socket> {
        let ends = self.nodes[node].ends.iter();
        ends.filter_map(|&(edge, end)| self.edges[edge].socket(edge, end)).collect()
    }
}
