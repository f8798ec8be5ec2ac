//! What the node's edges share of peers: their addresses, their links and the progress of a sync.

pub(super) mod forgotten;
pub(super) mod links;
pub(super) mod peer_url;
pub(super) mod peers_file;
pub(super) mod progress;
