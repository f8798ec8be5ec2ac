//! What must hold after everything that happens, on the node that it happened to.

use jenny_chain::sync::message::{MAX_LOCATOR, MAX_RANGE, Message};
use jenny_chain::sync::{LinkId, Note};

use super::network::{Network, Request};
use super::node::Actor;
use crate::sim::network::Socket;

/// Bytes of bodies that came or were asked for and are not connected.
const BODIES_BUDGET: u64 = 64 << 20;
/// Headers ahead of their bodies.
const MAX_HEADERS_AHEAD: usize = 4_096;
/// Blocks from the lowest one that is not handed on to the highest one asked for.
const MAX_WINDOW: u64 = 1_536;
/// Requests on a link: 4, and 16 that were given to others and may yet be answered. Who does
/// not answer is asked again now and then, and earlier requests are forgotten.
const MAX_REQUESTS: usize = 4 + 16;

impl Network {
    /// The machine keeps its bounds.
    pub(super) fn check_bounds(&mut self, node: usize) {
        let Actor::Honest(honest) = &self.nodes[node].actor else { return };
        let progress = honest.machine.progress();
        let bytes = progress.held_bytes + progress.reserved_bytes;
        let (headers, window) = (progress.headers, progress.window);
        let worst = &mut self.world.report.worst;
        worst.held_and_reserved = worst.held_and_reserved.max(bytes);
        worst.headers = worst.headers.max(headers);
        worst.window = worst.window.max(window);
        let is_kept =
            bytes <= BODIES_BUDGET && headers <= MAX_HEADERS_AHEAD && window <= MAX_WINDOW;
        assert!(is_kept, "{}: node {node} holds {progress:?}", self.context());
    }

    /// A machine's message goes out.
    pub(super) fn note_sent(&mut self, socket: Socket, message: &Message) {
        let does_answer =
            self.nodes[self.peer_at(socket)].is_honest() && !self.edges[socket.edge].is_hung;
        let seen = &mut self.end(socket).seen;
        let mut fault = None;
        match message {
            Message::Hello(_) if seen.said_hello => fault = Some("a second Hello"),
            Message::Hello(_) => seen.said_hello = true,
            _ if !seen.said_hello => fault = Some("something before Hello"),
            _ if !seen.got_hello => fault = Some("something to who did not say Hello"),
            Message::GetHeaders { locator, .. } if locator.len() > MAX_LOCATOR => {
                fault = Some("a locator that is too long");
            }
            Message::GetBlocks { request, count, .. } => {
                if !(1..=MAX_RANGE).contains(count) {
                    fault = Some("a range that is too long");
                }
                if seen.last_request.is_some_and(|last| last >= *request) {
                    fault = Some("a request's number again");
                }
                seen.last_request = Some(*request);
                seen.requests.push(Request { number: *request, left: *count });
                if does_answer {
                    let length = seen.requests.len();
                    self.world.report.worst.requests = self.world.report.worst.requests.max(length);
                    if length > MAX_REQUESTS {
                        fault = Some("too many requests");
                    }
                }
            }
            _ => (),
        }
        assert!(fault.is_none(), "{}: {} on {socket:?}", self.context(), fault.unwrap_or(""));
    }

    /// A machine is about to hear a message.
    pub(super) fn note_arrival(&mut self, socket: Socket, message: &Message) {
        let seen = &mut self.end(socket).seen;
        match message {
            Message::Hello(_) => seen.got_hello = true,
            Message::Blocks { request, bodies } => {
                let count = u32::try_from(bodies.len()).unwrap();
                for entry in seen.requests.iter_mut().filter(|entry| entry.number == *request) {
                    entry.left = entry.left.saturating_sub(count);
                }
                seen.requests.retain(|entry| entry.left > 0);
            }
            Message::NotFound { request } => {
                seen.requests.retain(|entry| entry.number != *request);
            }
            _ => (),
        }
    }

    pub(super) fn note_ready(&mut self, node: usize, link: LinkId) {
        let socket = Socket::of(link);
        let seen = &mut self.end(socket).seen;
        let is_again = std::mem::replace(&mut seen.is_ready, true);
        assert!(!is_again, "{}: node {node} is greeted twice on {link:?}", self.context());
    }

    pub(super) fn note_log(&mut self, node: usize, link: LinkId, told: &Note) {
        let kind = match told {
            Note::Invalid { .. } => "invalid",
            Note::NotHigher { .. } => "not higher",
            Note::ChainAboveCap { .. } => "above the cap",
            Note::Clock { .. } => "clock",
            Note::Started { .. } => return,
            Note::Stalled { .. } => {
                self.world.report.stalled += 1;
                return;
            }
            Note::Withheld { .. } => {
                self.note_withheld(link);
                return;
            }
        };
        let socket = Socket::of(link);
        let seen = &mut self.end(socket).seen;
        // A link that was closed by the same input may be told of all the same.
        let is_again = seen.notes.contains(&kind) && seen.said_hello;
        seen.notes.push(kind);
        assert!(!is_again, "{}: node {node} tells {told:?} twice", self.context());
    }

    /// A branch was given up, because of the node at the other end.
    fn note_withheld(&mut self, link: LinkId) {
        let socket = Socket::of(link);
        let other = self.peer_at(socket);
        let kind = match &self.nodes[other].actor {
            Actor::Honest(_) => None,
            Actor::Script(script) => Some(script.kind),
        };
        *self.world.report.withheld.entry(kind).or_default() += 1;
    }

    pub(super) fn note_ban(&mut self, node: usize, other: usize, reason: &'static str) {
        let Actor::Script(script) = &self.nodes[other].actor else {
            panic!("{}: node {node} bans {other} of our kind: {reason}", self.context())
        };
        *self.world.report.bans.entry((script.kind, reason)).or_default() += 1;
    }
}
