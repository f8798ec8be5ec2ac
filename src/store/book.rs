//! The address book: peers that are dialled again after a restart.

use std::sync::Arc;

use super::StoreError;
use super::database::Database;
use super::guard::{guarded, read_error, write_error};
use super::layout::{decode_peer, encode_peer};

/// One peer of the address book.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BookEntry {
    /// Its address, as it was given.
    pub address: String,
    /// When a link to it last came about, in milliseconds since the epoch; 0 for never.
    pub last_success: u64,
    /// Attempts that failed since then.
    pub failures: u32,
}

/// The address book; cheap to clone. A loss of power may take its last second.
#[derive(Clone, Debug)]
pub struct Book {
    database: Arc<Database>,
}

/// Most peers in the book, about 2 KiB each. A new one takes the place of the one that
/// failed most often.
const MAX_ENTRIES: usize = 1_024;

impl Book {
    pub(super) const fn new(database: Arc<Database>) -> Self {
        Self { database }
    }

    /// Every peer, in order of address.
    ///
    /// # Errors
    /// When an entry does not decode, or the disk fails.
    pub fn entries(&self) -> Result<Vec<BookEntry>, StoreError> {
        guarded(|| {
            let mut entries = Vec::new();
            for entry in &self.database.peers {
                let (key, value) = entry.map_err(read_error)?;
                entries.push(decode_peer(&key, &value)?);
            }
            Ok(entries)
        })
    }

    /// Writes a peer down, over what the book had of it; the later success stays. Nothing is
    /// written while room on the disk is short.
    ///
    /// # Errors
    /// When an entry does not decode, or the disk fails.
    pub fn put(&self, entry: &BookEntry) -> Result<(), StoreError> {
        if self.database.check_room().is_err() {
            return Ok(());
        }
        guarded(|| {
            let peers = &self.database.peers;
            let (key, mut value) = encode_peer(entry);
            if let Some(known) = peers.get(&key).map_err(read_error)? {
                let last_success = decode_peer(&key, &known)?.last_success.max(entry.last_success);
                value = encode_peer(&BookEntry { last_success, ..entry.clone() }).1;
            } else {
                let known = self.entries()?;
                if known.len() >= MAX_ENTRIES
                    && let Some(worst) =
                        known.iter().max_by_key(|known| (known.failures, !known.last_success))
                {
                    peers.remove(encode_peer(worst).0).map_err(write_error)?;
                }
            }
            peers.insert(key, value).map_err(write_error)?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
