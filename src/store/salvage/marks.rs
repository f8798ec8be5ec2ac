//! Marks of own records: only what was own stays own.

use std::collections::HashSet;

use super::source::Source;
use super::{Salvaged, ids, scan};
use crate::chain::{BlockId, Hash, Height, leaf_hash};
use crate::store::database::insert;
use crate::store::layout::{BEFORE_OWN, OWN_BLOCK, OWN_RECORD, own_block_key, own_record_key};
use crate::store::own::before_own;
use crate::store::sled::errors::{guarded, read_error};
use crate::store::{StoreError, StoredBlock, Writer};

/// The marks that the damaged database has. Holds 32 bytes for each own record.
pub(super) struct Marks {
    /// Ids that are marked, and that were not found yet.
    missing: HashSet<Hash>,
    before: Option<Height>,
    /// Whether every mark was read.
    is_read: bool,
}

impl Marks {
    /// Reads the marks and copies them: a mark names one record or block by its hash, so that it can
    /// make nothing else own.
    pub(super) fn read(source: &Source, writer: &mut Writer) -> Result<Self, StoreError> {
        let own = &source.database.own;
        let mut missing = HashSet::new();
        let mut is_read = true;
        for tag in [OWN_RECORD, OWN_BLOCK] {
            is_read &= scan(own, tag, &mut |key, value| {
                let id = key.strip_prefix(OWN_RECORD).map(TryInto::try_into);
                match id {
                    Some(Ok(id)) => {
                        missing.insert(Hash::new(id));
                    }
                    None if key.len() == OWN_BLOCK.len() + 40 => {}
                    // What is no mark is not copied.
                    _ => return Ok(()),
                }
                write(writer, key, value)
            })?;
        }
        let before = guarded(|| before_own(&source.database));
        is_read &= before.is_ok();
        Ok(Self { missing, before: before.unwrap_or_default(), is_read })
    }

    /// Whether some of the marks could not be read.
    pub(super) const fn are_lost(&self) -> bool {
        !self.is_read
    }

    /// These records are in the fresh database.
    pub(super) fn found<'a>(&mut self, records: impl Iterator<Item = &'a str>) {
        if !self.missing.is_empty() {
            ids(records).for_each(|id| {
                self.missing.remove(&id);
            });
        }
    }

    /// The own records of a block.
    pub(super) fn own_of(&self, source: &Source, block: &StoredBlock) -> Vec<String> {
        let own = &source.database.own;
        let has = |key: Vec<u8>| {
            guarded(|| own.contains_key(key).map_err(read_error)).unwrap_or_default()
        };
        let height = block.header.height;
        let is_old = self.before.is_some_and(|before| height <= before);
        let is_own_block = is_old || has(own_block_key(BlockId { height, hash: block.hash }));
        let is_own =
            |text: &&String| is_own_block || has(own_record_key(&leaf_hash(text.as_bytes())));
        block.records.iter().filter(is_own).cloned().collect()
    }

    /// Marks records that wait for a block again: they were own by their block.
    pub(super) fn mark(
        &mut self,
        writer: &mut Writer,
        id: &Hash,
        batch: u64,
    ) -> Result<(), StoreError> {
        self.missing.remove(id);
        write(writer, &own_record_key(id), &batch.to_be_bytes())
    }

    /// Notes up to which height blocks are from before the marks, which the fresh chain reaches, and
    /// names the own records that were found nowhere.
    pub(super) fn finish(
        self,
        writer: &mut Writer,
        tip: Height,
        found: &mut Salvaged,
    ) -> Result<(), StoreError> {
        if !self.is_read {
            found.unread.push("some marks of own records");
        }
        if let Some(before) = self.before {
            write(writer, BEFORE_OWN, &before.min(tip).get().to_be_bytes())?;
        }
        // Without other loss these are marks whose records were never acknowledged.
        if !found.is_whole() {
            let mut missing: Vec<_> = self.missing.into_iter().collect();
            missing.sort_unstable();
            for id in missing {
                found.lost_own.push(id);
            }
        }
        Ok(())
    }
}

fn write(writer: &mut Writer, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    writer.write(|writer| insert(&writer.database.own, key, value))
}
