//! How fetching blocks from peers goes, for the code that shows it.

use std::net::SocketAddr;
use std::time::Duration;

use crate::chain::{BlockId, Height};

/// What the peer network is doing to reach the best chain.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum SyncState {
    /// No peer is known to have more work.
    #[default]
    Idle,
    /// Headers of a branch are walked to see how much work it has.
    Headers,
    /// Blocks are fetched.
    Blocks,
}

/// How fetching blocks goes. Brought up to date once a second, and when the state changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncProgress {
    /// What is being done.
    pub state: SyncState,
    /// The last block of the branch that is connected, or stored.
    pub at: Height,
    /// The highest block of this node's chain, or of a branch with more work whose headers were
    /// checked up to there: no claim of a peer.
    pub target: Height,
    /// How high the peers that blocks are fetched from say to be, where that is above `target`:
    /// bounded, but a claim, and for estimates alone.
    pub claimed: Option<Height>,
    /// Blocks from `at` to `target`.
    pub remaining: u64,
    /// Blocks that came, over the last five seconds.
    pub blocks_per_second: f64,
    /// Bytes of their bodies, over the same time.
    pub bytes_per_second: f64,
    /// When `claimed`, or else `target`, is reached at that pace. `None` while nothing arrives or
    /// nothing is fetched.
    pub eta: Option<Duration>,
    /// The peers that blocks are fetched from.
    pub links: Vec<SocketAddr>,
    /// The block that everything waits for, and who was asked for it.
    pub awaited: Option<(Height, Option<SocketAddr>)>,
    /// A peer that stays on another tip which work does not decide against ours.
    pub split: Option<PeerSplit>,
}

/// A peer and this node stay on different tips, for two block times at least.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PeerSplit {
    /// The peer that has done so for longest.
    pub peer: SocketAddr,
    /// Our tip.
    pub ours: BlockId,
    /// The peer's, which was checked.
    pub theirs: BlockId,
    /// How long that has been so.
    pub lasts: Duration,
}
