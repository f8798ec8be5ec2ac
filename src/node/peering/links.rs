//! The node's side of peer networking: commands to it, and the table of live links.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::chain::{Hash, Height, Timestamp};
use crate::node::{PeerUrl, SyncProgress};

/// Why a peer was not linked. Unless it was removed, it stays remembered and is tried again.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// No link came about.
    #[error("{0}")]
    Unreached(String),
    /// The address leads to this node.
    #[error("this is the node itself")]
    Oneself,
    /// What listens there is the REST API of a node.
    #[error(
        "this looks like a REST API, not a peer: give the port for peers, which is 7545 by default"
    )]
    RestApi,
    /// The peer's genesis block is another one.
    #[error("the peer is on another chain: its genesis block differs")]
    OtherChain,
    /// The operator removed the peer.
    #[error("the peer was removed; add it by name, or start the node again")]
    Removed,
}

impl DialError {
    /// No link came about for this reason.
    pub fn unreached(reason: impl Into<String>) -> Self {
        Self::Unreached(reason.into())
    }
}

/// A peer that is dialled, or would be if there were room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DialledPeer {
    /// Its address, as it was given.
    pub address: String,
    /// Whether the operator named it since the node started.
    pub is_named: bool,
    /// Whether there is a link to it.
    pub is_linked: bool,
    /// Attempts that failed since the last link.
    pub failures: u32,
    /// Why the last one failed.
    pub last_error: Option<DialError>,
    /// When it is tried next; `None` while it is linked, dialled or waits for a place.
    pub next_try: Option<Timestamp>,
}

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
    /// JSON with a peer that named no protocol, as the seed-like node's.
    Json,
    /// The same JSON with a peer that named `jenny.json.1`.
    JennyJson,
    /// The binary dialect, `jenny.postcard.1`.
    Binary,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 3] = [Self::Json, Self::JennyJson, Self::Binary];
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
    /// Whether it is encrypted, and the peer has a certificate of the operator's CA.
    pub tls: bool,
    /// What the peer calls itself, at most 128 characters.
    pub agent: Option<String>,
    /// The last block that the peer named, its hash where it named that too: a claim, not
    /// checked when it is not held here.
    pub tip: Option<(Height, Option<Hash>)>,
    /// Time from the last ping to its answer.
    pub rtt: Option<Duration>,
    /// Bytes received, frames and handshake included.
    pub received: u64,
    /// Bytes sent, frames and handshake included.
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
            dialect: Dialect::Json,
            tls: false,
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
        /// Whether the operator's file names it: that does not bring back what was removed, and
        /// may name any address.
        from_file: bool,
        /// The answer.
        reply: oneshot::Sender<Result<(), DialError>>,
    },
    /// Tell of every peer that is dialled.
    Known {
        /// The answer, in order of address.
        reply: oneshot::Sender<Vec<DialledPeer>>,
    },
    /// Forget a peer, and close the link to it.
    Forget {
        /// Its address, as it was given.
        address: String,
        /// Whether it was known.
        reply: oneshot::Sender<bool>,
    },
    /// Close the links with an address that was banned, but those to peers that the operator
    /// named.
    Disconnect {
        /// The address.
        address: IpAddr,
        /// How many links.
        reply: oneshot::Sender<usize>,
    },
    /// The operator accepted a branch that was refused because it forks too deep.
    AcceptForks {
        /// First blocks of all branches that are accepted.
        firsts: Vec<Hash>,
    },
}

/// The peer network's end of [`Links`].
#[derive(Debug)]
pub struct LinkServer {
    /// What is asked. Dropping it makes every later command fail.
    pub commands: mpsc::Receiver<LinkCommand>,
    /// The live links, kept up to date by the server.
    pub table: watch::Sender<Vec<LinkInfo>>,
    /// How fetching blocks goes, kept up to date by the server.
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
        self.dial_named(peer, false).await
    }

    /// As [`Links::dial`], for a peer that the operator's file names.
    ///
    /// # Errors
    /// As [`Links::dial`]; also when the peer was removed since the start.
    pub async fn dial_from_file(&self, peer: &PeerUrl) -> Result<(), DialError> {
        self.dial_named(peer, true).await
    }

    async fn dial_named(&self, peer: &PeerUrl, from_file: bool) -> Result<(), DialError> {
        if self.network.is_none() {
            return Err(DialError::unreached("this node was started without peer networking"));
        }
        let peer = peer.clone();
        let answer = self.command(|reply| LinkCommand::Dial { peer, from_file, reply }).await;
        answer.unwrap_or_else(|| Err(DialError::unreached("peer networking has stopped")))
    }

    /// Every peer that is dialled, in order of address; empty without peer networking.
    pub async fn known(&self) -> Vec<DialledPeer> {
        self.command(|reply| LinkCommand::Known { reply }).await.unwrap_or_default()
    }

    /// Forgets a peer and closes the link to it. Returns whether it was known.
    pub async fn forget(&self, address: &str) -> bool {
        let address = address.to_owned();
        self.command(|reply| LinkCommand::Forget { address, reply }).await.unwrap_or(false)
    }

    /// Closes the links with an address that was banned, but those to peers that the operator
    /// named. Returns how many.
    pub async fn disconnect(&self, address: IpAddr) -> usize {
        self.command(|reply| LinkCommand::Disconnect { address, reply }).await.unwrap_or(0)
    }

    /// The network's answer; `None` without one that runs.
    async fn command<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> LinkCommand,
    ) -> Option<T> {
        let network = self.network.as_ref()?;
        let (reply, answer) = oneshot::channel();
        network.commands.send(command(reply)).await.ok()?;
        answer.await.ok()
    }

    /// Tells the network which branches the operator accepted.
    pub(in crate::node) async fn accept_forks(&self, firsts: Vec<Hash>) {
        if let Some(network) = &self.network {
            // A network that has stopped reads them at the next start.
            let _ = network.commands.send(LinkCommand::AcceptForks { firsts }).await;
        }
    }

    /// The live links, to be waited on; `None` without peer networking.
    pub fn watch_table(&self) -> Option<watch::Receiver<Vec<LinkInfo>>> {
        self.network.as_ref().map(|network| network.table.clone())
    }

    /// How fetching blocks goes, to be waited on; `None` without peer networking.
    pub fn watch_progress(&self) -> Option<watch::Receiver<SyncProgress>> {
        self.network.as_ref().map(|network| network.progress.clone())
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
