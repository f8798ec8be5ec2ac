//! Whom to dial: the known peers, their order, and how long to wait.

pub(super) mod addresses;
pub(super) mod backoff;
pub(super) mod known_peers;
