//! The address book: peers that are dialled again after a restart.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::book_entry::BookEntry;
use super::layout::{PEER_ANCHOR, PEER_KNOWN, PEER_LEARNED, decode_peer, encode_peer, peer_key};
use crate::store::StoreError;
use crate::store::database::Database;
use crate::store::sled::errors::{guarded, read_error, write_error};

/// The address book; cheap to clone. Kill -9 may take its last half second, a loss of power more.
#[derive(Clone, Debug)]
pub struct Book {
    database: Arc<Database>,
    /// Held while a peer is written.
    index: Arc<Mutex<BookIndex>>,
}

/// Most peers in the book, about 2 KiB each. A new one takes the place of the one that
/// failed most often, a learned one if there is any. A learned one takes the place of no other.
const MAX_ENTRIES: usize = 1_024;

/// What the database holds of the book, as far as it decides who makes room: so that a stranger's
/// `Hello` does not have the whole book read.
#[derive(Debug, Default)]
struct BookIndex(Option<BTreeMap<Vec<u8>, Badness>>);

/// What makes an entry the one to forget: it was only learned, it failed often, it was reached long
/// ago.
type Badness = (bool, u32, Reverse<u64>);

const fn badness(entry: &BookEntry) -> Badness {
    (entry.learned, entry.failures, Reverse(entry.last_success))
}

impl Book {
    pub(in crate::store) fn new(database: Arc<Database>) -> Self {
        Self { database, index: Arc::default() }
    }

    /// Every peer: those that were added or reached in order of address, then the learned ones.
    ///
    /// # Errors
    /// When an entry does not decode, or the disk fails.
    pub fn entries(&self) -> Result<Vec<BookEntry>, StoreError> {
        guarded(|| {
            let mut entries = Vec::new();
            for tag in [PEER_KNOWN, PEER_LEARNED] {
                for entry in self.database.peers.scan_prefix(tag) {
                    let (key, value) = entry.map_err(read_error)?;
                    entries.push(decode_peer(&key, &value)?);
                }
            }
            Ok(entries)
        })
    }

    /// How many peers there are.
    ///
    /// # Errors
    /// As [`Book::entries`], which it reads the first time.
    pub fn count(&self) -> Result<usize, StoreError> {
        guarded(|| {
            let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
            let index = match &mut index.0 {
                Some(index) => index,
                unread => unread.insert(self.read_index()?),
            };
            Ok(index.len())
        })
    }

    /// Writes a peer down, over what the book had of it; the later success stays. A peer that
    /// was added or reached is not learned again. Nothing is written while room on the disk is
    /// short.
    ///
    /// # Errors
    /// When an entry does not decode, or the disk fails.
    pub fn put(&self, entry: &BookEntry) -> Result<(), StoreError> {
        self.put_if(entry, &|_| true)
    }

    /// As [`Book::put`], if the address is still wanted once it is this call's turn: a removal
    /// is not undone by what was under way.
    ///
    /// # Errors
    /// As [`Book::put`].
    pub fn put_if(
        &self,
        entry: &BookEntry,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<(), StoreError> {
        if self.database.check_room().is_err() {
            return Ok(());
        }
        guarded(|| {
            // What is read stays true until it is written; a panic elsewhere left the tree whole.
            let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
            if !is_wanted(&entry.address) {
                return Ok(());
            }
            let index = match &mut index.0 {
                Some(index) => index,
                unread => unread.insert(self.read_index()?),
            };
            let mut entry = entry.clone();
            let known = self.get(&entry.address, false)?;
            let learned = self.get(&entry.address, true)?;
            if let Some(before) = known.as_ref().or(learned.as_ref()) {
                entry.last_success = entry.last_success.max(before.last_success);
            }
            entry.learned = entry.learned && known.is_none() && entry.last_success == 0;
            if known.is_none() && learned.is_none() && !self.make_room(index, &entry)? {
                return Ok(());
            }
            let peers = &self.database.peers;
            if learned.is_some() && !entry.learned {
                let key = peer_key(&entry.address, true);
                peers.remove(&key).map_err(write_error)?;
                index.remove(&key);
            }
            let (key, value) = encode_peer(&entry);
            peers.insert(&key, value).map_err(write_error)?;
            index.insert(key, badness(&entry));
            Ok(())
        })
    }

    /// The addresses of the anchors: peers to dial before others after a restart.
    ///
    /// # Errors
    /// When an entry does not decode, or the disk fails.
    pub fn anchors(&self) -> Result<Vec<String>, StoreError> {
        guarded(|| {
            let mut anchors = Vec::new();
            for entry in self.database.peers.scan_prefix(PEER_ANCHOR) {
                let (key, _) = entry.map_err(read_error)?;
                let address =
                    key.strip_prefix(PEER_ANCHOR).and_then(|key| std::str::from_utf8(key).ok());
                let what = "an anchor of the address book does not decode";
                let address =
                    address.ok_or_else(|| StoreError::Damaged { what: what.to_owned() })?;
                anchors.push(address.to_owned());
            }
            Ok(anchors)
        })
    }

    /// Replaces the anchors. Nothing is written while room on the disk is short.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn set_anchors(&self, addresses: &[String]) -> Result<(), StoreError> {
        if self.database.check_room().is_err() {
            return Ok(());
        }
        let before = self.anchors()?;
        guarded(|| {
            let mut batch = sled::Batch::default();
            for address in before {
                batch.remove([PEER_ANCHOR, address.as_bytes()].concat());
            }
            for address in addresses {
                batch.insert([PEER_ANCHOR, address.as_bytes()].concat(), &[]);
            }
            self.database.peers.apply_batch(batch).map_err(write_error)
        })
    }

    /// Removes a peer, also from the anchors. Returns whether the book had it.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove(&self, address: &str) -> Result<bool, StoreError> {
        guarded(|| {
            let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
            let peers = &self.database.peers;
            peers.remove([PEER_ANCHOR, address.as_bytes()].concat()).map_err(write_error)?;
            let mut had = false;
            for learned in [false, true] {
                let key = peer_key(address, learned);
                had |= peers.remove(&key).map_err(write_error)?.is_some();
                if let Some(index) = &mut index.0 {
                    index.remove(&key);
                }
            }
            Ok(had)
        })
    }

    fn get(&self, address: &str, learned: bool) -> Result<Option<BookEntry>, StoreError> {
        let key = peer_key(address, learned);
        let value = self.database.peers.get(&key).map_err(read_error)?;
        value.map(|value| decode_peer(&key, &value)).transpose()
    }

    fn read_index(&self) -> Result<BTreeMap<Vec<u8>, Badness>, StoreError> {
        let entries = self.entries()?;
        Ok(entries.iter().map(|entry| (encode_peer(entry).0, badness(entry))).collect())
    }

    /// Forgets a peer if the book is full. Returns whether there is room for the new one: what
    /// strangers say must not push out what the operator said, or what was reached.
    fn make_room(
        &self,
        index: &mut BTreeMap<Vec<u8>, Badness>,
        new: &BookEntry,
    ) -> Result<bool, StoreError> {
        if index.len() < MAX_ENTRIES {
            return Ok(true);
        }
        let worst = index.iter().max_by_key(|(_, badness)| **badness);
        let gives_way = |(learned, ..): Badness| learned || !new.learned;
        let worst = worst.filter(|(_, badness)| gives_way(**badness));
        let Some(worst) = worst.map(|(key, _)| key.clone()) else { return Ok(false) };
        self.database.peers.remove(&worst).map_err(write_error)?;
        index.remove(&worst);
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
