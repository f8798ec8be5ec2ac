//! Where blocks beside the main chain are, by their hashes. The writer keeps these entries with
//! the blocks themselves; those of a branch that is being downloaded come when it is pruned or
//! kept.

use super::StoreError;
use super::database::{self, Database, touch};
use super::sled::errors::{read_error, write_error};
use crate::chain::{BlockId, Hash, Height};

/// Before the place of a block beside the main chain in `index`.
const BRANCH_ENTRY: u8 = b's';

/// Length of an entry.
const KEY_BYTES: usize = 17;

/// `s` and the last bytes of the hash, which its proof of work leaves to chance.
fn hash_key(hash: &Hash) -> [u8; 9] {
    let mut key = [BRANCH_ENTRY; 9];
    for (to, from) in key.iter_mut().rev().zip(hash.as_bytes().iter().rev()).take(8) {
        *to = *from;
    }
    key
}

/// The same, and the height.
fn entry_key(id: BlockId) -> Vec<u8> {
    [hash_key(&id.hash).as_slice(), &id.height.get().to_be_bytes()].concat()
}

/// Has the index lead to a block that is to be stored beside the main chain.
pub(super) fn insert(database: &Database, id: BlockId) -> Result<(), StoreError> {
    database::insert(&database.index, &entry_key(id), &[])
}

/// Has the index lead to a block that is stored beside the main chain.
pub(super) fn keep(database: &Database, id: BlockId) -> Result<(), StoreError> {
    let key = entry_key(id);
    touch(&database.index, &key, key.len())?;
    if database.index.contains_key(&key).map_err(read_error)? {
        return Ok(());
    }
    database::insert(&database.index, &key, &[])
}

/// Removes the entry of a block that is stored beside the main chain no longer.
pub(super) fn remove(database: &Database, id: BlockId) -> Result<(), StoreError> {
    database.index.remove(entry_key(id)).map(drop).map_err(write_error)
}

/// Finds a block by its hash; `None` if the index does not lead to it.
pub(super) fn find(database: &Database, hash: &Hash) -> Result<Option<BlockId>, StoreError> {
    for key in database.index.scan_prefix(hash_key(hash)).keys() {
        let key = key.map_err(read_error)?;
        touch(&database.index, &key, key.len())?;
        let height = key.last_chunk().filter(|_| key.len() == KEY_BYTES);
        let torn = || "the entry of a branch block in the index is torn".to_owned();
        let height = height.ok_or_else(|| StoreError::Damaged { what: torn() })?;
        let id = BlockId { height: Height::new(u64::from_be_bytes(*height)), hash: *hash };
        if database.raw_branch_block(id)?.is_some() {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
