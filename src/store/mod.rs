//! Blocks on disk. The only module that knows sled.
//!
//! One [`Writer`] appends and reorgs, and its [`Syncer`] makes durable what it appended;
//! [`Reader`]s are cheap clones and read through a [`View`], which is pinned to one chain. Every call may block on the
//! disk, so nothing here is called on an async worker. The layout is written
//! down, byte by byte, in `docs/storage.md`.

mod accepted_forks;
pub mod archive;
mod branch_index;
mod branches;
mod database;
mod durable_tip;
mod error;
mod heartbeat;
mod index;
mod layout;
mod lock;
mod nodes;
mod open;
mod options;
mod own;
mod own_file;
mod own_marks;
mod own_waiting;
mod peers;
mod pending;
mod private_copy;
mod prune;
mod reader;
mod reorg;
mod reorgs;
mod salvage;
mod schema;
mod schema_file;
mod sled;
mod stored_block;
mod subtree_roots;
mod sweep;
mod syncer;
#[cfg(test)]
mod test_util;
mod tiles;
mod verify;
mod view;
mod writer;

pub use branches::Branches;
pub use error::StoreError;
pub use heartbeat::Heartbeat;
pub use index::{HashPrefix, IndexBatch, IndexStep, RecordLocation, RecordPlace};
pub use lock::DirectoryLock;
pub use open::{Opened, exists, hold, open, open_held};
pub use options::Options;
pub use own::OwnDisconnected;
pub use own_file::open_own;
pub use own_marks::OwnMark;
pub use own_waiting::{OwnWaiting, TooManyWaiting, WaitingBounds, pending_charge};
pub use peers::address_book::Book;
pub use peers::ban::Ban;
pub use peers::ban_table::Unwritten;
pub use peers::bans::{Bans, MAX_BAN};
pub use peers::book_entry::BookEntry;
pub use pending::{PendingBatch, PendingRecord};
pub use private_copy::{Copied, copy_stopped};
pub use reader::Reader;
pub use reorg::{Reorg, ReorgPlan};
pub use reorgs::RecordedReorg;
pub use salvage::{Listed, LostBlock, LostRecord, RETURNED_FILE, Ranges, Salvaged, salvage};
pub use schema::{Schema, migrate, schema};
pub use sled::errors::panic_message;
pub use stored_block::StoredBlock;
pub use syncer::{Sealed, Syncer};
pub use verify::Checked;
pub use view::View;
pub use writer::Writer;
