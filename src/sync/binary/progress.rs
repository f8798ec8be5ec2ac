//! What can be seen of fetching blocks from outside.

use super::download::Download;
use super::limits::MAX_PACE;
use super::{BinarySync, Peer};
use crate::chain::Height;
use crate::sync::LinkId;

/// What is being done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SyncState {
    /// No peer is known to have more work.
    #[default]
    Idle,
    /// Headers of a branch are checked to see how much work it has.
    Headers,
    /// Blocks are fetched.
    Blocks,
}

/// How fetching goes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub state: SyncState,
    /// The last block imported, or stored, by the branch that is fetched.
    pub at: Height,
    /// The highest block of our chain, or of a branch with more work whose headers were
    /// checked up to there. What peers claim without showing it counts for nothing.
    pub target: Height,
    /// The height that links with the branch which is fetched say to have, the lower median of
    /// them, and no more than a chain can well have by now: a claim, for estimates alone. `None` if
    /// it is not above `target`.
    pub claimed: Option<Height>,
    /// Blocks fetched since the start, those fetched twice counted twice.
    pub blocks: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Bytes of bodies that came and are not imported.
    pub held_bytes: u64,
    /// Bytes set aside for bodies that were asked for.
    pub reserved_bytes: u64,
    /// Headers held whose blocks are not imported.
    pub headers: usize,
    /// How far above the lowest block that is not imported bodies were asked for.
    pub window: u64,
    /// The links that blocks are being fetched from.
    pub links: Vec<LinkId>,
    /// The block that everything waits for, and who was asked for it.
    pub awaited: Option<(Height, Option<LinkId>)>,
}

impl BinarySync {
    pub(in crate::sync) fn progress(&self) -> Progress {
        let (blocks, bytes) = self.came;
        let looking = self.peers.values().any(|peer| peer.ask.is_some() || peer.query.is_some());
        let mut progress = Progress {
            state: if looking { SyncState::Headers } else { SyncState::Idle },
            at: self.tip.height,
            target: self.highest_shown().max(self.tip.height),
            blocks,
            bytes,
            held_bytes: self.budget.held(),
            reserved_bytes: self.budget.reserved(),
            links: self.asked_links(),
            ..Progress::default()
        };
        if let Some(download) = &self.download {
            progress.state = SyncState::Blocks;
            progress.at = download.imported.height;
            progress.target = self.highest_shown().max(download.head().height);
            progress.claimed = self.claimed(download).filter(|claimed| *claimed > progress.target);
            progress.headers = download.ahead();
            progress.window = download.window();
            progress.awaited = self.awaited_block(self.looked);
        }
        progress
    }

    /// See [`Progress::claimed`].
    fn claimed(&self, download: &Download) -> Option<Height> {
        let has_it =
            |peer: &&Peer| peer.is_on == Some(download.number) || download.source == Some(peer.id);
        let mut claims: Vec<_> =
            self.peers.values().filter(has_it).map(|peer| peer.height).collect();
        claims.sort_unstable();
        let middle = claims.len().checked_sub(1)?.checked_div(2)?;
        let age = self.clock.millis_since(download.head_time());
        let blocks = age.checked_div(self.config.spec.target_block_time_ms())?;
        let plausible = download.head().height.ahead(blocks.saturating_mul(MAX_PACE));
        claims.get(middle).map(|claim| plausible.min(*claim))
    }

    /// The highest block of those branches whose headers showed more work than ours has.
    fn highest_shown(&self) -> Height {
        let candidates = self.peers.values().filter_map(|peer| peer.candidate.as_ref());
        let heavier = candidates.filter(|candidate| {
            candidate.work() > self.work && self.deep_fork(candidate).is_none()
        });
        heavier.map(|candidate| candidate.head().height).max().unwrap_or(Height::GENESIS)
    }
}
