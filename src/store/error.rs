//! Why the store failed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::chain::{BlockId, ForkPoint, Hash, Height};

/// A failure of this machine's storage. Never a peer's or a client's fault.
///
/// Each message says what was found; [`StoreError::advice`] says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process holds the database.
    #[error("{} is in use by {holder}", path.display())]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// Who holds it, as its lock file says: `process 4711`.
        holder: String,
    },
    /// There is no database in the directory.
    #[error("{} holds no chain", path.display())]
    Missing {
        /// The data directory.
        path: PathBuf,
    },
    /// What is stored contradicts itself.
    #[error("the database is damaged: {what}; it is not served")]
    Damaged {
        /// What was found, and where.
        what: String,
    },
    /// A newer program wrote the database.
    #[error("the database has schema {found}; this program supports up to {known}")]
    Newer {
        /// Schema on disk.
        found: u64,
        /// Newest schema this build knows.
        known: u64,
        /// The version of the program that wrote it, where that is known.
        program: Option<String>,
    },
    /// The directory holds another chain than the one asked for.
    #[error("the directory holds chain `{found}` ({found_id}), not `{wanted}` ({wanted_id})")]
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
        "{} MiB are free on the file system, but `store.min_free` requires {} MiB: make room, and the node accepts blocks again without a restart",
        free >> 20, needed >> 20
    )]
    DiskLow {
        /// Bytes left.
        free: u64,
        /// The guard's limit.
        needed: u64,
    },
    /// Too little room is left for a step that needs some.
    #[error(
        "{what} needs {} MiB on the file system of {}, where {} MiB are free; nothing was written",
        needed >> 20, path.display(), free >> 20
    )]
    NoRoom {
        /// Where room is needed.
        path: PathBuf,
        /// For what.
        what: String,
        /// Bytes left.
        free: u64,
        /// Bytes needed.
        needed: u64,
    },
    /// A view outlived its time.
    #[error("the read took longer than ten minutes and was aborted; start it again")]
    ViewExpired,
    /// The operating system refused an operation.
    #[error("{action}: {source}")]
    Io {
        /// What was tried, on which path.
        action: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A file of the database cannot be put on the disk, or read back from it.
    #[error(
        "{}: {action}: {source}; what this machine remembers of the database may not be on the disk, so it is not opened",
        path.display()
    )]
    Unsynchronised {
        /// The file.
        path: PathBuf,
        /// The operation that failed.
        action: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A write may not have reached the disk. Nothing more is written until the
    /// node is started again.
    #[error("a write failed and may not be on disk: {0}")]
    WriteFailed(String),
    /// The database was removed, moved or replaced while it was in use.
    #[error(
        "{} is not the database that was opened: that one was removed, moved or replaced while it was in use",
        path.display()
    )]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// Blocks at the end of the chain that were durable are gone.
    #[error("the chain ends at block {end}, but block {last} had been written; it is not served")]
    EndLost {
        /// Where the stored chain ends.
        end: Height,
        /// The last block that is known to have been durable.
        last: BlockId,
        /// The file that remembers it.
        durable_tip: PathBuf,
    },
    /// A block or branch that is not, or no longer, what the caller thought.
    #[error("block {0} is not stored")]
    NotHeld(BlockId),
    /// A branch forks deeper than may be without the operator.
    #[error(
        "the branch that begins with block {} forks off at height {} and would disconnect {depth} blocks, but `max_reorg_depth` is {max}",
        fork.first, fork.below
    )]
    DeepFork {
        /// Where it leaves the main chain.
        fork: ForkPoint,
        /// How many blocks it would disconnect.
        depth: u64,
        /// How many it may.
        max: u64,
    },
    /// A branch that was to be made the main chain has no more work than the applied chain.
    #[error("the branch that ends in block {0} has no more work than the chain")]
    NotHeavier(BlockId),
}

impl StoreError {
    /// What the operator may do next, a sentence each.
    pub fn advice(&self) -> Vec<String> {
        let backup = "move the data directory aside and keep it; then put a backup in its place, \
                      salvage it by `jenny repair --into NEWDIR`, or start with an empty directory \
                      (docs/operations.md, Corruption)";
        match self {
            Self::Locked { .. } => vec![
                "stop that process first; a running node serves `jenny status` and \
                 `jenny dump --url`"
                    .to_owned(),
            ],
            Self::Missing { .. } => vec![
                "create a chain with `jenny init` or `jenny run`, or name another data directory"
                    .to_owned(),
            ],
            Self::Damaged { .. } => vec![backup.to_owned()],
            Self::EndLost { end, durable_tip, .. } => vec![
                backup.to_owned(),
                format!(
                    "or, to go on without the blocks after {end}, copy the directory and remove {}",
                    durable_tip.display()
                ),
            ],
            Self::Newer { program: Some(version), .. } => {
                vec![format!("install jenny {version} or a newer version; nothing was changed")]
            }
            Self::Newer { program: None, .. } => {
                vec!["install the version that wrote it, or a newer one".to_owned()]
            }
            Self::NoRoom { .. } => {
                vec!["make room there, then run the command again".to_owned()]
            }
            Self::OtherChain { .. } => {
                vec![
                    "leave out --chain, correct `chain` in jenny.toml, or choose another \
                     --data-dir"
                        .to_owned(),
                ]
            }
            Self::Checkpoint { .. } => {
                vec!["correct the checkpoint, or start with an empty directory".to_owned()]
            }
            Self::Io { source, .. } => advice_on(source.kind()).into_iter().collect(),
            Self::Unsynchronised { .. } => vec![
                "look into the kernel's log (`dmesg`) and see that the disk works".to_owned(),
                "then start again: the database is read from the disk itself, and lacks \
                 nothing that was acknowledged, or the node says so"
                    .to_owned(),
            ],
            Self::WriteFailed(_) => vec![
                "see that the disk works and has room, then start again: what was acknowledged \
                 is on it"
                    .to_owned(),
            ],
            Self::DeepFork { fork: ForkPoint { first, .. }, .. } => vec![format!(
                "if that branch is the right one, accept it: `jenny repair --accept-fork {first}` \
                 while the node is stopped, or POST /v1/forks/{first}/accept"
            )],
            Self::Gone { .. } => vec![
                "put the data directory, or a backup of it, in its place, then start again; \
                 stop the node before you move or replace it"
                    .to_owned(),
            ],
            Self::DiskLow { .. } | Self::ViewExpired | Self::NotHeld(_) | Self::NotHeavier(_) => {
                Vec::new()
            }
        }
    }
}

/// What becomes of the failure of an action on this path.
pub(super) fn failed<'a>(
    action: &'a str,
    path: &'a Path,
) -> impl FnOnce(std::io::Error) -> StoreError + 'a {
    move |source| StoreError::Io { action: format!("{action} {}", path.display()), source }
}

fn advice_on(kind: ErrorKind) -> Option<String> {
    let advice = match kind {
        ErrorKind::PermissionDenied => {
            "the user that runs jenny must own the data directory and what is in it"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "opening a database writes to it: `jenny dump` and `jenny verify` read such media with \
             --read-only; for anything else, copy the data directory to where writing is possible"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room on the file system, then start again"
        }
        ErrorKind::NotADirectory => {
            "a part of that path is a file: name another data directory, or move the file"
        }
        _ => return None,
    };
    Some(advice.to_owned())
}
