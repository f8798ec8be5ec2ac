//! A link between two nodes, as often as it comes about, and its two ends.

use std::collections::VecDeque;

use jenny_chain::sync::LinkId;

use super::Dialect;
use crate::sim::clock::{Micros, SECOND};

/// First pause before a link is dialled again.
const FIRST_BACKOFF: Micros = SECOND;
/// Longest one.
pub(super) const LAST_BACKOFF: Micros = 600 * SECOND;
/// A link that lasted for so long begins with the first pause again.
const STABLE: Micros = 120 * SECOND;

pub(in crate::sim) struct Edge<D: Dialect> {
    /// The nodes: the first one dials. Both are one node when it dials itself.
    pub(in crate::sim) nodes: [usize; 2],
    pub(in crate::sim) ends: [End<D>; 2],
    pub(in crate::sim) latency: Micros,
    /// Bytes in a millisecond.
    pub(in crate::sim) rate: u64,
    /// The operator of the dialling node named the other one.
    pub(in crate::sim) is_wanted: bool,
    /// How often it was dialled.
    pub(in crate::sim) epoch: u32,
    /// What is sent is lost, and the ends find out late.
    pub(in crate::sim) is_hung: bool,
    /// When it is going to be dialled.
    pub(super) due: Option<Micros>,
    /// It was found to lead where something else does.
    pub(in crate::sim) same: Option<Same>,
    pub(super) backoff: Micros,
    pub(super) opened: Micros,
}

/// Why a link is not dialled.
#[derive(Clone, Copy)]
pub(in crate::sim) enum Same {
    /// It leads to the node itself.
    Node,
    /// Another link leads there, which stays as long as it lasts.
    Edge(usize),
}

/// What the driver at one end keeps.
pub(in crate::sim) struct End<D: Dialect> {
    /// The life in which it is open.
    pub(super) epoch: Option<u32>,
    /// When what was handed to the socket will have left.
    pub(in crate::sim) busy: Micros,
    /// Bytes that the link lost.
    pub(super) lost: u64,
    /// What waits for the socket.
    pub(in crate::sim) waiting: VecDeque<D::Outgoing>,
    /// What the socket is taking.
    pub(in crate::sim) doing: Option<D::Doing>,
    pub(in crate::sim) seen: D::Seen,
}

/// One end of a link, in one of its lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::sim) struct Socket {
    pub(in crate::sim) edge: usize,
    pub(in crate::sim) end: usize,
    pub(in crate::sim) epoch: u32,
}

impl<D: Dialect> Edge<D> {
    pub(super) fn new(nodes: [usize; 2], latency: Micros, rate: u64, is_wanted: bool) -> Self {
        Self {
            nodes,
            ends: [End::new(None, 0), End::new(None, 0)],
            latency,
            rate,
            is_wanted,
            epoch: 0,
            is_hung: false,
            due: None,
            same: None,
            backoff: FIRST_BACKOFF,
            opened: 0,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.ends.iter().all(|end| end.epoch.is_none())
    }

    pub(in crate::sim) fn is_open(&self) -> bool {
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

    pub(in crate::sim) fn socket(&self, edge: usize, end: usize) -> Option<Socket> {
        Some(Socket { edge, end, epoch: self.ends[end].epoch? })
    }
}

impl<D: Dialect> End<D> {
    pub(super) fn new(epoch: Option<u32>, busy: Micros) -> Self {
        Self {
            epoch,
            busy,
            lost: 0,
            waiting: VecDeque::new(),
            doing: None,
            seen: D::Seen::default(),
        }
    }
}

impl Socket {
    /// The name that the machine at this end knows it by: never used twice.
    pub(in crate::sim) const fn id(self) -> LinkId {
        LinkId(((self.edge * 2 + self.end) as u64) << 32 | self.epoch as u64)
    }

    /// Whose name this is.
    pub(in crate::sim) fn of(link: LinkId) -> Self {
        let end = usize::try_from(link.0 >> 32).unwrap();
        let epoch = u32::try_from(link.0 & u64::from(u32::MAX)).unwrap();
        Self { edge: end / 2, end: end % 2, epoch }
    }
}
