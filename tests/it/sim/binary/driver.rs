//! What stands between the machine and the links: the outputs of a link are performed one
//! after the other, and answered when the socket took them.

use std::collections::VecDeque;

use jenny_chain::chain::{BlockId, Hash, Height, Timestamp};
use jenny_chain::sync::message::{MAX_BODIES_BYTES, MAX_HEADERS, Message};
use jenny_chain::sync::{BinaryInput, BinaryOutgoing, Held, LinkId, Outgoing, Output};

use super::arena::Id;
use super::event::{Check, Event, FindHeldAncestor, Frame, Work};
use super::network::{Binary, Network};
use crate::sim::clock::MILLI;
use crate::sim::network::{Driver, Same, Socket};

/// Outputs that may wait for a socket: the node closes a link above it.
const MAX_WAITING: usize = 1_024;

/// What the socket at an end is taking.
pub(super) enum Doing {
    /// One message, and then it was served.
    Last,
    /// Bodies that are still to be sent, of a view that was taken at the start.
    Bodies { request: u64, left: VecDeque<Id> },
}

impl Driver<Binary> for Network {
    fn clock_of(&self, node: usize) -> Timestamp {
        self.nodes[node].clock(self.clock.now)
    }

    fn check(&mut self, node: usize) {
        self.check_bounds(node);
    }

    fn perform(&mut self, node: usize, output: Output) {
        match output {
            Output::Send { link, what: Outgoing::Binary(what) } => {
                let socket = self.open_socket(node, link, &what);
                let waiting = &mut self.end(socket).waiting;
                waiting.push_back(what);
                let length = waiting.len();
                self.world.report.worst.waiting = self.world.report.worst.waiting.max(length);
                assert!(length <= MAX_WAITING, "{}: {length} outputs wait", self.context());
                self.start_next(socket);
            }
            Output::FindHeldAncestor { link, query, ids } => {
                let takes = self.random.within(100, MILLI);
                let what = Box::new(FindHeldAncestor { query, ids });
                let work = Work { node, life: self.hosts[node].life, link, what };
                self.after(takes, Event::Found(work));
            }
            Output::Check { link, download, first, bodies } => {
                let bytes: usize = bodies.iter().map(|(_, body)| body.len()).sum();
                // About 500 MB/s, and what it takes to be scheduled.
                let takes = self.random.within(50, 500) + bytes as u64 / 500;
                let what = Box::new(Check { download, first, bodies });
                let work = Work { node, life: self.hosts[node].life, link, what };
                self.after(takes, Event::Checked(work));
            }
            Output::Import { download, blocks } => self.connect(node, download, &blocks),
            Output::Learn { .. } => self.world.report.learned += 1,
            Output::Relay { .. } => panic!("{}: no node relays records", self.context()),
            Output::DeepFork { .. } => panic!("{}: no node has a limit", self.context()),
            Output::HandshakeDone { link, .. } => self.note_ready(node, link),
            Output::Log { link, note } => self.note_log(node, link, &note),
            Output::Ban { link, reason } => self.ban(node, link, reason),
            Output::Duplicate { link, of } => {
                let socket = self.open_socket(node, link, &output);
                self.world.report.duplicates += 1;
                let same = of.map_or(Same::Node, |of| Same::Edge(Socket::of(of).edge));
                self.edges[socket.edge].same = Some(same);
                self.hang_up(socket);
            }
            // Its other end notes for both which link is the better one.
            Output::Twin { .. } => {}
            Output::Close { link, code, reason, .. } => {
                let socket = self.open_socket(node, link, &output);
                *self.world.report.closes.entry((code, reason)).or_default() += 1;
                self.hang_up(socket);
            }
            Output::Send { what: Outgoing::Json(_), .. } | Output::StopRange { .. } => {
                panic!("{}: node {node} says {output:?} on a binary link", self.context())
            }
        }
    }

    fn start(&mut self, socket: Socket, what: BinaryOutgoing) {
        let node = self.node_at(socket);
        match what {
            BinaryOutgoing::Message(message) => {
                self.note_sent(socket, &message);
                self.transmit(socket, *message);
            }
            BinaryOutgoing::GetHeaders { after } => {
                let locator = self.nodes[node].store.locator(&self.world.arena, after);
                let message = Message::GetHeaders { locator, stop: None };
                self.note_sent(socket, &message);
                self.transmit(socket, message);
            }
            BinaryOutgoing::Announce(id) => self.announce(socket, id),
            BinaryOutgoing::Headers { locator, stop } => {
                let message = self.headers_above(node, &locator, stop);
                self.send_last(socket, message);
            }
            BinaryOutgoing::Blocks { request, first, last } => {
                self.start_blocks(socket, request, first, last);
            }
            BinaryOutgoing::RecordIds(_) | BinaryOutgoing::Records(_) => {
                panic!("{}: no node relays records", self.context())
            }
            BinaryOutgoing::Peers => {
                self.transmit(socket, Message::Peers(Vec::new()));
            }
        }
    }

    fn go_on(&mut self, socket: Socket, doing: Doing) {
        match doing {
            Doing::Bodies { request, left } => self.send_bodies(socket, request, left),
            Doing::Last => {
                self.tell(self.node_at(socket), BinaryInput::Served { link: socket.id() });
            }
        }
    }

    fn opened(&mut self, socket: Socket) {
        self.greet(socket);
    }

    fn arrive(&mut self, socket: Socket, frame: Frame) {
        self.hear(socket, frame);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Found(work) => self.found(work),
            Event::Checked(work) => self.checked(work),
            Event::Written { node, life } if self.is_alive(node, life) => self.written(node),
            Event::Act { node, life } if self.is_alive(node, life) => self.script_acts(node),
            Event::Written { .. } | Event::Act { .. } => (),
        }
    }
}

impl Network {
    fn ban(&mut self, node: usize, link: LinkId, reason: &'static str) {
        let socket = Socket::of(link);
        let other = self.peer_at(socket);
        self.note_ban(node, other, reason);
        assert!(self.is_open(socket), "{}: a ban of a closed link", self.context());
        if socket.end == 0 && self.edges[socket.edge].is_wanted {
            self.back_off(socket.edge);
        } else {
            self.hosts[node].banned.insert(other);
        }
        self.hang_up(socket);
    }

    fn announce(&mut self, socket: Socket, id: BlockId) {
        let store = &self.nodes[self.node_at(socket)].store;
        let id = self.world.arena.id(&id.hash).expect("only blocks of ours are announced");
        if store.is_main(&self.world.arena, id) {
            let header = *self.world.arena.header(id);
            self.transmit(socket, Message::Announce(header));
        }
    }

    /// What a node responds to `GetHeaders`.
    pub(super) fn headers_above(
        &self,
        node: usize,
        locator: &[(Height, Hash)],
        stop: Option<Hash>,
    ) -> Message {
        let store = &self.nodes[node].store;
        let shared = store.shared(&self.world.arena, locator);
        let stop = stop.and_then(|hash| self.world.arena.id(&hash));
        let stop = stop.filter(|&id| store.is_main(&self.world.arena, id));
        let last = self.world.arena.height(stop.unwrap_or_else(|| store.tip())) as u64;
        let last = last.min(shared + MAX_HEADERS as u64);
        let ids = if shared < last { store.range(shared + 1, last) } else { &[] };
        Message::Headers(ids.iter().map(|&id| *self.world.arena.header(id)).collect())
    }

    /// Responds to `GetBlocks`: the view is taken now, whatever becomes of the chain.
    fn start_blocks(&mut self, socket: Socket, request: u64, first: Height, last: BlockId) {
        let store = &self.nodes[self.node_at(socket)].store;
        let left = store.view(&self.world.arena, first.get(), last);
        if left.is_empty() {
            self.send_last(socket, Message::NotFound { request });
            return;
        }
        self.send_bodies(socket, request, left);
    }

    /// Sends one message of bodies, and goes on when the socket took it.
    fn send_bodies(&mut self, socket: Socket, request: u64, mut left: VecDeque<Id>) {
        let (mut bodies, mut bytes) = (Vec::new(), 0);
        while let Some(&id) = left.front() {
            let body = self.world.arena.body(id);
            bytes += body.len();
            if bytes > MAX_BODIES_BYTES && !bodies.is_empty() {
                break;
            }
            bodies.push(body.clone());
            left.pop_front();
        }
        let took = self.transmit(socket, Message::Blocks { request, bodies });
        let doing = if left.is_empty() { Doing::Last } else { Doing::Bodies { request, left } };
        self.wait_until(socket, took, doing);
    }

    fn send_last(&mut self, socket: Socket, message: Message) {
        let took = self.transmit(socket, message);
        self.wait_until(socket, took, Doing::Last);
    }

    /// Blocks were looked up.
    fn found(&mut self, work: Work<FindHeldAncestor>) {
        let Work { node, life, link, what } = work;
        // Of a link that is closed it need not be told any more, and does no harm.
        let is_open = self.is_open(Socket::of(link)) || self.random.below(2) == 0;
        if !self.is_alive(node, life) || !is_open {
            return;
        }
        let FindHeldAncestor { query, ids } = *what;
        let store = &self.nodes[node].store;
        let ids = ids.iter().map(|id| self.world.arena.id(&id.hash));
        let held = ids.take_while(|id| id.is_some_and(|id| store.holds(&self.world.arena, id)));
        let held = held.flatten().enumerate().last();
        let held = held.map(|(place, id)| {
            let state = Box::new(self.world.arena.state(id).clone());
            Held { place, fork: store.fork_point(&self.world.arena, id), state }
        });
        self.tell(node, BinaryInput::HeldAncestor { link, query, held });
    }

    /// Bodies were checked against their headers: told though their link may be closed by now.
    fn checked(&mut self, work: Work<Check>) {
        let Work { node, life, link, what } = work;
        if !self.is_alive(node, life) {
            return;
        }
        let Check { download, first, bodies } = *what;
        let (mut blocks, mut fault) = (Vec::with_capacity(bodies.len()), None);
        for (header, body) in bodies {
            let records = body.records(header.header().record_count);
            let block = records
                .ok_or_else(|| "not as many records as the header says".to_owned())
                .and_then(|records| {
                    header
                        .with_records(self.world.arena.spec(), records)
                        .map_err(|error| error.to_string())
                });
            match block {
                Ok(block) => blocks.push(block),
                Err(reason) => {
                    fault = Some(reason);
                    break;
                }
            }
        }
        self.tell(node, BinaryInput::Checked { link, download, first, blocks, fault });
    }
}
