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
mod block_id;
mod chain_header;
mod checkpoint;
mod error;
mod fork;
mod fork_choice;
mod hash;
mod hash_pattern;
mod hashed_block;
mod header;
mod json;
mod merkle;
mod midstate;
mod number;
mod pow;
mod receipt;
mod retarget;
mod spec;
#[cfg(any(test, feature = "test-util"))]
pub mod test_util;
mod tip;
mod valid_block;

pub use block::{Block, merkle_root};
pub use block_id::BlockId;
pub use chain_header::ChainHeader;
pub use checkpoint::Checkpoints;
pub use error::RuleError;
pub use fork::{DeepFork, ForkPoint};
pub use fork_choice::replaces;
pub use hash::{Hash, ParseHashError};
pub use hash_pattern::{HashPattern, HashPatternError};
pub use hashed_block::HashedBlock;
pub use header::{HEADER_BYTES, Header, VERSION};
pub use json::{
    BoundedBlock, JsonError, parse_block, parse_bounded_block, write_block_json, write_header_json,
};
pub use merkle::frontier::{Frontier, root};
pub use merkle::proof::{
    ProofError, consistency_proof, inclusion_path, prove_consistency, prove_inclusion,
    verify_consistency, verify_inclusion,
};
pub use merkle::subtree::Subtree;
pub use merkle::tree::{empty_root, leaf_hash, node_hash};
pub use midstate::Midstate;
pub use number::{Height, MAX_SAFE_INTEGER, Timestamp, plain_number};
pub use pow::difficulty::Difficulty;
pub use pow::target::{Bits, BitsError, Target};
pub use pow::work::Work;
pub use receipt::{Consistency, HeaderName, MAX_RECEIPT_BYTES, Receipt, ReceiptError, Verified};
pub use retarget::required_bits;
pub use spec::{Spec, SpecError};
pub use tip::TipState;
pub use valid_block::{ValidBlock, ValidHeader};
