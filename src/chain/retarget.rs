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
    let solve = parent_time.millis_since(grandparent_time);
    Ok(step(spec, parent.target()?, solve).to_bits())
}

/// The target after a block with the target `parent` that took `solve` milliseconds.
#[expect(
    clippy::expect_used,
    reason = "a window is 10 to 1,000 block times, each 1 ms to a day: nothing is zero, negative or above 2^38"
)]
fn step(spec: &Spec, parent: Target, solve: u64) -> Target {
    let (block_time, limit) = (spec.target_block_time_ms(), spec.pow_limit());
    let window = spec.retarget_window().checked_mul(block_time).expect("a window");
    let longest = block_time.checked_mul(6).and_then(|sum| sum.checked_add(spec.max_future_ms()));
    let solve = solve.min(longest.expect("seven days at most"));
    let factor = window.checked_add(solve).and_then(|sum| sum.checked_sub(block_time));

    let quotient = parent.get().checked_div(U256::from(window)).expect("a window is not zero");
    // What overflows is above every limit.
    let target = quotient.saturating_mul(U256::from(factor.expect("a window and a solve time")));
    Target::new(target.clamp(U256::from(1), limit.get())).expect("at least 1")
}

#[cfg(test)]
mod tests;
