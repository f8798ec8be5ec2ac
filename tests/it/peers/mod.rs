//! Peers over real sockets: two and three nodes in this process, and peers that misbehave.

mod abuse;
mod bans;
mod caps;
mod closing;
mod deep;
mod links;
mod native;
mod negotiation;
mod simulated;
mod split;
mod stopping;
