//! Why the store failed.

use std::path::PathBuf;

use crate::chain::{Hash, Height};

/// A failure of this machine's storage. Never a peer's or a client's fault.
///
/// Each message says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process holds the database.
    #[error("{} is in use by {holder}; stop that process, or ask the running node instead", path.display())]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// Who holds it, as its lock file says: `process 4711`.
        holder: String,
    },
    /// There is no database in the directory.
    #[error("{} holds no chain; `jenny init` or `jenny run` creates one", path.display())]
    Missing {
        /// The data directory.
        path: PathBuf,
    },
    /// What is stored contradicts itself.
    #[error(
        "the database is damaged: {what}. It is not served. Move the directory aside and keep it, then let a fresh directory fetch the chain from peers, or restore a backup"
    )]
    Damaged {
        /// What was found, and where.
        what: String,
    },
    /// A newer program wrote the database.
    #[error(
        "the database has schema {found}, this program knows up to {known}; install the version that wrote it, or a newer one"
    )]
    Newer {
        /// Schema on disk.
        found: u64,
        /// Newest schema this build knows.
        known: u64,
    },
    /// The directory holds another chain than the one asked for.
    #[error(
        "the directory holds chain `{found}` ({found_id}), not `{wanted}` ({wanted_id}); leave out --chain, or choose another --data-dir"
    )]
    OtherChain {
        /// Name of the stored chain.
        found: String,
        /// Its genesis hash.
        found_id: Hash,
        /// Name of the chain asked for.
        wanted: String,
        /// Its genesis hash.
        wanted_id: Hash,
    },
    /// The stored chain contradicts a configured checkpoint.
    #[error(
        "block {height} is {found}, but the checkpoint says {expected}; correct the checkpoint, or start with a fresh directory"
    )]
    Checkpoint {
        /// Height of the checkpoint.
        height: Height,
        /// The checkpoint's hash.
        expected: Hash,
        /// The stored block's hash.
        found: Hash,
    },
    /// Too little room is left on the file system.
    #[error(
        "only {free} bytes are free on the file system, {needed} are required; make room, blocks are accepted again by themselves"
    )]
    DiskLow {
        /// Bytes left.
        free: u64,
        /// The guard's limit.
        needed: u64,
    },
    /// A view outlived its time.
    #[error("the read took longer than ten minutes and was ended; start it again")]
    ViewExpired,
    /// The operating system refused an operation.
    #[error("{action}: {source}")]
    Io {
        /// What was tried, on which path.
        action: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A write may not have reached the disk. Nothing more is written until the
    /// node is started again.
    #[error("a write failed and may not be on disk: {0}; the node must be started again")]
    WriteFailed(String),
    /// A block or branch that is not, or no longer, what the caller thought.
    #[error("block {height} {hash} is not held")]
    NotHeld {
        /// The block's height.
        height: Height,
        /// The block's hash.
        hash: Hash,
    },
    /// A branch that was to be swapped in has no more work than the applied chain.
    #[error("the branch that ends in block {height} {hash} has no more work than the chain")]
    NotHeavier {
        /// The branch's last height.
        height: Height,
        /// Its last hash.
        hash: Hash,
    },
}
