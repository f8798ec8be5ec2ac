//! The difficulty rule: WTEMA, relative to the parent, one step per block.

use ruint::aliases::U256;

use super::{Bits, BitsError, Height, Spec, Target, Timestamp};

/// The `bits` that the block at `height` must carry.
///
/// `parent` is the parent's bits, and the times are the parent's and its
/// parent's. Up to height 1, and for a chain with `retarget_window` 0, the rule
/// asks for the chain's easiest target.
///
/// # Errors
/// When the parent's bits are no target, which a validated parent's never are.
pub fn required_bits(
    spec: &Spec,
    height: Height,
    parent: Bits,
    parent_time: Timestamp,
    grandparent_time: Timestamp,
) -> Result<Bits, BitsError> {
    let limit = spec.pow_limit();
    if height <= Height::new(1) || spec.retarget_window() == 0 {
        return Ok(limit.to_bits());
    }
    let block_time = U256::from(spec.target_block_time_ms());
    let window = U256::from(spec.retarget_window()).saturating_mul(block_time);
    let longest =
        spec.target_block_time_ms().saturating_mul(6).saturating_add(spec.max_future_ms());
    let solve = U256::from(parent_time.millis_since(grandparent_time).min(longest));

    let factor = window.saturating_add(solve).saturating_sub(block_time);
    let quotient = parent.target()?.get().checked_div(window).unwrap_or_default();
    let target = quotient.saturating_mul(factor).clamp(U256::from(1), limit.get());
    Ok(Target::new(target).unwrap_or(limit).to_bits())
}

#[cfg(test)]
mod tests;
