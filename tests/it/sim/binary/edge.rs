//! A link between two nodes, as often as it comes about, and its two ends.

use std::collections::VecDeque;

use jenny_chain::sync::Output;

use super::arena::Id;
use super::event::Socket;
use crate::sim::clock::{Micros, SECOND};

/// First pause before a link is dialled again.
const FIRST_BACKOFF: Micros = SECOND;
/// Longest one.
pub(super) const LAST_BACKOFF: Micros = 600 * SECOND;
/// A link that lasted for so long begins with the first pause again.
const STABLE: Micros = 120 * SECOND;

pub(super) struct Edge {
    /// The nodes: the first one dials. Both are one node when it dials itself.
    pub(super) nodes: [usize; 2],
    pub(super) ends: [End; 2],
    pub(super) latency: Micros,
    /// Bytes in a millisecond.
    pub(super) rate: u64,
    /// The operator of the dialling node named the other one.
    pub(super) is_wanted: bool,
    /// How often it was dialled.
    pub(super) epoch: u32,
    /// What is sent is lost, and the ends find out late.
    pub(super) is_hung: bool,
    /// It is going to be dialled.
    pub(super) is_due: bool,
    /// It was found to lead where something else does.
    pub(super) same: Option<Same>,
    pub(super) backoff: Micros,
    pub(super) opened: Micros,
}

/// Why a link is not dialled.
#[derive(Clone, Copy)]
pub(super) enum Same {
    /// It leads to the node itself.
    Node,
    /// Another link leads there, which stays as long as it lasts.
    Edge(usize),
}

/// What the driver at one end keeps.
#[derive(Default)]
pub(super) struct End {
    /// The life in which it is open.
    pub(super) epoch: Option<u32>,
    /// When what was handed to the socket will have left.
    pub(super) busy: Micros,
    pub(super) sender: Sender,
    pub(super) seen: Seen,
}

/// What waits for the socket, and what it is taking.
#[derive(Default)]
pub(super) struct Sender {
    pub(super) waiting: VecDeque<Output>,
    pub(super) doing: Option<Doing>,
}

pub(super) enum Doing {
    /// One message, and then it was served.
    Last,
    /// Bodies that are still to be sent, of a view that was taken at the start.
    Bodies { request: u64, left: VecDeque<Id> },
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

impl Edge {
    pub(super) fn new(nodes: [usize; 2], latency: Micros, rate: u64, is_wanted: bool) -> Self {
        Self {
            nodes,
            ends: [End::default(), End::default()],
            latency,
            rate,
            is_wanted,
            epoch: 0,
            is_hung: false,
            is_due: false,
            same: None,
            backoff: FIRST_BACKOFF,
            opened: 0,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.ends.iter().all(|end| end.epoch.is_none())
    }

    pub(super) fn is_open(&self) -> bool {
        self.ends.iter().all(|end| end.epoch.is_some())
    }

    /// The pause before it is dialled again; the next one is longer.
    pub(super) fn next_backoff(&mut self, now: Micros) -> Micros {
        if self.opened > 0 && now.saturating_sub(self.opened) >= STABLE {
            self.backoff = FIRST_BACKOFF;
        }
        self.opened = 0;
        let pause = self.backoff;
        self.backoff = (2 * pause).min(LAST_BACKOFF);
        pause
    }

    pub(super) fn socket(&self, edge: usize, end: usize) -> Option<Socket> {
        Some(Socket { edge, end, epoch: self.ends[end].epoch? })
    }
}
