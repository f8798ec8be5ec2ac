//! Where a branch that a peer names leaves what is held here.

use crate::chain::{BlockId, ForkPoint, TipState, replaces};
use crate::node::StoreError;
use crate::store::Reader;

/// The last one that is held of consecutive blocks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeldAncestor {
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
pub(in crate::node) fn find_held_ancestor(
    reader: &Reader,
    ids: &[BlockId],
) -> Result<Option<HeldAncestor>, StoreError> {
    let mut max = ids.len();
    // A branch may be removed, or moved by a reorg, between two looks: then fewer are held.
    while let Some(last) = held_prefix(reader, ids, max)?.checked_sub(1) {
        let Some(&id) = ids.get(last) else { break };
        if let Some(state) = reader.state_of(id)? {
            let is_whole = last > 0 && last.checked_add(1) == Some(ids.len());
            if is_whole && replaces(state.total_work(), reader.tip().total_work) {
                // A kill or the limit on reorgs kept it from being made the main chain: its last block is
                // asked for once more, which does that.
                max = last;
                continue;
            }
            let fork = match reader.max_reorg_depth() {
                None => None,
                Some(_) => reader.fork_point(id)?,
            };
            return Ok(Some(HeldAncestor { place: last, state, fork }));
        }
        max = last;
    }
    Ok(None)
}

/// How many of the first `max` are held. Mostly that is none or one, so the tried length
/// doubles before the range between is halved.
fn held_prefix(reader: &Reader, ids: &[BlockId], max: usize) -> Result<usize, StoreError> {
    let (mut held, mut missing) = (0_usize, max);
    while held < missing {
        let half = held.midpoint(missing).max(held + 1);
        let place = held.saturating_mul(2).clamp(1, half) - 1;
        let place = place.max(held);
        let Some(&id) = ids.get(place) else { break };
        if reader.holds(id)? {
            held = place + 1;
        } else {
            missing = place;
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests;
