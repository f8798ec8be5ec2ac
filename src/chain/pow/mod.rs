//! Proof of work: targets, the work that they stand for, their adjustment, and the search's hash.

pub(super) mod difficulty;
pub(super) mod midstate;
pub(super) mod retarget;
pub(super) mod target;
pub(super) mod work;
