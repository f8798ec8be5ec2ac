//! Where a branch that a peer names leaves what is held here.

use crate::chain::{Hash, Height, TipState, replaces};
use crate::node::{ForkPoint, StoreError};
use crate::store::Reader;

/// The last one that is held of consecutive blocks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Base {
    /// Its place among them.
    pub place: usize,
    /// The chain's state after it.
    pub state: TipState,
    /// Where its branch leaves the main chain. `None` if it is on the main chain, and where no
    /// limit asks for it.
    pub fork: Option<ForkPoint>,
}

/// The last of these consecutive blocks that is held; `None` if not even the first one is. Those
/// held are the first ones.
pub(in crate::node) fn find_base(
    reader: &Reader,
    marks: &[(Height, Hash)],
) -> Result<Option<Base>, StoreError> {
    let mut most = marks.len();
    // A branch may be removed, or moved by a swap, between two looks: then fewer are held.
    while let Some(last) = held_prefix(reader, marks, most)?.checked_sub(1) {
        let Some((height, hash)) = marks.get(last) else { break };
        if let Some(state) = reader.state_of(*height, hash)? {
            let is_whole = last > 0 && last.checked_add(1) == Some(marks.len());
            if is_whole && replaces(state.total_work(), reader.tip().total_work) {
                // A kill or the limit on reorgs kept it from being swapped in: its last block is
                // asked for once more, which does that.
                most = last;
                continue;
            }
            let fork = match reader.max_reorg_depth() {
                None => None,
                Some(_) => reader.fork_point(*height, hash)?,
            };
            return Ok(Some(Base { place: last, state, fork }));
        }
        most = last;
    }
    Ok(None)
}

/// How many of the first `most` are held. Mostly that is none or one, so what is looked at
/// doubles before the range between is halved.
fn held_prefix(
    reader: &Reader,
    marks: &[(Height, Hash)],
    most: usize,
) -> Result<usize, StoreError> {
    let (mut held, mut missing) = (0_usize, most);
    while held < missing {
        let half = held.midpoint(missing).max(held + 1);
        let place = held.saturating_mul(2).clamp(1, half) - 1;
        let place = place.max(held);
        let Some((height, hash)) = marks.get(place) else { break };
        if reader.holds(*height, hash)? {
            held = place + 1;
        } else {
            missing = place;
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests;
