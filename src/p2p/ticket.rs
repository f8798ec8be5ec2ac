//! The driver's permission to run a link, and what goes between the two.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{mpsc, oneshot};

use crate::sync::{LinkId, Outgoing};

/// Things that may wait for a link's socket, a few bytes each: they name blocks and hold
/// none. A link whose queue is full is closed; it can catch up when it is opened again.
pub(super) const MAX_LINK_QUEUE: usize = 1_024;
const _: () = assert!(size_of::<Outgoing>() <= 64, "docs/bounds.md counts on it");

/// The driver's leave to run a link, and the link's end of what goes between them.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) link: LinkId,
    /// Of the peer.
    pub(super) ip: IpAddr,
    pub(super) waiting: mpsc::Receiver<Outgoing>,
    /// Overtakes what waits. A driver that is gone closes too.
    pub(super) close: oneshot::Receiver<Close>,
    pub(super) stop_range: Arc<AtomicBool>,
}

/// Whether a close with this code blames the peer: a protocol error, data of a wrong kind, text
/// that is not UTF-8, a breach of policy, or a message that is too long.
pub(super) const fn is_fault(code: u16) -> bool {
    matches!(code, 1002 | 1003 | 1007 | 1008 | 1009)
}

/// A close that we begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Close {
    /// RFC 6455 section 7.4.1.
    pub(super) code: u16,
    pub(super) reason: &'static str,
}
