//! Sockets to peers: WebSocket links that speak the seed's dialect or the binary one, and the
//! driver of the machine in `sync`.
//!
//! A connection comes from [`transport`] through [`connect`], and is upgraded by [`handshake`] or
//! [`upgrade`]. Behind the upgrade lies an [`intake`] that bounds its messages. It becomes a
//! [`link`]: a [`reader`] that judges what comes, one message at a time, and a [`writer`]; for the
//! binary dialect [`native`] has both. The one [`driver`] owns the machine, the [`table`] of links
//! and the peers to dial ([`dials`]). The contract is written down in `docs/p2p.md`.

mod binary;
mod config;
mod context;
mod dialing;
mod driver;
mod event;
mod json;
mod link;
mod network;

pub use config::{MAX_MAX_MESSAGE, P2pConfig};
pub use network::Network;
pub use socket::transport::{Connected, Tcp, Transport};

#[cfg(test)]
mod eclipse;
mod socket;
#[cfg(test)]
mod test_util;
