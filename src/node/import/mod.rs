//! Blocks of others: offering one, appending a checked branch, and forks that wait for the operator.

pub(super) mod append;
pub(super) mod deep_forks;
pub(super) mod fork_point;
pub(super) mod offer;
