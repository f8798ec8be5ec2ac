//! The owner of the state: one writer thread, the miner, and the handle by which
//! everything else reads and changes the chain.
//!
//! Life of a mined block: `handle` puts a request into the `inbox`, the `miner`
//! takes it and searches a nonce (`search`), the `writer` makes it durable and
//! answers. Life of an offered block: `offer` checks it, the `writer` appends or
//! stages it. Only the writer changes the chain, and nothing is answered before
//! it is durable.

mod base;
mod check;
mod clock;
mod command;
mod config;
mod connect;
mod error;
mod forgotten;
mod forks;
mod handle;
mod held;
mod inbox;
mod links;
mod miner;
mod offer;
mod peer_url;
mod progress;
mod rate;
mod request;
mod running;
mod search;
mod shared;
mod status;
mod swaps;
mod writer;

pub use crate::store::{
    Ban, BookEntry as KnownPeer, ForkPoint, MAX_BAN, StoreError, StoredBlock, StoredHeader, Tip,
    View,
};
pub use base::Base;
pub use clock::{ClockFault, duration_text};
pub use config::NodeConfig;
pub use connect::Connecting;
pub use error::{MineError, NodeFailure, OfferError};
pub use forks::DeepFork;
pub use handle::NodeHandle;
pub use links::{
    DialError, Dialect, DialledPeer, Direction, LinkCommand, LinkInfo, LinkServer, Links,
};
pub use offer::{Branch, Offered};
pub use peer_url::{PeerUrl, PeerUrlError, is_local_service};
pub use progress::{PeerSplit, SyncProgress, SyncState};
pub use request::Mined;
pub use running::Node;
pub(crate) use shared::panic_message;
pub use status::{DisplacedBlock, Displacement, HeldBlock, NodeStatus, SwapSummary};

#[cfg(test)]
pub(crate) mod testing;
