//! How long branches beside the main chain are kept.

use std::collections::HashSet;
use std::time::Instant;

use super::database::{Database, touch, weight};
use super::layout::{decode_block, parse_branch_key};
use super::sled::errors::{read_error, write_error};
use super::{Options, StoreError, branch_index};
use crate::chain::{BlockId, Hash, Height, ValidBlock};

/// Blocks that one step examines.
const PRUNE_STEP: usize = 256;
/// What was kept is examined again when the tip has moved by this part of the retention.
const AGAIN: u64 = 10;

/// Where pruning is. A pass goes from the highest block down, so that a branch is
/// kept or dropped as a whole: a block stays when it is high enough, when a block
/// that stays needs it, or when a live view may read it.
#[derive(Debug)]
pub(super) struct Pruner {
    /// Bytes stored since the last pass.
    branch_bytes: u64,
    stored_at: Option<Instant>,
    /// End of the branch that is being stored and has proven more work than the main chain.
    proven: Option<Hash>,
    /// Whether the start, a reorg or a branch block left something to look at.
    due: bool,
    /// Where the tip makes it due again, for what the last pass kept.
    due_at: Option<Height>,
    pass: Option<Pass>,
}

#[derive(Debug)]
struct Pass {
    /// Blocks at this height and above are kept for themselves.
    horizon: Height,
    /// How many heights below the tip the horizon is.
    heights: u64,
    /// Only keys below this are still to be examined.
    end: Option<Vec<u8>>,
    /// Parents of kept blocks, at the height below the one being examined.
    needed: Needed,
    at: Height,
    needed_below: Needed,
    /// Ends of proven branches to which the pass has not come.
    proven: HashSet<Hash>,
    keeps_proven: bool,
    /// Without those of proven branches.
    kept_bytes: u64,
    /// Whether it goes on while blocks are being stored, for they are too many.
    hurried: bool,
}

/// Parents of blocks that stay.
#[derive(Debug, Default)]
struct Needed {
    /// For themselves.
    kept: HashSet<Hash>,
    /// Since their branch is proven and being stored.
    proven: HashSet<Hash>,
}

impl Default for Pruner {
    /// Due, since a kill may have left copies of a winner, or branches that are too old by now.
    fn default() -> Self {
        Self { branch_bytes: 0, stored_at: None, proven: None, due: true, due_at: None, pass: None }
    }
}

impl Pruner {
    pub(super) fn stored(&mut self, value: &[u8]) {
        self.branch_bytes += weight(value);
        self.stored_at = Some(Instant::now());
        self.due = true;
    }

    /// Begins a pass if one is due, with the main chain up to `tip`. Returns whether one is under
    /// way. While blocks are being stored nothing is removed, until they amount to `branch_bytes`
    /// themselves.
    pub(super) fn begin(&mut self, options: &Options, tip: Height) -> bool {
        let quiet = self.is_quiet(options);
        self.pass.take_if(|pass| !quiet && !pass.hurried);
        if self.pass.is_some() {
            return true;
        }
        let due = self.due || self.due_at.is_some_and(|at| tip >= at);
        let full = self.branch_bytes > options.branch_bytes;
        if !due || !(quiet || full) {
            return false;
        }
        self.pass = Some(self.new_pass(options, tip, options.branch_heights, full));
        (self.due, self.due_at, self.branch_bytes) = (false, None, 0);
        true
    }

    /// Removes branches that are out of their retention: whose end is more than
    /// `branch_heights` below the tip, or nearer when all of them are larger than `branch_bytes`;
    /// of a proven branch nothing, whatever its size. Examines a bounded number of blocks. Returns
    /// whether there is more to do now.
    pub(super) fn step(&mut self, database: &Database, tip: Height) -> Result<bool, StoreError> {
        let Some(mut pass) = self.pass.take() else { return Ok(false) };
        let options = &database.options;
        let done = pass.step(database)?;
        if done && pass.keeps_proven {
            // Once it is stored it counts as any other.
            self.due = true;
        }
        if !done {
            self.pass = Some(pass);
        } else if pass.kept_bytes > options.branch_bytes && pass.heights > 0 {
            // Too much is left: the same again, closer to the tip.
            self.pass = Some(self.new_pass(options, tip, pass.heights / 2, pass.hurried));
        } else if pass.kept_bytes > 0 {
            self.due_at = Some(tip.ahead(options.branch_heights / AGAIN + 1));
        }
        Ok(self.pass.is_some())
    }

    fn is_quiet(&self, options: &Options) -> bool {
        self.stored_at.is_none_or(|at| at.elapsed() >= options.branch_quiet)
    }

    fn new_pass(&self, options: &Options, tip: Height, heights: u64, hurried: bool) -> Pass {
        Pass {
            horizon: if heights == 0 { Height::new(u64::MAX) } else { tip.back(heights) },
            heights,
            end: None,
            needed: Needed::default(),
            at: Height::new(u64::MAX),
            needed_below: Needed::default(),
            proven: self.proven.filter(|_| !self.is_quiet(options)).into_iter().collect(),
            keeps_proven: false,
            kept_bytes: 0,
            hurried,
        }
    }

    /// The block that was stored last is of a branch with more work than the main chain.
    pub(super) fn is_proven(&mut self, block: &ValidBlock) {
        let (header, hash) = (block.header(), block.hash());
        self.proven = Some(hash);
        if let Some(pass) = &mut self.pass {
            pass.is_proven(header.height, hash, header.previous_hash);
        }
    }

    /// A pass under way does not know what was disconnected, and would drop the part of it
    /// that it has not come to: it starts anew.
    pub(super) fn reorged(&mut self) {
        (self.due, self.pass) = (true, None);
    }
}

impl Pass {
    /// A block of a proven branch was stored meanwhile: what the pass has not come to stays.
    fn is_proven(&mut self, height: Height, hash: Hash, parent: Hash) {
        if height < self.at {
            self.proven.remove(&parent);
            self.proven.insert(hash);
        } else if height.back(1) <= self.at {
            self.proven.extend([hash, parent]);
        }
    }

    /// Examines the next blocks. Returns whether it was the last step.
    fn step(&mut self, database: &Database) -> Result<bool, StoreError> {
        let branches = &database.branches;
        let entries = match &self.end {
            Some(end) => branches.range(..end.as_slice()),
            None => branches.iter(),
        };
        let step: Result<Vec<_>, _> = entries.rev().take(PRUNE_STEP).collect();
        let step = step.map_err(read_error)?;
        for (key, value) in &step {
            touch(branches, key, value.len())?;
            self.examine(database, key, value)?;
        }
        self.end = step.last().map(|(key, _)| key.to_vec());
        Ok(step.len() < PRUNE_STEP)
    }

    fn examine(&mut self, database: &Database, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let damaged = || StoreError::Damaged { what: "a key of a branch block is torn".to_owned() };
        let id @ BlockId { height, hash } = parse_branch_key(key).ok_or_else(damaged)?;
        if height != self.at {
            let below = std::mem::take(&mut self.needed_below);
            self.needed = if height.next() == self.at { below } else { Needed::default() };
            self.at = height;
        }
        let on_main_chain = database.raw_block(height)?;
        if on_main_chain.is_some_and(|value| value.starts_with(hash.as_bytes())) {
            // What a kill left of a swapped-in branch: its body is the main chain's.
            database.branches.remove(key).map_err(write_error)?;
            return branch_index::remove(database, id);
        }
        let parent = || Ok(decode_block(height, value)?.0.header.previous_hash);
        if self.proven.remove(&hash) || self.needed.proven.contains(&hash) {
            self.keeps_proven = true;
            self.needed_below.proven.insert(parent()?);
            return Ok(());
        }
        let is_needed = self.needed.kept.contains(&hash);
        if height >= self.horizon || is_needed || is_in_use(database, id) {
            self.needed_below.kept.insert(parent()?);
            self.kept_bytes += weight(value);
            return branch_index::keep(database, id);
        }
        database.branches.remove(key).map_err(write_error)?;
        branch_index::remove(database, id)?;
        database.remove_body(height, value)
    }
}

/// Whether a live view may read the block.
fn is_in_use(database: &Database, id: BlockId) -> bool {
    let state = database.state();
    state.reorgs.iter().any(|reorg| reorg.disconnected_at(id.height) == Some(id.hash))
}

#[cfg(test)]
mod tests;
