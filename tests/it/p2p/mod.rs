//! Peers over real sockets: two and three nodes in this process, and peers that misbehave.

pub(crate) mod abuse;
mod bans;
mod binary;
mod caps;
mod closing;
mod cluster;
mod deep;
mod json;
mod links;
mod metrics;
mod negotiation;
mod partition;
mod relay;
mod split;
mod stopping;
mod tie;
