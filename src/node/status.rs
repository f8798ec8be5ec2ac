//! What an operator wants to know of a running node.

use std::time::Duration;

use super::{ClockFault, StoredBlock};
use crate::chain::{BlockId, ChainHeader, DeepFork, Hash, Height, Timestamp};

/// A snapshot of the node.
#[derive(Clone, Debug)]
pub struct NodeStatus {
    /// The published tip.
    pub tip: ChainHeader,
    /// Every block of the main chain up to this height is indexed.
    pub indexed: Height,
    /// Time since the node started.
    pub uptime: Duration,
    /// Hashes per second while last mining, `None` before the first block.
    pub hash_rate: Option<f64>,
    /// Blocks that were mined since the node started.
    pub mined: MinedBlocks,
    /// Whether records of the pool are mined.
    pub mines_pool: bool,
    /// Requests that wait to be mined, the one at work included.
    pub mining: usize,
    /// Why blocks are refused at the moment, `None` while they are taken: the disk is nearly
    /// full, the clock cannot date a block, the node has failed, or it is a view of a stopped node.
    pub refusing: Option<String>,
    /// Whether blocks are refused because the disk is nearly full.
    pub is_disk_low: bool,
    /// Whether the node has failed.
    pub has_failed: bool,
    /// What is wrong with the clock, `None` if nothing is.
    pub clock: Option<ClockFault>,
    /// Heights that the background check has covered, up to the tip at its start; none
    /// when it is done.
    pub checking: Option<Height>,
    /// Branches with more work than the main chain that wait for the operator, since they fork
    /// deeper than `max_reorg_depth`; the heaviest first.
    pub deep_forks: Vec<DeepFork>,
    /// Reorgs, also before the node's start.
    pub reorgs: u64,
    /// The latest reorgs, newest first, at most 16.
    pub recent_reorgs: Vec<ReorgSummary>,
}

/// Blocks that this node mined since it started.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MinedBlocks {
    /// For requests to mine.
    pub requests: u64,
    /// Of pending records.
    pub pool: u64,
    /// Without records, to end a tie or to seal a block.
    pub empty: u64,
}

/// What takes a read of the disk to know.
#[derive(Clone, Copy, Debug)]
pub struct DiskStatus {
    /// Bytes that are free on the file system of the database.
    pub free_bytes: u64,
    /// Bytes that must be free for blocks to be accepted.
    pub min_free_bytes: u64,
    /// Peers in the address book.
    pub known_peers: usize,
}

/// One reorg.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReorgSummary {
    /// Counts the reorgs of the database, from 1 on.
    pub number: u64,
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
    /// The reorg's number.
    pub number: u64,
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
    /// The latest reorg that disconnected it. `None` for a block of the main chain, one that never
    /// was on it, and one that was disconnected too long ago to be remembered.
    pub disconnected: Option<Disconnection>,
}
