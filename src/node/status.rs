//! What an operator wants to know of a running node.

use std::time::Duration;

use super::{ClockFault, StoredBlock};
use crate::chain::{BlockId, ChainHeader, DeepFork, Hash, Height, Timestamp};

/// A snapshot of the node.
#[derive(Clone, Debug)]
pub struct NodeStatus {
    /// The published tip.
    pub tip: ChainHeader,
    /// Time since the node started.
    pub uptime: Duration,
    /// Hashes per second while last mining, `None` before the first block.
    pub hash_rate: Option<f64>,
    /// Requests that wait to be mined, the one at work included.
    pub mining: usize,
    /// Why blocks are refused at the moment, `None` while they are taken: the disk is nearly
    /// full, the clock cannot date a block, or the node has failed.
    pub refusing: Option<String>,
    /// What is wrong with the clock, `None` if nothing is.
    pub clock: Option<ClockFault>,
    /// Heights that the background check has covered, up to the tip at its start; none
    /// when it is done.
    pub checking: Option<Height>,
    /// Branches with more work than the main chain that wait for the operator, since they fork
    /// deeper than `max_reorg_depth`; the heaviest first.
    pub deep_forks: Vec<DeepFork>,
    /// Reorgs since the start.
    pub reorgs: u64,
    /// The latest reorgs, newest first, at most 16.
    pub recent_reorgs: Vec<ReorgSummary>,
}

/// One reorg.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReorgSummary {
    /// When it was done.
    pub time: Timestamp,
    /// The last block that both branches share.
    pub fork: Height,
    /// How many blocks left the main chain.
    pub depth: u64,
    /// The first of them, at most 256, lowest first.
    pub disconnected: Vec<BlockId>,
    /// The new tip.
    pub new_tip: BlockId,
}

/// The reorg that took a block off the main chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Disconnection {
    /// When it was done.
    pub time: Timestamp,
    /// The last block that both branches share.
    pub fork: Height,
    /// How many blocks left the main chain.
    pub depth: u64,
    /// The new tip.
    pub new_tip: BlockId,
}

/// A block that is held, on the main chain or beside it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeldBlock {
    /// The block.
    pub block: StoredBlock,
    /// Whether it is on the main chain.
    pub is_main: bool,
    /// Hash of the main chain's block at its height, if that is another one.
    pub replaced_by: Option<Hash>,
    /// The latest reorg that disconnected it since the node started. `None` for a block of the
    /// main chain, one that never was on it, and one that was disconnected longer ago.
    pub disconnected: Option<Disconnection>,
}
