//! What stands between the machine and the links: the outputs of a link are performed one
//! after the other, and answered when the socket took them.

use std::collections::VecDeque;

use jenny_chain::chain::{BlockId, Hash, Height};
use jenny_chain::sync::message::{MAX_BODIES_BYTES, MAX_HEADERS, Message};
use jenny_chain::sync::{BinaryInput, Held, LinkId, Output};

use super::arena::Id;
use super::edge::{Doing, Same};
use super::event::{Check, Event, FindHeldAncestor, Socket, Work};
use super::network::Network;
use crate::sim::clock::{MILLI, Micros};

/// Outputs that may wait for a socket: the node closes a link above it.
const MAX_WAITING: usize = 1_024;

/// Whose name this is.
pub(super) fn socket_of(link: LinkId) -> Socket {
    let end = usize::try_from(link.0 >> 32).unwrap();
    let epoch = u32::try_from(link.0 & u64::from(u32::MAX)).unwrap();
    Socket { edge: end / 2, end: end % 2, epoch }
}

impl Network {
    pub(super) fn perform(&mut self, node: usize, output: Output) {
        match output {
            Output::Send { link, .. }
            | Output::AskHeaders { link, .. }
            | Output::Announce { link, .. }
            | Output::ServeHeaders { link, .. }
            | Output::ServeBlocks { link, .. }
            | Output::ServePeers { link } => {
                let socket = self.open_socket(node, link, &output);
                let waiting = &mut self.edges[socket.edge].ends[socket.end].sender.waiting;
                waiting.push_back(output);
                let length = waiting.len();
                self.report.worst.waiting = self.report.worst.waiting.max(length);
                assert!(length <= MAX_WAITING, "{}: {length} outputs wait", self.context());
                self.start_next(socket);
            }
            Output::FindHeldAncestor { link, query, ids } => {
                let takes = self.random.within(100, MILLI);
                let what = Box::new(FindHeldAncestor { query, ids });
                let work = Work { node, life: self.nodes[node].life, link, what };
                self.clock.after(takes, Event::Found(work));
            }
            Output::Check { link, download, first, bodies } => {
                let bytes: usize = bodies.iter().map(|(_, body)| body.len()).sum();
                // About 500 MB/s, and what it takes to be scheduled.
                let takes = self.random.within(50, 500) + bytes as u64 / 500;
                let what = Box::new(Check { download, first, bodies });
                let work = Work { node, life: self.nodes[node].life, link, what };
                self.clock.after(takes, Event::Checked(work));
            }
            Output::Import { download, source, blocks } => {
                self.connect(node, download, source, &blocks);
            }
            Output::Learn { .. } => self.report.learned += 1,
            Output::DeepFork { .. } => panic!("{}: no node has a limit", self.context()),
            Output::HandshakeDone { link, .. } => self.note_ready(node, link),
            Output::Log { link, note } => self.note_log(node, link, &note),
            Output::Ban { link, reason } => self.ban(node, link, reason),
            Output::Duplicate { link, of } => {
                let socket = self.open_socket(node, link, &output);
                self.report.duplicates += 1;
                let same = of.map_or(Same::Node, |of| Same::Edge(socket_of(of).edge));
                self.edges[socket.edge].same = Some(same);
                self.hang_up(socket);
            }
            // Its other end notes for both which link is the better one.
            Output::Twin { .. } => {}
            Output::Close { link, code, reason, .. } => {
                let socket = self.open_socket(node, link, &output);
                *self.report.closes.entry((code, reason)).or_default() += 1;
                self.hang_up(socket);
            }
            Output::Ask { .. }
            | Output::SendBlock { .. }
            | Output::SendRange { .. }
            | Output::StopRange { .. }
            | Output::SendChain { .. } => {
                panic!("{}: node {node} says {output:?} on a binary link", self.context())
            }
        }
    }

    fn ban(&mut self, node: usize, link: LinkId, reason: &'static str) {
        let socket = socket_of(link);
        let other = self.edges[socket.edge].nodes[1 - socket.end];
        self.note_ban(node, other, reason);
        assert!(self.is_open(socket), "{}: a ban of a closed link", self.context());
        if socket.end == 0 && self.edges[socket.edge].is_wanted {
            self.back_off(socket.edge);
        } else {
            self.nodes[node].banned.insert(other);
        }
        self.hang_up(socket);
    }

    /// Performs what waits, until something takes time.
    fn start_next(&mut self, socket: Socket) {
        loop {
            let sender = &mut self.edges[socket.edge].ends[socket.end].sender;
            if sender.doing.is_some() {
                return;
            }
            let Some(output) = sender.waiting.pop_front() else { return };
            let node = self.node_at(socket);
            match output {
                Output::Send { message, .. } => {
                    self.note_sent(socket, &message);
                    self.transmit(socket, message);
                }
                Output::AskHeaders { after, .. } => {
                    let locator = self.nodes[node].store.locator(&self.arena, after);
                    let message = Message::GetHeaders { locator, stop: None };
                    self.note_sent(socket, &message);
                    self.transmit(socket, message);
                }
                Output::Announce { id, .. } => self.announce(socket, id),
                Output::ServeHeaders { locator, stop, .. } => {
                    let message = self.headers_above(node, &locator, stop);
                    self.send_last(socket, message);
                }
                Output::ServeBlocks { request, first, last, .. } => {
                    self.start_blocks(socket, request, first, last);
                }
                Output::ServePeers { .. } => {
                    self.transmit(socket, Message::Peers(Vec::new()));
                }
                other => panic!("{}: {other:?} is not done in order", self.context()),
            }
        }
    }

    fn announce(&mut self, socket: Socket, id: BlockId) {
        let store = &self.nodes[self.node_at(socket)].store;
        let id = self.arena.id(&id.hash).expect("only blocks of ours are announced");
        if store.is_main(&self.arena, id) {
            let header = *self.arena.header(id);
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
        let shared = store.shared(&self.arena, locator);
        let stop = stop.and_then(|hash| self.arena.id(&hash));
        let stop = stop.filter(|&id| store.is_main(&self.arena, id));
        let last = self.arena.height(stop.unwrap_or_else(|| store.tip())) as u64;
        let last = last.min(shared + MAX_HEADERS as u64);
        let ids = if shared < last { store.range(shared + 1, last) } else { &[] };
        Message::Headers(ids.iter().map(|&id| *self.arena.header(id)).collect())
    }

    /// Responds to `GetBlocks`: the view is taken now, whatever becomes of the chain.
    fn start_blocks(&mut self, socket: Socket, request: u64, first: Height, last: BlockId) {
        let store = &self.nodes[self.node_at(socket)].store;
        let left = store.view(&self.arena, first.get(), last);
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
            let body = self.arena.body(id);
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

    fn wait_until(&mut self, socket: Socket, took: Micros, doing: Doing) {
        self.edges[socket.edge].ends[socket.end].sender.doing = Some(doing);
        self.clock.at(took, Event::Took(socket));
    }

    /// The socket took what was handed to it.
    pub(super) fn go_on(&mut self, socket: Socket) {
        let doing = self.edges[socket.edge].ends[socket.end].sender.doing.take();
        match doing.expect("only what takes time is waited for") {
            Doing::Bodies { request, left } => self.send_bodies(socket, request, left),
            Doing::Last => {
                self.tell(self.node_at(socket), BinaryInput::Served { link: socket.id() });
                if self.is_open(socket) {
                    self.start_next(socket);
                }
            }
        }
    }

    /// Blocks were looked up.
    pub(super) fn found(&mut self, work: Work<FindHeldAncestor>) {
        let Work { node, life, link, what } = work;
        // Of a link that is closed it need not be told any more, and does no harm.
        let is_open = self.is_open(socket_of(link)) || self.random.below(2) == 0;
        if !self.is_alive(node, life) || !is_open {
            return;
        }
        let FindHeldAncestor { query, ids } = *what;
        let store = &self.nodes[node].store;
        let ids = ids.iter().map(|id| self.arena.id(&id.hash));
        let held = ids.take_while(|id| id.is_some_and(|id| store.holds(&self.arena, id)));
        let held = held.flatten().enumerate().last();
        let held = held.map(|(place, id)| {
            let state = Box::new(self.arena.state(id).clone());
            Held { place, fork: store.fork_point(&self.arena, id), state }
        });
        self.tell(node, BinaryInput::HeldAncestor { link, query, held });
    }

    /// Bodies were checked against their headers: told though their link may be closed by now.
    pub(super) fn checked(&mut self, work: Work<Check>) {
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
                        .with_records(self.arena.spec(), records)
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
