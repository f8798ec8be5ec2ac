//! Consensus rules: pure functions over bytes and numbers.
//!
//! Nothing here reads a clock, a file, a socket or a random number: the current
//! time is an argument, so every rule can be checked by a unit test or replayed
//! from a recorded input. The rules are written down, byte by byte, in
//! `docs/chain.md`.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![deny(clippy::indexing_slicing)]
// A test that overflows fails, which is what it is for.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod block;
mod checkpoint;
mod difficulty;
mod error;
mod fork;
mod frontier;
mod hash;
mod header;
mod json;
mod midstate;
mod number;
mod proof;
mod retarget;
mod spec;
mod target;
#[cfg(test)]
mod testing;
mod tip;
mod tree;
mod work;

pub use block::{Block, ValidBlock, ValidHeader, merkle_root};
pub use checkpoint::Checkpoints;
pub use difficulty::Difficulty;
pub use error::RuleError;
pub use fork::replaces;
pub use frontier::Frontier;
pub use hash::{Hash, ParseHashError};
pub use header::{HEADER_BYTES, Header, VERSION};
pub use json::{
    BoundedBlock, JsonBlock, JsonError, parse_block, parse_bounded_block, write_block_json,
    write_header_json,
};
pub use midstate::Midstate;
pub use number::{Height, MAX_SAFE_INTEGER, Timestamp};
pub use proof::{
    ProofError, consistency_proof, inclusion_path, verify_consistency, verify_inclusion,
};
pub use retarget::required_bits;
pub use spec::{Spec, SpecError};
pub use target::{Bits, BitsError, Target};
pub use tip::TipState;
pub use tree::{empty_root, leaf_hash, node_hash, root};
pub use work::Work;
