//! Sockets to peers: WebSocket links that speak the JSON dialect or the binary one, and the
//! driver of the state machine in `sync`.
//!
//! The [`allow_list`] is asked first of all.
//! A connection comes from [`socket::transport`] through [`connect`].
//! [`socket::subprotocol`] agrees on the dialect, and `socket::upgrade` makes it a WebSocket.
//! Behind the upgrade lies a [`socket::frame_guard`] that bounds its messages. The connection
//! becomes a [`link`] with a reader and a writer: [`json`] and [`binary`] have one of each. The one
//! [`driver`] owns the machine, the table of links and the peers to dial ([`dialing`]). The contract
//! is written down in `docs/p2p.md`.

mod allow_list;
mod binary;
mod config;
mod connect;
mod context;
mod dialing;
mod driver;
#[cfg(test)]
mod eclipse;
mod event;
mod json;
mod link;
mod net_group;
mod network;
mod refused;
mod sent_block;

pub use allow_list::{AllowList, AllowListError, MAX_ALLOWED};
pub use config::{MAX_MAX_MESSAGE, P2pConfig, RelayPolicy};
pub use network::{BindError, Network};
pub use socket::transport::{Connected, Tcp, Transport};

mod socket;
#[cfg(test)]
mod test_util;
mod ticket;
