//! What may happen to a node of the binary dialect.

use jenny_chain::chain::{BlockId, Height, ValidHeader};
use jenny_chain::sync::LinkId;
use jenny_chain::sync::message::{Body, Message};

/// One end of a link, in one of its lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Socket {
    pub(super) edge: usize,
    pub(super) end: usize,
    pub(super) epoch: u32,
}

impl Socket {
    /// The name that the machine at this end knows it by: never used twice.
    pub(super) const fn id(self) -> LinkId {
        LinkId(((self.edge * 2 + self.end) as u64) << 32 | self.epoch as u64)
    }
}

/// What goes over a link.
#[derive(Clone, Debug)]
pub(super) enum Frame {
    Message(Message),
    /// Not a message.
    Garbage,
}

#[derive(Debug)]
pub(super) enum Event {
    /// The dialling end tries.
    Dial { edge: usize },
    /// The socket is ready at one end.
    Open(Socket),
    /// A frame reaches this end.
    Arrive(Socket, Box<Frame>),
    /// This end learns that the link is gone.
    Gone(Socket),
    /// The socket took what was handed to it.
    Took(Socket),
    /// The machine's deadline.
    Wake { node: usize },
    /// A block was looked up.
    Found(Work<FindHeldAncestor>),
    /// Bodies were checked against their headers.
    Checked(Work<Check>),
    /// The writer's next job is durable.
    Written { node: usize, life: u32 },
    /// A script does something of its own accord.
    Act { node: usize, life: u32 },
}

/// What a node does beside its links.
#[derive(Debug)]
pub(super) struct Work<T> {
    pub(super) node: usize,
    pub(super) life: u32,
    pub(super) link: LinkId,
    pub(super) what: Box<T>,
}

#[derive(Debug)]
pub(super) struct FindHeldAncestor {
    pub(super) query: u64,
    pub(super) ids: Vec<BlockId>,
}

#[derive(Debug)]
pub(super) struct Check {
    pub(super) download: u64,
    pub(super) first: Height,
    pub(super) bodies: Vec<(ValidHeader, Body)>,
}
