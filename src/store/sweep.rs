//! Bodies of no block: a kill between a large body and its block leaves them, or one while a
//! branch was being removed.

use super::StoreError;
use super::database::{Database, touch};
use super::layout::{branch_key, chunk_key, parse_branch_key};
use super::sled::errors::{read_error, write_error};
use crate::chain::BlockId;

/// Bodies that one step looks at.
const SWEEP_STEP: usize = 64;

/// Where the sweep is, which every start begins anew.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// The body that was examined last.
    last: Option<BlockId>,
    is_done: bool,
}

impl Sweep {
    /// Whether every body was examined.
    pub(super) const fn is_done(&self) -> bool {
        self.is_done
    }

    /// Looks at the next bodies. Returns those of no block. Only the writer puts bodies before their
    /// blocks, so that none is under way.
    pub(super) fn step(&mut self, database: &Database) -> Result<Vec<BlockId>, StoreError> {
        let mut found = Vec::new();
        for _ in 0..SWEEP_STEP {
            let next = next_body(database, self.last)?;
            let Some(id) = next else {
                self.is_done = true;
                break;
            };
            self.last = next;
            if !is_stored(database, id)? {
                found.push(id);
            }
        }
        Ok(found)
    }
}

fn next_body(database: &Database, last: Option<BlockId>) -> Result<Option<BlockId>, StoreError> {
    let bodies = &database.bodies;
    let found = match last {
        Some(last) => bodies.get_gt(chunk_key(last, u16::MAX)),
        None => bodies.first(),
    };
    let Some((key, value)) = found.map_err(read_error)? else { return Ok(None) };
    touch(bodies, &key, value.len())?;
    let name = key.split_last_chunk::<2>().and_then(|(block, _)| parse_branch_key(block));
    let damaged = || StoreError::Damaged { what: "a key of a body is torn".to_owned() };
    name.ok_or_else(damaged).map(Some)
}

fn is_stored(database: &Database, id: BlockId) -> Result<bool, StoreError> {
    let main = database.raw_block(id.height)?;
    if main.is_some_and(|value| value.starts_with(id.hash.as_bytes())) {
        return Ok(true);
    }
    database.branches.contains_key(branch_key(id)).map_err(read_error)
}

/// Removes every chunk that is there of these bodies: a kill may have taken the first ones.
pub(super) fn remove(database: &Database, bodies: &[BlockId]) -> Result<(), StoreError> {
    for id in bodies {
        for key in database.bodies.scan_prefix(branch_key(*id)).keys() {
            let key = key.map_err(read_error)?;
            database.bodies.remove(key).map_err(write_error)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
