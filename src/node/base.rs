//! Where a branch that a peer names leaves what is held here.

use super::StoreError;
use crate::chain::{Hash, Height, TipState};
use crate::store::Reader;

/// The last of these consecutive blocks that is held, by its place among them, and the chain's
/// state after it; none when not even the first one is held. Those held are the first ones.
pub(super) fn find_base(
    reader: &Reader,
    marks: &[(Height, Hash)],
) -> Result<Option<(usize, TipState)>, StoreError> {
    let mut most = marks.len();
    // A branch may be removed, or moved by a swap, between two looks: then fewer are held.
    while let Some(last) = held_prefix(reader, marks, most)?.checked_sub(1) {
        let Some((height, hash)) = marks.get(last) else { break };
        if let Some(state) = reader.state_of(*height, hash)? {
            return Ok(Some((last, state)));
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
