//! The node's side of peer networking: commands to it, and the table of live links.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::{PeerUrl, SyncProgress};
use crate::chain::{Hash, Height, Timestamp};

/// Why a peer was not linked. It stays remembered and is tried again.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct DialError(pub String);

/// Who opened a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// This node did.
    Dialled,
    /// The peer did.
    Accepted,
}

/// What is spoken on a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Dialect {
    /// JSON with a peer that named no protocol, as the seed's.
    Seed,
    /// The same JSON with a peer that named `jenny.json.1`.
    JennyJson,
    /// The binary dialect, `jenny.postcard.1`.
    Native,
}

/// A live link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkInfo {
    /// The other end.
    pub address: SocketAddr,
    /// Who opened it.
    pub direction: Direction,
    /// What is spoken.
    pub dialect: Dialect,
    /// What the peer calls itself, at most 128 characters.
    pub agent: Option<String>,
    /// The last block that the peer named, its hash where it named that too: a claim, not
    /// checked when it is not held here.
    pub tip: Option<(Height, Option<Hash>)>,
    /// Time from the last ping to its answer.
    pub rtt: Option<Duration>,
    /// Bytes received, frames and handshake with them.
    pub received: u64,
    /// Bytes sent, likewise.
    pub sent: u64,
    /// When it came about.
    pub since: Timestamp,
}

impl LinkInfo {
    /// A link on which nothing was said yet.
    pub const fn new(address: SocketAddr, direction: Direction, since: Timestamp) -> Self {
        Self {
            address,
            direction,
            dialect: Dialect::Seed,
            agent: None,
            tip: None,
            rtt: None,
            received: 0,
            sent: 0,
            since,
        }
    }
}

/// Commands to the peer network, and its link table; cheap to clone.
#[derive(Clone, Debug)]
pub struct Links {
    /// None without peer networking.
    network: Option<Network>,
}

/// What the peer network is asked to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkCommand {
    /// Remember a peer, dial it, and answer when it is linked or could not be.
    Dial {
        /// The peer.
        peer: PeerUrl,
        /// The answer.
        reply: oneshot::Sender<Result<(), DialError>>,
    },
}

/// The peer network's end of [`Links`].
#[derive(Debug)]
pub struct LinkServer {
    /// What is asked. Dropping it makes every later command fail.
    pub commands: mpsc::Receiver<LinkCommand>,
    /// The live links, kept up to date by the server.
    pub table: watch::Sender<Vec<LinkInfo>>,
    /// How fetching blocks goes, likewise.
    pub progress: watch::Sender<SyncProgress>,
}

/// Commands that may wait for the peer network, a peer's URL each, at most 2 KiB; above
/// it those who ask wait.
const MAX_LINK_COMMANDS: usize = 64;

#[derive(Clone, Debug)]
struct Network {
    commands: mpsc::Sender<LinkCommand>,
    table: watch::Receiver<Vec<LinkInfo>>,
    progress: watch::Receiver<SyncProgress>,
}

impl Links {
    /// A node without peer networking: every dial is refused, the table is empty.
    pub const fn none() -> Self {
        Self { network: None }
    }

    /// Both ends of a peer network.
    pub fn channel() -> (Self, LinkServer) {
        let (send, commands) = mpsc::channel(MAX_LINK_COMMANDS);
        let (table, links) = watch::channel(Vec::new());
        let (progress, seen) = watch::channel(SyncProgress::default());
        let network = Network { commands: send, table: links, progress: seen };
        (Self { network: Some(network) }, LinkServer { commands, table, progress })
    }

    /// Remembers a peer, dials it, and waits for the link up to the dial timeout. A
    /// peer that is linked already gets no second link.
    ///
    /// # Errors
    /// Why there is no link.
    pub async fn dial(&self, peer: &PeerUrl) -> Result<(), DialError> {
        let Some(network) = &self.network else {
            return Err(DialError("this node was started without peer networking".to_owned()));
        };
        let stopped = || DialError("peer networking has stopped".to_owned());
        let (reply, answer) = oneshot::channel();
        let command = LinkCommand::Dial { peer: peer.clone(), reply };
        network.commands.send(command).await.map_err(|_| stopped())?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// The live links.
    pub fn table(&self) -> Vec<LinkInfo> {
        self.network.as_ref().map(|network| network.table.borrow().clone()).unwrap_or_default()
    }

    /// How fetching blocks from peers goes; idle without peer networking.
    pub fn progress(&self) -> SyncProgress {
        self.network.as_ref().map(|network| network.progress.borrow().clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
