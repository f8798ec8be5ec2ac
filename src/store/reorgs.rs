//! The last reorgs, in the tree `reorgs`: what a restart must not forget.

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::database::{Database, insert};
use super::layout::decode_block;
use super::reorg::Reorg;
use super::sled::errors::{guarded, read_error, write_error};
use crate::chain::{BlockId, Hash, Height, Timestamp};

/// Reorgs that are on record, about 100 bytes each.
const MAX_RECORDED_REORGS: u64 = 1_000;

/// Disconnected blocks that are looked up when the database is opened, of all reorgs together:
/// 128 KiB.
const MAX_LOADED_HASHES: u64 = 4_096;

/// A reorg that is on record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordedReorg {
    /// One for the first reorg on record, and so on.
    pub number: u64,
    /// When it was done.
    pub time: Timestamp,
    /// The last block that both branches share.
    pub fork: Height,
    /// How many blocks left the main chain.
    pub depth: u64,
    /// Hashes of the blocks that left the main chain, lowest first, from `fork` + 1 on; empty
    /// when they are not all held any more, or too many to be looked up.
    pub disconnected: Vec<Hash>,
    /// The tip after.
    pub new_tip: BlockId,
}

/// The value of a reorg.
#[derive(Deserialize, Serialize)]
struct Entry {
    time: u64,
    fork: u64,
    old_tip: (u64, [u8; Hash::BYTES]),
    new_tip: (u64, [u8; Hash::BYTES]),
    disconnected: u64,
}

/// Puts a reorg on record, and removes the oldest one above the bound.
pub(super) fn append(
    database: &Database,
    reorg: &Reorg,
    time: Timestamp,
) -> Result<(), StoreError> {
    let last = database.reorgs.last().map_err(read_error)?;
    let number = last.map_or(Ok(0), |(key, _)| parse_key(&key))? + 1;
    let pair = |id: BlockId| (id.height.get(), *id.hash.as_bytes());
    let entry = Entry {
        time: time.as_millis(),
        fork: reorg.fork.get(),
        old_tip: pair(reorg.old_tip.id()),
        new_tip: pair(reorg.new_tip.id()),
        disconnected: reorg.disconnected.len() as u64,
    };
    let value = postcard::to_stdvec(&entry);
    let value = value.map_err(|error| StoreError::WriteFailed(error.to_string()))?;
    insert(&database.reorgs, &number.to_be_bytes(), &value)?;
    if let Some(oldest) = number.checked_sub(MAX_RECORDED_REORGS) {
        database.reorgs.remove(oldest.to_be_bytes()).map_err(write_error)?;
    }
    Ok(())
}

/// The reorgs on record, newest first.
pub(super) fn load(database: &Database) -> Result<Vec<RecordedReorg>, StoreError> {
    guarded(|| {
        let (mut reorgs, mut room) = (Vec::new(), MAX_LOADED_HASHES);
        for entry in database.reorgs.iter().rev() {
            let (key, value) = entry.map_err(read_error)?;
            let number = parse_key(&key)?;
            let entry: Entry = match postcard::take_from_bytes(&value) {
                Ok((entry, [])) => entry,
                _ => return Err(damaged("the value of a reorg does not decode")),
            };
            let depth = entry.disconnected;
            let disconnected = if depth <= room { hashes(database, &entry)? } else { Vec::new() };
            room = room.saturating_sub(disconnected.len() as u64);
            let (height, hash) = entry.new_tip;
            reorgs.push(RecordedReorg {
                number,
                time: Timestamp::from_millis(entry.time),
                fork: Height::new(entry.fork),
                depth,
                disconnected,
                new_tip: BlockId { height: Height::new(height), hash: Hash::new(hash) },
            });
        }
        Ok(reorgs)
    })
}

/// The hashes of the disconnected blocks, from the old tip down; none if one is not held.
fn hashes(database: &Database, entry: &Entry) -> Result<Vec<Hash>, StoreError> {
    let (height, hash) = entry.old_tip;
    let mut at = BlockId { height: Height::new(height), hash: Hash::new(hash) };
    let mut hashes = Vec::new();
    while at.height > Height::new(entry.fork) {
        let value = match database.raw_held(at) {
            Err(StoreError::NotHeld(_)) => return Ok(Vec::new()),
            value => value?,
        };
        hashes.push(at.hash);
        let (stored, _) = decode_block(at.height, &value)?;
        at = stored.parent().ok_or_else(|| damaged("a reorg disconnected the genesis block"))?;
    }
    hashes.reverse();
    Ok(hashes)
}

fn parse_key(key: &[u8]) -> Result<u64, StoreError> {
    let number = key.try_into().map(u64::from_be_bytes);
    number.map_err(|_| damaged("the key of a reorg is torn"))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged { what: what.to_owned() }
}

#[cfg(test)]
mod tests;
