//! Records on their way to a block: the pool, what a client sends, and what a reorg puts back.
//! Nothing here knows the node's threads: the writer and the handle call it.

pub(super) mod disconnected;
pub(super) mod pending_backup;
pub(super) mod pool;
pub(super) mod record_pool;
pub(super) mod restore;
pub(super) mod submission;
