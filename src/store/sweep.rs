//! Bodies of no block: a kill between a large body and its block leaves them, or one while a
//! branch was being removed.

use super::database::touch;
use super::layout::{branch_key, chunk_key, parse_branch_key};
use super::sled::errors::{guarded, read_error, write_error};
use super::{StoreError, Writer};
use crate::chain::BlockId;

/// Bodies that one step looks at.
const STEP: usize = 64;

/// Where the sweep is, which every start begins anew: the body that was examined last.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    last: Option<BlockId>,
}

impl Writer {
    /// Looks at the next bodies, and removes those of no block. Returns whether there are more
    /// to look at. Only the writer puts bodies before their blocks, so that none is under way.
    pub(super) fn sweep(&mut self) -> Result<bool, StoreError> {
        let Some(mut sweep) = self.sweep.take() else { return Ok(false) };
        for _ in 0..STEP {
            let next = guarded(|| self.next_body(&sweep))?;
            let Some(id) = next else { return Ok(false) };
            sweep.last = next;
            if guarded(|| self.is_stored(id))? {
                continue;
            }
            self.write(|writer| writer.remove_chunks(id))?;
        }
        self.sweep = Some(sweep);
        Ok(true)
    }

    fn next_body(&self, sweep: &Sweep) -> Result<Option<BlockId>, StoreError> {
        let bodies = &self.database.bodies;
        let found = match sweep.last {
            Some(last) => bodies.get_gt(chunk_key(last, u16::MAX)),
            None => bodies.first(),
        };
        let Some((key, value)) = found.map_err(read_error)? else { return Ok(None) };
        touch(bodies, &key, value.len())?;
        let name = key.split_last_chunk::<2>().and_then(|(block, _)| parse_branch_key(block));
        let damaged = || StoreError::Damaged { what: "a key of a body is torn".to_owned() };
        name.ok_or_else(damaged).map(Some)
    }

    fn is_stored(&self, id: BlockId) -> Result<bool, StoreError> {
        let main = self.database.raw_block(id.height)?;
        if main.is_some_and(|value| value.starts_with(id.hash.as_bytes())) {
            return Ok(true);
        }
        self.database.branches.contains_key(branch_key(id)).map_err(read_error)
    }

    /// Removes every chunk that is there: a kill may have taken the first ones.
    fn remove_chunks(&self, id: BlockId) -> Result<(), StoreError> {
        for key in self.database.bodies.scan_prefix(branch_key(id)).keys() {
            let key = key.map_err(read_error)?;
            self.database.bodies.remove(key).map_err(write_error)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
