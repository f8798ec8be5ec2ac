//! What the edges hold of the node.

mod bans;
mod disk;
mod export;
mod heartbeats;
mod lookups;
mod records;
mod relayed;
mod reorg_records;
mod tie;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{oneshot, watch};

pub use self::records::{KnownRecord, PendingEntry};
pub use self::relayed::PendingIds;
pub use self::reorg_records::{ReorgRecord, ReorgRecords};
use super::command::{BranchPart, Command};
use super::import::append::{Appending, connect, send};
use super::import::fork_point::find_held_ancestor;
use super::import::offer::{Branch, import, import_part};
use super::index::Index;
use super::mining::request::Request;
use super::shared::Shared;
use super::{
    HeldAncestor, HeldBlock, ImportError, Imported, KnownPeer, Links, MineError, Mined,
    NodeFailure, NodeStatus, StoppedNode, StoreError, View, held,
};
use crate::chain::{
    BlockId, ChainHeader, Checkpoints, DeepFork, Hash, HashedBlock, Spec, Timestamp, ValidBlock,
};

/// Speaks to the node; cheap to clone. Its futures need tokio's timers.
#[derive(Clone, Debug)]
pub struct NodeHandle {
    shared: Arc<Shared>,
    index: Arc<Index>,
}

impl NodeHandle {
    pub(super) const fn new(shared: Arc<Shared>, index: Arc<Index>) -> Self {
        Self { shared, index }
    }

    #[cfg(test)]
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// The chain's parameters.
    pub fn spec(&self) -> &Spec {
        &self.shared.spec
    }

    /// The genesis hash, which names the chain.
    pub fn chain_id(&self) -> Hash {
        self.shared.chain_id
    }

    /// Blocks that every branch must contain.
    pub fn checkpoints(&self) -> &Checkpoints {
        &self.shared.config.checkpoints
    }

    /// What the node's clock shows.
    pub fn now(&self) -> Timestamp {
        (self.shared.config.clock)()
    }

    /// The stopped node of which this one is a read-only view; `None` for a node that runs.
    pub fn stopped(&self) -> Option<&StoppedNode> {
        self.shared.config.stopped.as_deref()
    }

    /// Why blocks are refused at the moment, `None` while they are taken. Does not touch the
    /// disk. The log reports a clock that went wrong or was corrected.
    pub fn refusing(&self) -> Option<String> {
        self.shared.refusing()
    }

    /// The published tip.
    pub fn tip(&self) -> ChainHeader {
        self.shared.tip()
    }

    /// The published tip, to be waited on.
    pub fn watch_tip(&self) -> watch::Receiver<ChainHeader> {
        self.shared.watch_tip()
    }

    /// A view of the chain as it is now. Making one does not block.
    pub fn view(&self) -> View {
        self.shared.reader.view()
    }

    /// A block of any branch; `None` if it is not held.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn held_block(&self, id: BlockId) -> Result<Option<HeldBlock>, NodeFailure> {
        let reader = self.shared.reader.clone();
        let Some(mut held) = self.read(move || held::find(&reader, id)).await? else {
            return Ok(None);
        };
        if !held.is_main {
            held.disconnected = self.shared.reorgs.disconnection(id);
        }
        Ok(Some(held))
    }

    /// Runs `read` on a blocking thread under a reader permit: one batch, never a
    /// wait for a socket. A caller that goes away does not end it.
    ///
    /// # Errors
    /// What `read` failed with; damage, and a panic in it, ends the node. Once the
    /// node is over, every read fails.
    pub async fn read<T, F>(&self, read: F) -> Result<T, NodeFailure>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, StoreError> + Send + 'static,
    {
        let result = self.shared.blocking(&self.shared.readers, read).await?;
        result.map_err(|error| self.shared.judge(error))
    }

    /// Mines one block with these records and waits until it is durable. Dropping
    /// the future cancels the work, unless the block was handed to the writer.
    ///
    /// # Errors
    /// Why nothing was stored.
    pub async fn mine(&self, records: Vec<String>) -> Result<Mined, MineError> {
        self.shared.spec.check_records(&records)?;
        let (request, ticket) = Request::new(records);
        self.shared.queue.push(request)?;
        ticket.wait(self.shared.config.mine_deadline).await
    }

    /// Offers consecutive blocks, oldest first, of which some may be held already.
    /// A caller that goes away does not end it.
    ///
    /// # Errors
    /// Why a block was not taken; those before it may have been.
    pub async fn import<B>(&self, blocks: Vec<B>) -> Result<Imported, ImportError>
    where
        B: Into<HashedBlock> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let import = move || import(&shared, blocks.into_iter().map(Into::into).collect());
        self.shared.blocking(&self.shared.offers, import).await?
    }

    /// Offers the next part of a branch, oldest first. While `more` is to come a branch beside the
    /// main chain is only stored, so that it is taken as a whole or not at all; what extends
    /// the main chain is appended at once. Returns the outcome of the parts so far.
    ///
    /// # Errors
    /// Why the part was not taken.
    pub async fn import_part<B>(
        &self,
        mut branch: Branch,
        blocks: Vec<B>,
        more: bool,
    ) -> Result<(Imported, Branch), ImportError>
    where
        B: Into<HashedBlock> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let part = if more { BranchPart::Partial } else { BranchPart::Last };
        let import = move || {
            let blocks = blocks.into_iter().map(Into::into).collect();
            import_part(&shared, &mut branch, blocks, part).map(|imported| (imported, branch))
        };
        self.shared.blocking(&self.shared.offers, import).await?
    }

    /// Hands consecutive blocks that were checked to the writer, oldest first: those that extend
    /// the main chain are appended, a branch beside it is stored, and takes over once it has
    /// more work. The answer comes when they are in the writer's queue, so that calls one after
    /// the other stay in order, and brings the promise of what became of them.
    ///
    /// # Errors
    /// When the node is stopping or has failed.
    pub async fn connect(&self, blocks: Vec<ValidBlock>) -> Result<Appending, NodeFailure> {
        connect(&self.shared, blocks).await
    }

    /// Most blocks that a reorg may disconnect unless the operator accepts it; `None` if any
    /// number.
    pub fn max_reorg_depth(&self) -> Option<u64> {
        self.shared.reader.max_reorg_depth()
    }

    /// First blocks of the branches that the operator accepted, however deep they fork.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn accepted_forks(&self) -> Result<Vec<Hash>, NodeFailure> {
        let reader = self.shared.reader.clone();
        self.read(move || reader.accepted_forks()).await
    }

    /// Remembers a branch that was refused because it forks too deep, and logs it once.
    pub fn note_deep_fork(&self, fork: DeepFork) {
        if let Some(max) = self.max_reorg_depth() {
            self.shared.forks.note(fork, max);
        }
    }

    /// Accepts a branch that waits, by the hash of its first block. Durable when it resolves;
    /// the peer network is told. `None` if no such branch is remembered.
    ///
    /// # Errors
    /// As [`NodeHandle::connect`].
    pub async fn accept_fork(&self, first: Hash) -> Result<Option<DeepFork>, NodeFailure> {
        let Some(fork) = self.shared.forks.find(&first) else { return Ok(None) };
        let (reply, done) = oneshot::channel();
        send(&self.shared, Command::AcceptFork { first, reply }).await?;
        done.await.map_err(|_| self.shared.failure().unwrap_or(NodeFailure::Stopping))?;
        self.shared.forks.accepted(&first);
        self.shared.links.accept_forks(self.accepted_forks().await?).await;
        Ok(Some(fork))
    }

    /// Of consecutive blocks, oldest first, the last one that is held on the main chain or on a
    /// branch; `None` if not even the first one is held.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn find_held_ancestor(
        &self,
        ids: Vec<BlockId>,
    ) -> Result<Option<HeldAncestor>, NodeFailure> {
        let reader = self.shared.reader.clone();
        self.read(move || find_held_ancestor(&reader, &ids)).await
    }

    /// What an operator wants to know.
    pub fn status(&self) -> NodeStatus {
        let shared = &self.shared;
        let (reorgs, recent_reorgs) = shared.reorgs.get();
        NodeStatus {
            tip: shared.tip(),
            indexed: shared.reader.indexed(),
            uptime: shared.started.elapsed(),
            hash_rate: shared.rate.get(),
            mined: shared.mined.get(),
            mines_pool: shared.config.mines_pool,
            mining: shared.queue.waiting() + usize::from(shared.at_work.load(Ordering::Relaxed)),
            refusing: shared.refusing(),
            is_disk_low: shared.is_disk_low(),
            has_failed: shared.has_failed(),
            clock: shared.look_at_clock().err(),
            checking: shared.checked(),
            deep_forks: shared.forks.waiting(shared.tip().total_work),
            reorgs,
            recent_reorgs,
        }
    }

    /// Peers.
    pub fn links(&self) -> &Links {
        &self.shared.links
    }

    /// The address book's peers.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn known_peers(&self) -> Result<Vec<KnownPeer>, NodeFailure> {
        let book = self.shared.reader.book();
        self.read(move || book.entries()).await
    }

    /// Writes a peer into the address book, over what it had of it, unless the operator removed
    /// it meanwhile.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn remember_peer(&self, peer: KnownPeer) -> Result<(), NodeFailure> {
        let (shared, book) = (Arc::clone(&self.shared), self.shared.reader.book());
        let is_wanted = move |address: &str| !shared.forgotten.contains(address);
        self.read(move || book.put_if(&peer, &is_wanted)).await
    }

    /// Takes a peer out of the address book and keeps it out until it is added again or the
    /// node starts anew. Returns whether the book had it.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn forget_peer(&self, address: &str) -> Result<bool, NodeFailure> {
        self.shared.forgotten.add(address);
        let (book, address) = (self.shared.reader.book(), address.to_owned());
        self.read(move || book.remove(&address)).await
    }

    /// Whether the operator removed this peer and did not add it again.
    pub fn is_forgotten(&self, address: &str) -> bool {
        self.shared.forgotten.contains(address)
    }

    /// The operator adds a peer that may have been removed.
    pub fn recall_peer(&self, address: &str) {
        self.shared.forgotten.remove(address);
    }

    /// The addresses of the peers to dial before others after a restart.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn anchors(&self) -> Result<Vec<String>, NodeFailure> {
        let book = self.shared.reader.book();
        self.read(move || book.anchors()).await
    }

    /// Replaces the anchors in the address book.
    ///
    /// # Errors
    /// As [`NodeHandle::read`].
    pub async fn set_anchors(&self, addresses: Vec<String>) -> Result<(), NodeFailure> {
        let book = self.shared.reader.book();
        self.read(move || book.set_anchors(&addresses)).await
    }

    /// Resolves when the node can no longer serve, with the reason.
    pub async fn failed(&self) -> NodeFailure {
        let mut failure = self.shared.watch_failure();
        let known = failure.wait_for(Option::is_some).await;
        // The sender lives as long as this handle.
        known.ok().and_then(|why| why.clone()).unwrap_or(NodeFailure::Stopping)
    }
}

#[cfg(test)]
mod tests;
