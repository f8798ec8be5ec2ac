//! Peers over real sockets: two and three nodes in this process, and peers that misbehave.

mod abuse;
mod bans;
mod binary;
mod caps;
mod closing;
mod deep;
mod links;
mod negotiation;
mod simulated;
mod split;
mod stopping;
