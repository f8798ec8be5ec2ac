//! The open database: trees, published tip, live views and reorgs under way.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::heartbeat::Heartbeat;
use super::layout::{
    BODIES, BRANCHES, BodyPlace, CHAIN, CHUNK_BYTES, FIXED, INDEX, INLINE_MAX, OWN, PEERS, PENDING,
    REORGS, TAG_CHUNKED, block_key, branch_key, chunk_key, decode_block, decode_body, tile_key,
};
use super::lock::DirectoryLock;
use super::sled::data_file::DataFile;
use super::sled::errors::{read_error, write_error};
use super::sled::open::Engine;
use super::subtree_roots::SubtreeRoots;
use super::{Options, StoreError, StoredBlock, tiles};
use crate::chain::{BlockId, ChainHeader, Hash, Header, Height, Spec, merkle_root};

/// What the writer and all readers share.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) chain: sled::Tree,
    pub(super) branches: sled::Tree,
    pub(super) bodies: sled::Tree,
    pub(super) index: sled::Tree,
    pub(super) pending: sled::Tree,
    pub(super) own: sled::Tree,
    pub(super) reorgs: sled::Tree,
    pub(super) peers: sled::Tree,
    pub(super) db: sled::Db,
    pub(super) file: DataFile,
    pub(super) spec: Spec,
    pub(super) options: Options,
    pub(super) state: Mutex<State>,
    pub(super) subtree_roots: SubtreeRoots,
    /// The writer's.
    pub(super) heartbeat: Heartbeat,
    /// Last, so that it is released after sled is closed.
    pub(super) _lock: DirectoryLock,
}

/// What changes together when a reorg is done.
#[derive(Debug)]
pub(super) struct State {
    /// The durable tip.
    pub(super) tip: ChainHeader,
    pub(super) index: Indexed,
    /// Reorgs finished since the start.
    pub(super) reorgs_done: u64,
    /// Reorgs that some live view does not know, and the one under way; oldest first.
    pub(super) reorgs: Vec<ReorgEntry>,
    /// For each number of reorgs, how many live views were made after it.
    pub(super) views: BTreeMap<u64, usize>,
}

/// How far the index is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indexed {
    /// The last block that is indexed; a reorg may have disconnected it.
    pub(super) cursor: BlockId,
    /// Every block of the published chain up to this height is indexed: to the cursor, or to
    /// the fork point when a reorg disconnected it.
    pub(super) height: Height,
}

/// What a reorg moves away, entered before `chain` is touched. Costs 32 bytes a
/// disconnected block, until no view older than the reorg is left.
#[derive(Debug)]
pub(super) struct ReorgEntry {
    /// One for the first reorg since the start.
    pub(super) number: u64,
    /// The last block that both branches share.
    pub(super) fork: Height,
    /// Hashes of the disconnected blocks, from `fork` + 1 on.
    pub(super) disconnected: Vec<Hash>,
}

impl ReorgEntry {
    /// The hash that stood at `height` before this reorg, if the reorg changed it.
    pub(super) fn disconnected_at(&self, height: Height) -> Option<Hash> {
        let offset = height.above(self.fork).checked_sub(1)?;
        self.disconnected.get(usize::try_from(offset).ok()?).copied()
    }
}

impl State {
    /// Forgets reorgs that every live view knows.
    pub(super) fn drop_old_reorgs(&mut self) {
        let oldest = self.views.keys().next().copied().unwrap_or(self.reorgs_done);
        self.reorgs.retain(|reorg| reorg.number > oldest.min(self.reorgs_done));
    }
}

impl Database {
    /// The trees of an opened engine. The published tip is genesis until the end is loaded.
    pub(super) fn of_engine(
        engine: Engine,
        spec: Spec,
        options: &Options,
        lock: DirectoryLock,
    ) -> Result<Self, StoreError> {
        let Engine { db, file, .. } = engine;
        let genesis = spec.genesis();
        let tree = |name: &str| db.open_tree(name).map_err(read_error);
        Ok(Self {
            chain: tree(CHAIN)?,
            branches: tree(BRANCHES)?,
            bodies: tree(BODIES)?,
            index: tree(INDEX)?,
            pending: tree(PENDING)?,
            own: tree(OWN)?,
            reorgs: tree(REORGS)?,
            peers: tree(PEERS)?,
            db,
            file,
            spec,
            options: options.clone(),
            state: Mutex::new(State {
                tip: genesis.chain_header(),
                index: Indexed { cursor: genesis.id(), height: Height::GENESIS },
                reorgs_done: 0,
                reorgs: Vec::new(),
                views: BTreeMap::new(),
            }),
            subtree_roots: SubtreeRoots::default(),
            heartbeat: Heartbeat::default(),
            _lock: lock,
        })
    }

    /// The state; a panic elsewhere left it whole, since every change is one statement.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// sled's flush hands its log to the operating system; the fdatasync puts it on the disk.
    pub(super) fn synchronise(&self) -> Result<(), StoreError> {
        self.db.flush().map_err(write_error)?;
        self.file.sync().map_err(|error| StoreError::WriteFailed(error.to_string()))?;
        self.check_place()
    }

    /// Whether the database is still where it was opened: what is written to a file that was
    /// removed is lost, however often it is synchronised.
    pub(super) fn check_place(&self) -> Result<(), StoreError> {
        if !self.file.is_gone() {
            return Ok(());
        }
        Err(StoreError::Gone { path: self.file.path().to_owned() })
    }

    /// Whether as much room is left on the file system of the database as must stay free.
    pub(super) fn check_room(&self) -> Result<(), StoreError> {
        let needed = self.options.min_free_bytes;
        if needed == 0 {
            return Ok(());
        }
        let free = self.free_bytes()?;
        if free < needed { Err(StoreError::DiskLow { free, needed }) } else { Ok(()) }
    }

    /// Bytes that are free on the file system of the database.
    pub(super) fn free_bytes(&self) -> Result<u64, StoreError> {
        self.file.free_bytes().map_err(|source| StoreError::Io {
            action: "asking for the free space beside the database".to_owned(),
            source,
        })
    }

    /// The value of the main chain's block at `height`, as it is this moment.
    pub(super) fn raw_block(&self, height: Height) -> Result<Option<sled::IVec>, StoreError> {
        let key = block_key(height);
        let value = self.chain.get(key).map_err(read_error)?;
        if let Some(value) = &value {
            touch(&self.chain, &key, value.len())?;
        }
        Ok(value)
    }

    /// The value of a block beside the main chain.
    pub(super) fn raw_branch_block(&self, id: BlockId) -> Result<Option<sled::IVec>, StoreError> {
        let key = branch_key(id);
        let value = self.branches.get(key).map_err(read_error)?;
        if let Some(value) = &value {
            touch(&self.branches, &key, value.len())?;
            if !value.starts_with(id.hash.as_bytes()) {
                let what = format!("block {id}: another one is stored in its place");
                return Err(StoreError::Damaged { what });
            }
        }
        Ok(value)
    }

    /// A block beside the main chain, found whole; `None` if it is not held.
    pub(super) fn branch_block(&self, id: BlockId) -> Result<Option<StoredBlock>, StoreError> {
        /// Looks at a block whose body is gone: it may have been removed, and stored again.
        const READ_ATTEMPTS: usize = 8;
        let mut found = Ok(None);
        for _ in 0..READ_ATTEMPTS {
            let Some(value) = self.raw_branch_block(id)? else {
                return Ok(None);
            };
            found = self.complete(id.height, &value).map(Some);
            if found.is_ok() {
                break;
            }
        }
        found
    }

    /// The value of a block that is known to be held, wherever a reorg moved it.
    pub(super) fn raw_held(&self, id: BlockId) -> Result<sled::IVec, StoreError> {
        // A reorg copies before it removes, so the block is in one place at any moment; it
        // may change places between two looks, and back again.
        for _ in 0..8 {
            if let Some(value) = self.raw_branch_block(id)? {
                return Ok(value);
            }
            if let Some(value) = self.raw_block(id.height)?
                && value.starts_with(id.hash.as_bytes())
            {
                return Ok(value);
            }
        }
        Err(StoreError::NotHeld(id))
    }

    /// A block's value with its records, which are checked against its header.
    pub(super) fn complete(&self, height: Height, value: &[u8]) -> Result<StoredBlock, StoreError> {
        let (stored, place) = decode_block(height, value)?;
        let records = match place {
            BodyPlace::Inline(body) => decode_body(height, body)?,
            BodyPlace::Chunked(length) => decode_body(height, &self.body(stored.id(), length)?)?,
        };
        let ChainHeader { header, hash, total_work } = stored;
        check_records::<String>(&header, &records)?;
        Ok(StoredBlock { header, hash, total_work, records })
    }

    /// A block's header with its records as they are encoded, also checked.
    pub(super) fn complete_body(
        &self,
        height: Height,
        value: &[u8],
    ) -> Result<(ChainHeader, Vec<u8>), StoreError> {
        let (stored, place) = decode_block(height, value)?;
        let body = match place {
            BodyPlace::Inline(body) => body.to_vec(),
            BodyPlace::Chunked(length) => self.body(stored.id(), length)?,
        };
        check_records::<&str>(&stored.header, &decode_body(height, &body)?)?;
        Ok((stored, body))
    }

    fn body(&self, id: BlockId, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut body = Vec::with_capacity(length);
        for chunk in 0..u16::try_from(length.div_ceil(CHUNK_BYTES)).unwrap_or(u16::MAX) {
            let key = chunk_key(id, chunk);
            let value = self.bodies.get(&key).map_err(read_error)?.unwrap_or_default();
            body.extend_from_slice(&value);
            touch(&self.bodies, &key, value.len())?;
        }
        if body.len() == length {
            return Ok(body);
        }
        Err(StoreError::Damaged {
            what: format!("block {}: a part of its body is missing", id.height),
        })
    }

    /// Removes the chunks of a large body.
    pub(super) fn remove_body(&self, height: Height, value: &[u8]) -> Result<(), StoreError> {
        let (stored, place) = decode_block(height, value)?;
        if let BodyPlace::Chunked(length) = place {
            for chunk in 0..u16::try_from(length.div_ceil(CHUNK_BYTES)).unwrap_or(u16::MAX) {
                let key = chunk_key(stored.id(), chunk);
                self.bodies.remove(key).map_err(write_error)?;
            }
        }
        Ok(())
    }

    /// A history tile of the main chain.
    pub(super) fn tile(&self, level: u8, index: u64) -> Result<Vec<Hash>, StoreError> {
        let key = tile_key(level, index);
        let value = self.chain.get(key).map_err(read_error)?;
        let tile = value.as_deref().and_then(tiles::decode);
        touch(&self.chain, &key, tiles::TILE_BYTES)?;
        tile.ok_or_else(|| StoreError::Damaged {
            what: format!("history tile {index} of level {level} is missing or torn"),
        })
    }
}

/// Whether these are the records of a header.
fn check_records<T: AsRef<str>>(header: &Header, records: &[T]) -> Result<(), StoreError> {
    let fits = u32::try_from(records.len()) == Ok(header.record_count)
        && merkle_root(records) == header.merkle_root;
    if fits {
        return Ok(());
    }
    let what = format!("block {}: merkle_root does not fit its records", header.height);
    Err(StoreError::Damaged { what })
}

/// How many bytes of disk and memory a value takes, its large body included.
pub(super) fn weight(value: &[u8]) -> u64 {
    let length = match value.get(FIXED - 1..) {
        Some(&[TAG_CHUNKED, a, b, c, d]) => u32::from_be_bytes([a, b, c, d]),
        _ => 0,
    };
    value.len() as u64 + u64::from(length)
}

/// Bytes read for each look of [`touch`].
pub(super) const TOUCHED: usize = 1 << 10;

/// Looks at a key that was just read, so that sled's cache counts what it holds: it
/// evicts only what was accessed, once in 64 accesses, and a scan is one access for
/// a whole leaf. Without this, scanning 3 GB of bodies held 2.6 GB.
pub(super) fn touch(tree: &sled::Tree, key: &[u8], length: usize) -> Result<(), StoreError> {
    const MAX: usize = 64;
    for _ in 0..length.div_ceil(TOUCHED).clamp(1, MAX) {
        tree.contains_key(key).map_err(read_error)?;
    }
    Ok(())
}

/// Writes a value, and lets sled's cache count what a long one takes.
pub(super) fn insert(tree: &sled::Tree, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    tree.insert(key, value).map_err(write_error)?;
    if value.len() > TOUCHED { touch(tree, key, value.len()) } else { Ok(()) }
}

const _: () = assert!(INLINE_MAX < CHUNK_BYTES, "a chunk is the longest value");

#[cfg(test)]
mod tests;
