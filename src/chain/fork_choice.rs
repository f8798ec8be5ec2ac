//! Which of two valid chains a node follows.

use super::Work;

/// Whether a chain with the work `candidate` takes the place of the current one
/// with the work `current`: only with strictly more.
///
/// Equal work keeps the chain that was seen first, which is the stored one, so a
/// restart never moves a node. Length decides nothing. A chain that contradicts a
/// checkpoint is invalid and does not come here.
pub fn replaces(candidate: Work, current: Work) -> bool {
    candidate > current
}

#[cfg(test)]
mod tests;
