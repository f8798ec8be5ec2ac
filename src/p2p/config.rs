//! How the peer network behaves.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;

use super::allow_list::AllowList;
use crate::node::PeerUrl;
use crate::tls::Credentials;

/// The peers that pending records are relayed to and taken from, over the binary dialect.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum RelayPolicy {
    /// Those that the operator named, and those with a certificate of the operator's CA.
    #[default]
    Named,
    /// All.
    All,
    /// None.
    Off,
}

/// How the peer network behaves.
#[derive(Clone, Debug)]
pub struct P2pConfig {
    /// Where to listen; default `127.0.0.1:7545`. Port 0 picks a free one.
    pub listen: SocketAddr,
    /// What is shown and trusted on [`P2pConfig::listen`], where every peer must have a
    /// certificate of the CA; default none, for links in clear text.
    pub tls: Option<Credentials>,
    /// Where to listen for links in clear text beside those with TLS; default nowhere. Without
    /// [`P2pConfig::tls`] it is not used.
    pub plain_listen: Option<SocketAddr>,
    /// Whether peers are dialled with TLS alone; default false.
    pub require_tls: bool,
    /// The networks of which peers are linked to, both ways; default all.
    pub allow: AllowList,
    /// Peers to dial from the start, beside those of the address book.
    pub peers: Vec<PeerUrl>,
    /// Whether the binary dialect is spoken, with peers that do so too; default true.
    pub binary: bool,
    /// The peers that pending records are relayed with; default those that the operator named.
    pub relay: RelayPolicy,
    /// Names this node to those it is linked to over the binary dialect; default random. Two
    /// nodes with one number take each other for themselves.
    pub nonce: u64,
    /// Longest message of the JSON dialect taken or sent, fragments summed, in bytes; default 64 MiB, at most
    /// [`MAX_MAX_MESSAGE`].
    pub max_message: usize,
    /// Links that this node keeps to peers it dials; default 8.
    pub max_dialled: usize,
    /// Links that peers may open; default 32. Each costs about 100 KiB.
    pub max_accepted: usize,
    /// Of these, links of one IPv4 /24 or IPv6 /64; default 4. Loopback is not counted.
    pub max_per_prefix: usize,
    /// Time for connecting and upgrading, on both sides; default 5 s.
    pub handshake_timeout: Duration,
    /// How often a link is pinged; default 30 s.
    pub ping_every: Duration,
    /// How long a link may be silent; default 90 s.
    pub silence: Duration,
    /// Time the other side has to take what is sent; default 30 s.
    pub send_timeout: Duration,
    /// How long a peer stays on another tip of the same work before that is a split; default two
    /// block times.
    pub split_after: Option<Duration>,
    /// Where randomness comes from: it spreads the times of redials.
    pub random: fn() -> u64,
}

/// Largest [`P2pConfig::max_message`]: 128 MiB, all that the links may hold together.
pub const MAX_MAX_MESSAGE: usize = 128 << 20;

impl Default for P2pConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7545)),
            tls: None,
            plain_listen: None,
            require_tls: false,
            allow: AllowList::default(),
            peers: Vec::new(),
            binary: true,
            relay: RelayPolicy::default(),
            nonce: RandomState::new().hash_one(0_u8),
            max_message: 64 << 20,
            max_dialled: 8,
            max_accepted: 32,
            max_per_prefix: 4,
            handshake_timeout: Duration::from_secs(5),
            ping_every: Duration::from_secs(30),
            silence: Duration::from_secs(90),
            send_timeout: Duration::from_secs(30),
            split_after: None,
            random: || RandomState::new().hash_one(0_u8),
        }
    }
}

/// Accepted links that are being closed, beside those that are open; each lasts 2 s at most.
pub(super) const MAX_CLOSING: usize = 32;

/// Connections that are being upgraded or refused at a time, about 50 KiB each. Were more of
/// them to wait, a flood of silent ones would fill the system's queue, and a peer could not
/// even connect.
pub(super) const MAX_UPGRADING: usize = 256;

/// Beside these, connections that gave up their places and are not gone yet.
pub(super) const MAX_LEAVING: usize = 64;

/// Dials that may be under way beside the links that are kept: those that clients wait for, and
/// further addresses of a name.
const DIALS: usize = 32;

impl P2pConfig {
    /// Sockets that the peer network has open at most.
    pub const fn sockets(&self) -> usize {
        let accepted = self.max_accepted.saturating_add(MAX_CLOSING + MAX_UPGRADING + MAX_LEAVING);
        // And its listeners.
        self.max_dialled.saturating_mul(2).saturating_add(accepted).saturating_add(DIALS + 2)
    }
}
