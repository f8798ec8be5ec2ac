//! Mining: requests, the queue of them, the turns of requests and pool, what else is to be mined,
//! and the search for a nonce.

pub(super) mod demand;
pub(super) mod hash_rate;
pub(super) mod job;
pub(super) mod mined_counts;
pub(super) mod queue;
pub(super) mod request;
pub(super) mod seals;
pub(super) mod search;
pub(super) mod ties;
pub(super) mod turns;
