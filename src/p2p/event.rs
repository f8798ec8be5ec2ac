//! What the driver is told.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::socket::stats::Stats;
use super::socket::subprotocol::Agreed;
use super::ticket::Ticket;
use crate::node::{DialError, PeerUrl};
use crate::sync::message::Message;
use crate::sync::{BinaryInput, Input, LinkId};

/// What the driver is told.
#[derive(Debug)]
pub(super) enum Event {
    /// A link's input for the machine.
    Input(Input),
    /// A message of the binary dialect. The link reads the next one when `taken` is dropped.
    Message { link: LinkId, message: Box<Message>, taken: OwnedSemaphorePermit },
    /// Bodies were checked: this is what the machine is told. It does not know a link that is
    /// over, so `to_ban` names the address to ban for a wrong body all the same.
    Checked { checked: BinaryInput, to_ban: Option<IpAddr> },
    /// A peer has connected and was upgraded. Without an answer it is refused.
    Accepted(Arrival),
    /// A peer that was dialled is connected and upgraded.
    Dialled { peer: PeerUrl, arrival: Arrival },
    /// A peer that was dialled could not be reached.
    Unreached { peer: PeerUrl, error: DialError },
    /// A link is over.
    Ended { link: LinkId, reason: String },
}

/// A connection that is upgraded. It becomes a link when it is answered.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) address: SocketAddr,
    pub(super) agreed: Agreed,
    /// Whether it is encrypted, and the peer has a certificate of the CA.
    pub(super) tls: bool,
    pub(super) stats: Arc<Stats>,
    pub(super) reply: oneshot::Sender<Ticket>,
}
