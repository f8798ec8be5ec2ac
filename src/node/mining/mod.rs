//! Mining: the queue of requests, the miner, and the search for a nonce.

pub(super) mod hash_rate;
pub(super) mod miner;
pub(super) mod queue;
pub(super) mod request;
mod search;
