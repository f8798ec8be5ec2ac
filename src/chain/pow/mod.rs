//! Proof of work: targets, the work that they stand for, and how difficult they are.

pub(super) mod difficulty;
pub(super) mod target;
pub(super) mod work;
