//! What may happen to a node of the binary dialect, and what goes over its links.

use jenny_chain::chain::{BlockId, Height, ValidHeader};
use jenny_chain::sync::LinkId;
use jenny_chain::sync::message::{Body, Message};

/// What goes over a link.
#[derive(Clone, Debug)]
pub(super) enum Frame {
    Message(Message),
    /// Not a message.
    Garbage,
}

/// What happens beside the links.
#[derive(Debug)]
pub(super) enum Event {
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
