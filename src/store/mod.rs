//! Blocks on disk. The only module that knows sled.
//!
//! One [`Writer`] appends and swaps; [`Reader`]s are cheap clones and read
//! through a [`View`], which is pinned to one chain. Every call may block on the
//! disk, so nothing here is called on an async worker. The layout is written
//! down, byte by byte, in `docs/storage.md`.

mod bans;
mod book;
mod branches;
mod check;
mod data_file;
mod database;
mod depth;
mod engine;
mod error;
mod guard;
mod layout;
mod lock;
mod open;
mod options;
mod own_file;
mod page_cache;
mod reader;
mod side;
mod swap;
mod sweep;
#[cfg(test)]
mod testkit;
mod tiles;
mod view;
mod witness;
mod writer;

pub use bans::{Ban, Bans, MAX_BAN, Unwritten};
pub use book::{Book, BookEntry};
pub use branches::Branches;
pub use check::Checked;
pub use depth::ForkPoint;
pub use error::StoreError;
pub use open::{Opened, exists, open};
pub use options::Options;
pub use own_file::open_own;
pub use reader::{Reader, StoredBlock, StoredHeader, Tip};
pub use swap::Swap;
pub use view::View;
pub use writer::Writer;
