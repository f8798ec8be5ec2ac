//! A second, independent note of how far the durable chain reached.
//!
//! sled skips a damaged stretch at the end of its log in silence, and with it
//! blocks that were acknowledged. The durable tip is what notices.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::failed;
use super::{StoreError, open_own};
use crate::chain::{BlockId, ChainHeader, Hash, Height, Work};

/// Name of the file in the data directory.
pub(super) const DURABLE_TIP_FILE: &str = "durable-tip";
/// The damage of a directory that has the file and no database.
pub(super) const FILES_GONE: &str = "its files are gone, but a chain was kept here";
/// Sequence number, height, hash, work.
const PAYLOAD: usize = 8 + 8 + 32 + 32;
/// The payload and its CRC-32.
const SLOT: usize = PAYLOAD + 4;

/// Two slots that are written in turn, so that one is whole at any moment. Written
/// after the database is durable: what it names was there.
#[derive(Debug)]
pub(super) struct DurableTip {
    path: PathBuf,
    file: File,
    sequence: u64,
    last: Option<Seen>,
}

/// What a slot says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Seen {
    sequence: u64,
    /// The durable tip.
    pub(super) id: BlockId,
    /// Work of the chain up to it.
    pub(super) total_work: Work,
}

impl DurableTip {
    /// Whether a directory has the file, with something in it.
    pub(super) fn exists(directory: &Path) -> Result<bool, StoreError> {
        let path = directory.join(DURABLE_TIP_FILE);
        match std::fs::metadata(&path) {
            Ok(file) => Ok(file.len() > 0),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(failed("looking for", &path)(source)),
        }
    }

    /// Why a directory without a database does not open: it never had one, or its files are gone.
    pub(super) fn why_missing(directory: &Path) -> Result<StoreError, StoreError> {
        if Self::exists(directory)? {
            return Ok(StoreError::Damaged { what: FILES_GONE.to_owned() });
        }
        Ok(StoreError::Missing { path: directory.to_owned() })
    }

    /// Opens or creates the file. A slot whose checksum is wrong says nothing.
    pub(super) fn open(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(DURABLE_TIP_FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = open_own(&path, &mut options).map_err(failed("opening", &path))?;
        let last = [0, SLOT as u64]
            .into_iter()
            .filter_map(|offset| {
                let mut slot = [0; SLOT];
                file.read_exact_at(&mut slot, offset).ok()?;
                Seen::decode(&slot)
            })
            .max_by_key(|seen| seen.sequence);
        Ok(Self { path, file, sequence: last.map_or(0, |seen| seen.sequence), last })
    }

    /// Notes a durable tip. Not synchronised itself: after a loss of power it may
    /// name an earlier tip, never a later one.
    pub(super) fn note(&mut self, tip: &ChainHeader) -> Result<(), StoreError> {
        self.sequence += 1;
        let seen = Seen { sequence: self.sequence, id: tip.id(), total_work: tip.total_work };
        let offset = (self.sequence % 2) * SLOT as u64;
        self.file.write_all_at(&seen.encode(), offset).map_err(failed("writing", &self.path))?;
        self.last = Some(seen);
        Ok(())
    }

    /// The latest durable tip that was noted, if any.
    pub(super) const fn last(&self) -> Option<Seen> {
        self.last
    }

    /// The file, to be named to an operator.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Seen {
    fn encode(&self) -> [u8; SLOT] {
        let mut slot = [0; SLOT];
        let (payload, check) = slot.split_at_mut(PAYLOAD);
        let fields: [&[u8]; 4] = [
            &self.sequence.to_be_bytes(),
            &self.id.height.get().to_be_bytes(),
            self.id.hash.as_bytes(),
            &self.total_work.to_bytes(),
        ];
        payload.copy_from_slice(&fields.concat());
        check.copy_from_slice(&crc32fast::hash(payload).to_be_bytes());
        slot
    }

    fn decode(slot: &[u8; SLOT]) -> Option<Self> {
        let (payload, check) = slot.split_at(PAYLOAD);
        let (sequence, rest) = payload.split_first_chunk()?;
        let (height, rest) = rest.split_first_chunk()?;
        let (hash, work) = rest.split_first_chunk()?;
        let seen = Self {
            sequence: u64::from_be_bytes(*sequence),
            id: BlockId {
                height: Height::new(u64::from_be_bytes(*height)),
                hash: Hash::new(*hash),
            },
            total_work: Work::from_bytes(work.try_into().ok()?),
        };
        // Zeros have a CRC of their own, and sequence numbers start at one.
        let whole = crc32fast::hash(payload).to_be_bytes() == check && seen.sequence > 0;
        whole.then_some(seen)
    }
}

#[cfg(test)]
mod tests;
