//! The marks of own records one by one, as a backup carries them.

use super::database::insert;
use super::layout::{
    BEFORE_OWN, OWN_BLOCK, OWN_RECORD, own_block_key, own_record_key, parse_branch_key,
};
use super::own::before_own;
use super::sled::errors::{guarded, read_error};
use super::{Reader, StoreError, Writer};
use crate::chain::{BlockId, Hash, Height};

/// A mark that says whose records some are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OwnMark {
    /// All records of this block are own.
    Block(BlockId),
    /// All records of the main chain's blocks up to this height are own.
    UpTo(Height),
    /// The record with this id is own.
    Record(Hash),
}

/// Sequence of a mark whose record came by no batch of this database.
const NO_BATCH: u64 = 0;

impl OwnMark {
    fn key(&self) -> Vec<u8> {
        match self {
            Self::Block(id) => own_block_key(*id),
            Self::UpTo(_) => BEFORE_OWN.to_vec(),
            Self::Record(id) => own_record_key(id),
        }
    }

    fn decode(key: &[u8], value: &[u8]) -> Option<Self> {
        if key == BEFORE_OWN {
            let height = u64::from_be_bytes(value.try_into().ok()?);
            return Some(Self::UpTo(Height::new(height)));
        }
        if let Some(id) = key.strip_prefix(OWN_RECORD) {
            return Some(Self::Record(Hash::new(id.try_into().ok()?)));
        }
        parse_branch_key(key.strip_prefix(OWN_BLOCK)?).map(Self::Block)
    }
}

impl Reader {
    /// Returns the marks behind `after`, or the first ones, at most `max`. Those of blocks come
    /// first and those of records last, so that a reorg meanwhile, which turns the marks of
    /// blocks into those of their records, takes none away.
    ///
    /// # Errors
    /// When a mark does not decode, or the disk fails.
    pub fn own_marks(
        &self,
        after: Option<&OwnMark>,
        max: usize,
    ) -> Result<Vec<OwnMark>, StoreError> {
        guarded(|| {
            let own = &self.database.own;
            // The least key behind another one is that one and a zero byte.
            let from = after.map_or_else(Vec::new, |mark| [&mark.key()[..], &[0]].concat());
            let entries = own.range(from..).take(max);
            let marks = entries.map(|entry| {
                let (key, value) = entry.map_err(read_error)?;
                // As `touch`: sled counts what a scan holds only when it is read.
                own.contains_key(&key).map_err(read_error)?;
                OwnMark::decode(&key, &value).ok_or_else(|| {
                    let what = "a mark in tree `own` does not decode".to_owned();
                    StoreError::Damaged { what }
                })
            });
            marks.collect()
        })
    }
}

impl Writer {
    /// Puts marks of a backup beside those that are there, which stay as they are; of two heights
    /// up to which all blocks are own, the higher one stays.
    ///
    /// # Errors
    /// [`StoreError::DiskLow`] when room is short: nothing was written. Any other error is final.
    pub fn put_own_marks(&mut self, marks: &[OwnMark]) -> Result<(), StoreError> {
        self.check_room()?;
        self.write(|writer| {
            let own = &writer.database.own;
            for mark in marks {
                let key = mark.key();
                if let OwnMark::UpTo(height) = mark {
                    let stored = before_own(&writer.database)?;
                    if stored.is_none_or(|stored| stored < *height) {
                        insert(own, &key, &height.get().to_be_bytes())?;
                    }
                    continue;
                }
                if own.contains_key(&key).map_err(read_error)? {
                    continue;
                }
                match mark {
                    OwnMark::UpTo(_) => {}
                    OwnMark::Block(_) => insert(own, &key, &[])?,
                    OwnMark::Record(_) => insert(own, &key, &NO_BATCH.to_be_bytes())?,
                }
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
