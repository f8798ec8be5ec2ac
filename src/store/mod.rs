//! Blocks on disk. The only module that knows sled.
//!
//! One [`Writer`] appends and reorgs; [`Reader`]s are cheap clones and read
//! through a [`View`], which is pinned to one chain. Every call may block on the
//! disk, so nothing here is called on an async worker. The layout is written
//! down, byte by byte, in `docs/storage.md`.

mod branch;
mod branches;
mod database;
mod durable_tip;
mod error;
mod fork_point;
mod layout;
mod lock;
mod open;
mod options;
mod own_file;
mod peers;
mod reader;
mod reorg;
mod sled;
mod sweep;
#[cfg(test)]
mod test_util;
mod tiles;
mod verify;
mod view;
mod writer;

pub use branches::Branches;
pub use error::StoreError;
pub use open::{Opened, exists, open};
pub use options::Options;
pub use own_file::open_own;
pub use peers::address_book::{Book, BookEntry};
pub use peers::bans::{Ban, Bans, MAX_BAN, Unwritten};
pub use reader::{Reader, StoredBlock};
pub use reorg::Reorg;
pub use sled::errors::panic_message;
pub use verify::Checked;
pub use view::View;
pub use writer::Writer;
