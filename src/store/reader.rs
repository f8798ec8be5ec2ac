//! Reading.

use std::sync::Arc;

use super::branches::{Branches, branch_hashes, check_branches, search_branches};
use super::database::Database;
use super::layout::decode_block;
use super::sled::errors::guarded;
use super::verify::{Checked, check_all};
use super::{Bans, Book, Heartbeat, StoreError, StoredBlock, View, accepted_forks, branch_index};
use crate::chain::{
    BlockId, ChainHeader, ForkPoint, Frontier, Hash, Height, Spec, TipState, leaf_hash,
};

/// Reads the database; cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) database: Arc<Database>,
    book: Book,
    bans: Bans,
}

impl Reader {
    /// A reader of the database, and of what its tree `peers` holds.
    ///
    /// # Errors
    /// When a ban does not decode, or the disk fails.
    pub(super) fn new(database: Arc<Database>) -> Result<Self, StoreError> {
        let bans = Bans::load(Arc::clone(&database))?;
        Ok(Self { book: Book::new(Arc::clone(&database)), bans, database })
    }

    /// The stored chain's parameters.
    pub fn spec(&self) -> &Spec {
        &self.database.spec
    }

    /// The published tip, which is durable.
    pub fn tip(&self) -> ChainHeader {
        self.database.state().tip
    }

    /// The heartbeat of the thread that owns the writer. What takes the writer long beats it at
    /// every block.
    pub fn heartbeat(&self) -> &Heartbeat {
        &self.database.heartbeat
    }

    /// A view of the chain as it is now.
    pub fn view(&self) -> View {
        View::new(Arc::clone(&self.database))
    }

    /// A block that is held beside the main chain, found whole.
    ///
    /// # Errors
    /// When it is damaged, or the disk fails.
    pub fn branch_block(&self, id: BlockId) -> Result<Option<StoredBlock>, StoreError> {
        guarded(|| self.database.branch_block(id))
    }

    /// The chain state after this block, on the main chain,
    /// durable or not, or on a branch that is held; `None` if it is not held.
    /// Costs time in the blocks between it and the main chain, and 32 bytes for each.
    ///
    /// # Errors
    /// When something is damaged, or the disk fails.
    pub fn state_of(&self, id: BlockId) -> Result<Option<TipState>, StoreError> {
        let view = self.view();
        guarded(|| {
            let mut above: Vec<Hash> = Vec::new();
            let mut at = id;
            let mut last = None;
            let fork = loop {
                if view.header(at.height)?.is_some_and(|header| header.hash == at.hash) {
                    break view.state_at(at.height)?;
                }
                let Some(value) = self.held(at)? else { return Ok(None) };
                let (stored, _) = decode_block(at.height, &value)?;
                last.get_or_insert(stored);
                above.push(at.hash);
                let Some(parent) = stored.parent() else { return Ok(None) };
                at = parent;
            };
            // Without a block above the fork, the block itself is on the main chain.
            let Some(last) = last else { return Ok(fork) };
            let Some(fork) = fork else { return Ok(None) };
            let parent_time = match last.parent() {
                Some(parent) if parent != fork.id() => {
                    let Some(value) = self.held(parent)? else { return Ok(None) };
                    decode_block(parent.height, &value)?.0.header.timestamp
                }
                _ => fork.header().timestamp,
            };
            let mut ancestors: Frontier = fork.history().clone();
            for hash in above.iter().skip(1).rev() {
                ancestors.append(leaf_hash(hash.as_bytes()));
            }
            let state = TipState::restore(last, parent_time, ancestors);
            let what = format!("block {id}: history_root does not fit its branch");
            state.map(Some).ok_or(StoreError::Damaged { what })
        })
    }

    /// Where the branch that ends in this block leaves the main chain. `None` if the block is on
    /// the main chain, or not held. Costs time in the blocks between it and the main chain.
    ///
    /// # Errors
    /// When something is damaged, or the disk fails.
    pub fn fork_point(&self, id: BlockId) -> Result<Option<ForkPoint>, StoreError> {
        let view = self.view();
        guarded(|| {
            let (mut at, mut first) = (id, None);
            loop {
                if view.header(at.height)?.is_some_and(|header| header.hash == at.hash) {
                    return Ok(first.map(|first| ForkPoint { below: at.height, first }));
                }
                let Some(value) = self.held(at)? else { return Ok(None) };
                first = Some(at.hash);
                let Some(parent) = decode_block(at.height, &value)?.0.parent() else {
                    return Ok(None);
                };
                at = parent;
            }
        })
    }

    /// Most blocks that a reorg may disconnect unless the operator accepts it; `None` if any
    /// number.
    pub fn max_reorg_depth(&self) -> Option<u64> {
        self.database.options.max_reorg_depth
    }

    /// First blocks of the branches that the operator accepted, at most 16.
    ///
    /// # Errors
    /// When something is damaged, or the disk fails.
    pub fn accepted_forks(&self) -> Result<Vec<Hash>, StoreError> {
        guarded(|| accepted_forks::all(&self.database))
    }

    /// Whether a block is held: on the main chain, durable or not, or on a branch.
    ///
    /// # Errors
    /// When it is damaged, or the disk fails.
    pub fn holds(&self, id: BlockId) -> Result<bool, StoreError> {
        guarded(|| Ok(self.held(id)?.is_some()))
    }

    /// A block's value in `side`, or applied to the main chain and not yet published.
    fn held(&self, id: BlockId) -> Result<Option<sled::IVec>, StoreError> {
        match self.database.raw_held(id) {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::NotHeld(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether as much room is left on the disk as must stay free.
    ///
    /// # Errors
    /// [`StoreError::DiskLow`] when it is not, or when the system does not say.
    pub fn check_room(&self) -> Result<(), StoreError> {
        self.database.check_room()
    }

    /// Bytes that must be free on the file system of the database for blocks to be accepted.
    pub fn min_free_bytes(&self) -> u64 {
        self.database.options.min_free_bytes
    }

    /// Bytes that are free on the file system of the database.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn free_bytes(&self) -> Result<u64, StoreError> {
        self.database.free_bytes()
    }

    /// Whether the database is still where it was opened.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it is not.
    pub fn check_place(&self) -> Result<(), StoreError> {
        self.database.check_place()
    }

    /// The address book.
    pub fn book(&self) -> Book {
        self.book.clone()
    }

    /// The bans.
    pub fn bans(&self) -> Bans {
        self.bans.clone()
    }

    /// Checks every block of the chain as it is now against every rule, its stored
    /// work and the history tiles, from genesis to the tip. `progress` is told each
    /// height reached and returns whether to go on. Returns what was checked.
    ///
    /// # Errors
    /// The first damage, by height and field.
    pub fn check_all(
        &self,
        progress: &mut dyn FnMut(Height) -> bool,
    ) -> Result<Checked, StoreError> {
        check_all(&self.database, progress)
    }

    /// Checks and counts the blocks that are held beside the main chain. Only for a database
    /// to which nothing is written meanwhile.
    ///
    /// # Errors
    /// The first damage, by height.
    pub fn check_branches(&self) -> Result<Branches, StoreError> {
        guarded(|| check_branches(&self.database))
    }

    /// Finds a block beside the main chain by its hash, by the index; `None` if that does not lead
    /// to it.
    ///
    /// # Errors
    /// When the index is damaged, or the disk fails.
    pub fn find_branch_block(&self, hash: &Hash) -> Result<Option<BlockId>, StoreError> {
        guarded(|| branch_index::find(&self.database, hash))
    }

    /// Finds a block beside the main chain by its hash. Looks at the key of every such block: for a
    /// database to which nothing is written meanwhile.
    ///
    /// # Errors
    /// When a key is damaged, or the disk fails.
    pub fn search_branches(&self, hash: &Hash) -> Result<Option<BlockId>, StoreError> {
        guarded(|| search_branches(&self.database, hash))
    }

    /// The hashes of the blocks that are held at `height` beside the main chain.
    ///
    /// # Errors
    /// When a key is damaged, or the disk fails.
    pub fn branch_hashes(&self, height: Height) -> Result<Vec<Hash>, StoreError> {
        guarded(|| branch_hashes(&self.database, height))
    }
}
