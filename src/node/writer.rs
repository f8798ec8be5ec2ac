//! The writer thread: the only one that changes the chain. It applies what waits, as a group, and
//! hands the group to the syncer thread, which makes it durable, publishes the tip and responds.

mod mined;
mod records;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use self::records::Unpublished;
use super::command::{BranchPart, Command};
use super::group::Group;
use super::import::offer::known_prefix;
use super::index::Index;
use super::index::index_work::IndexWork;
use super::metrics::Millionths;
use super::pipeline::{Pipeline, Unsynced};
use super::shared::{Shared, guarded};
use super::{Imported, StoreError};
use crate::chain::{BlockId, DeepFork, ValidBlock, Work, replaces};
use crate::store::{self, Heartbeat};

/// How often an idle writer looks for branches to remove, whether the database is still in its
/// place, and whether the node is over.
const IDLE_WAIT: Duration = Duration::from_secs(1);

/// The wait for a command while the syncer is at work: then the writer is idle.
const SYNC_WAIT: Duration = Duration::from_millis(50);

/// How long no command must come before the writer is idle, and the index takes its time.
const INDEX_GRACE: Duration = Duration::from_millis(2);

/// Part of its time that the writer spends on the index under load.
const INDEX_PART: u32 = 10;

/// Blocks after which one step of removing branches is taken under load, so that they cannot
/// pile up.
const TIDY_BLOCKS: usize = 10_000;

/// Owns the only write handle.
#[derive(Debug)]
pub(super) struct WriterThread {
    shared: Arc<Shared>,
    store: store::Writer,
    commands: Receiver<Command>,
    pipeline: Arc<Pipeline>,
    /// Blocks since branches were last examined.
    untidied: usize,
    refusing: bool,
    index: IndexWork,
    /// What is not indexed yet.
    tail: Arc<Index>,
    /// Records of blocks that are not published yet.
    unpublished: Unpublished,
}

impl WriterThread {
    pub(super) fn new(
        shared: Arc<Shared>,
        store: store::Writer,
        commands: Receiver<Command>,
        pipeline: Arc<Pipeline>,
        tail: Arc<Index>,
    ) -> Self {
        Self {
            shared,
            store,
            commands,
            pipeline,
            untidied: 0,
            refusing: false,
            index: IndexWork::default(),
            tail,
            unpublished: Unpublished::default(),
        }
    }

    /// Serves until told to stop, or until a write of its own or of the syncer's fails. A failure
    /// is final: nothing more is written, and everything that waits is dropped. Its senders then
    /// learn that it may have been stored, if its write was begun, and else that the node is
    /// stopping.
    pub(super) fn run(mut self) {
        if let Err(error) = guarded(|| self.serve()).and_then(|served| served) {
            // A failure of the syncer's is the reason for this one, and comes first.
            self.pipeline.join();
            self.shared.end(&error.into());
        }
    }

    fn serve(&mut self) -> Result<(), StoreError> {
        while self.check_records()? {}
        let mut begun = Instant::now();
        while let Some(command) = self.next()? {
            // Damage that a reader found.
            if self.shared.has_failed() || self.group(command)?.is_break() {
                break;
            }
            // Load has short waits for a command, while the disk is at work.
            self.index.work(&mut self.store, begun.elapsed().min(SYNC_WAIT) / INDEX_PART)?;
            begun = Instant::now();
        }
        Ok(())
    }

    /// Waits for a command; old branches are removed meanwhile, in small steps.
    fn next(&mut self) -> Result<Option<Command>, StoreError> {
        if self.untidied >= TIDY_BLOCKS {
            self.pipeline.settle()?;
            self.tidy()?;
        }
        if self.index.is_begun() {
            match self.commands.recv_timeout(INDEX_GRACE) {
                Ok(command) => return Ok(Some(command)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        loop {
            self.heartbeat().beat();
            match self.commands.try_recv() {
                Ok(command) => return Ok(Some(command)),
                Err(TryRecvError::Disconnected) => return Ok(None),
                Err(TryRecvError::Empty) if self.index.step(&mut self.store)? => continue,
                Err(TryRecvError::Empty) if self.pipeline.is_idle() && self.tidy()? => continue,
                Err(TryRecvError::Empty) => {}
            }
            let wait = if self.pipeline.is_idle() { IDLE_WAIT } else { SYNC_WAIT };
            match self.commands.recv_timeout(wait) {
                Ok(command) => return Ok(Some(command)),
                Err(RecvTimeoutError::Timeout) if !self.shared.is_over() => {
                    self.shared.reader.check_place()?;
                    self.look_at_room();
                }
                Err(_) => return Ok(None),
            }
        }
    }

    /// Notes that the disk is low before a block is refused for it, and that it no longer is.
    fn look_at_room(&mut self) {
        match self.shared.reader.check_room() {
            Err(error) => self.note_refusal(&error),
            Ok(()) => self.note_success(),
        }
    }

    /// Removes a few blocks of branches that are out of their retention, while nothing is on its
    /// way to the disk. Returns whether there is more to do.
    fn tidy(&mut self) -> Result<bool, StoreError> {
        self.untidied = 0;
        let is_unfinished = self.check_records()? | self.store.prune()?;
        // Otherwise the next group would find the store in the middle of a write.
        self.store.commit()?;
        Ok(is_unfinished)
    }

    /// Applies `first` and what waits behind it, up to the bounds of a group.
    fn group(&mut self, first: Command) -> Result<ControlFlow<()>, StoreError> {
        let mut group = Group::default();
        let mut flow = ControlFlow::Continue(());
        let mut next = Some(first);
        while let Some(command) = next.take() {
            self.heartbeat().beat();
            match command {
                Command::Append { block, job } => self.append(block, job, &mut group)?,
                Command::Import { blocks, part, reply } => {
                    match self.connect(blocks, part, &mut group) {
                        Ok(imported) => group.imported.push((reply, imported)),
                        Err(error) if is_refusal(&error) => {
                            self.note_refusal(&error);
                            let _ = reply.send(Err(error));
                        }
                        Err(error) => return Err(error),
                    }
                }
                Command::Submit(submission) => self.submit(submission, &mut group)?,
                Command::Relay(relayed) => self.take_relayed(relayed, &mut group)?,
                Command::CancelRecord { id, reply } => self.cancel(&id, reply, &mut group)?,
                Command::AcceptFork { first, reply } => {
                    self.settle(std::mem::take(&mut group))?;
                    self.store.accept_fork(&first, (self.shared.config.clock)())?;
                    // The caller may have gone.
                    let _ = reply.send(());
                }
                Command::Index { batch, reply } => self.index.begin(batch, reply),
                Command::Barrier { reply } => group.barriers.push(reply),
                Command::Stop => flow = ControlFlow::Break(()),
            }
            if flow.is_continue() && !group.is_full() {
                next = self.commands.try_recv().ok();
            }
        }
        if flow.is_break() {
            self.settle(group)?;
        } else {
            self.finish(group)?;
        }
        Ok(flow)
    }

    fn connect(
        &mut self,
        mut blocks: Vec<ValidBlock>,
        part: BranchPart,
        group: &mut Group,
    ) -> Result<Imported, StoreError> {
        if !self.extends(&blocks) {
            // A view sees durable blocks only, and a reorg needs them to be.
            self.settle(std::mem::take(group))?;
            let ids: Vec<_> = blocks.iter().map(ValidBlock::id).collect();
            blocks.drain(..known_prefix(&self.shared.reader.view(), &ids)?);
        }
        let Some(last) = blocks.last() else { return Ok(Imported::Known) };
        if self.extends(&blocks) {
            return self.extend(&blocks, group);
        }
        self.check_parent(&blocks)?;
        for block in &blocks {
            self.heartbeat().beat();
            if part == BranchPart::Proven {
                self.store.store_proven_block(block)?;
            } else {
                self.store.store_branch_block(block)?;
            }
            group.count(block.block().record_bytes());
        }
        self.note_success();
        if part == BranchPart::Partial {
            return Ok(Imported::OnBranch);
        }
        let (theirs, ours) = (last.total_work(), self.store.applied().total_work());
        if !replaces(theirs, ours) {
            return Ok(if theirs == ours { Imported::Tied } else { Imported::OnBranch });
        }
        let last = (last.id(), theirs);
        self.settle(std::mem::take(group))?;
        self.reorg(last)?;
        Ok(Imported::Reorged)
    }

    /// The thread that checked them saw the block below them, which may have been removed since.
    fn check_parent(&self, blocks: &[ValidBlock]) -> Result<(), StoreError> {
        let Some(first) = blocks.first() else { return Ok(()) };
        let parent = first.parent();
        if self.shared.reader.holds(parent)? { Ok(()) } else { Err(StoreError::NotHeld(parent)) }
    }

    fn extends(&self, blocks: &[ValidBlock]) -> bool {
        let tip = self.store.applied().hash();
        blocks.first().is_some_and(|block| block.header().previous_hash == tip)
    }

    fn extend(&mut self, blocks: &[ValidBlock], group: &mut Group) -> Result<Imported, StoreError> {
        let mut result = Ok(Imported::Extended);
        for block in blocks {
            self.heartbeat().beat();
            if let Err(error) = self.store.append(block) {
                result = Err(error);
                break;
            }
            self.note_success();
            self.include(block.block())?;
            group.count(block.block().record_bytes());
        }
        self.shared.queue.chain_moved(self.store.applied().clone());
        result
    }

    fn reorg(&mut self, (last, work): (BlockId, Work)) -> Result<(), StoreError> {
        let plan = match self.store.plan_reorg(last) {
            // Our chain grew since the branch was examined.
            Err(StoreError::DeepFork { fork, depth, max }) => {
                self.shared.forks.note(DeepFork { fork, depth, last, work }, max);
                return Err(StoreError::DeepFork { fork, depth, max });
            }
            plan => plan?,
        };
        self.restore(&plan)?;
        let time = (self.shared.config.clock)();
        let reorg = self.store.perform_reorg(&plan, time)?;
        self.shared.queue.chain_moved(self.store.applied().clone());
        self.shared.reorgs.record(&reorg, time);
        let depth = Millionths::of_ones(reorg.disconnected.len() as u64);
        self.shared.metrics.reorg_depths.observe(depth);
        self.shared.publish(self.store.applied().clone());
        self.include_branch(&plan)
    }

    /// Hands a group to the syncer. When nothing else is on its way, makes it durable here: a lone
    /// client would only wait for a second thread to wake.
    fn finish(&mut self, group: Group) -> Result<(), StoreError> {
        let is_lone = || group.is_one_mined() && self.shared.queue.unanswered() == 1;
        if self.pipeline.is_idle() && (group.blocks() == 0 || is_lone()) {
            return self.sync(group);
        }
        self.hand_over(group)
    }

    /// Has both tips meet: a group and everything before it is durable, published and answered.
    fn settle(&mut self, group: Group) -> Result<(), StoreError> {
        if self.pipeline.is_idle() {
            return self.sync(group);
        }
        self.hand_over(group)?;
        self.pipeline.settle()
    }

    fn hand_over(&mut self, mut group: Group) -> Result<(), StoreError> {
        if group.is_empty() {
            return Ok(());
        }
        group.records.unsettled = self.shared.records.lock().take_unsettled();
        self.untidied = self.untidied.saturating_add(group.blocks());
        let sealed = self.store.seal();
        self.pipeline.put(Unsynced { group, sealed, state: self.store.applied().clone() })
    }

    /// Makes a group durable, publishes the tip, and responds.
    fn sync(&mut self, mut group: Group) -> Result<(), StoreError> {
        group.records.unsettled = self.shared.records.lock().take_unsettled();
        self.untidied = self.untidied.saturating_add(group.blocks());
        if group.blocks() > 0 {
            let begun = Instant::now();
            self.store.commit()?;
            self.shared.metrics.commits.observe(begun.elapsed());
            self.shared.publish(self.store.applied().clone());
        }
        group.respond(&self.shared);
        Ok(())
    }

    fn heartbeat(&self) -> &Heartbeat {
        self.shared.reader.heartbeat()
    }

    fn note_refusal(&mut self, error: &StoreError) {
        if matches!(error, StoreError::DiskLow { .. }) {
            if !self.refusing {
                tracing::warn!("blocks are refused: {error}");
            }
            self.refusing = true;
            self.shared.set_disk_low(Some(error.to_string()));
        }
    }

    fn note_success(&mut self) {
        if self.refusing {
            tracing::info!("blocks are accepted again");
            self.refusing = false;
            self.shared.set_disk_low(None);
        }
    }
}

impl Drop for WriterThread {
    /// However it ends, the syncer must not wait for it.
    fn drop(&mut self) {
        self.pipeline.close();
    }
}

/// Whether only the blocks at hand are refused: the disk is low, or their branch is
/// no longer held or forks too deep. Anything else ends the node.
const fn is_refusal(error: &StoreError) -> bool {
    use StoreError::{DeepFork, DiskLow, NotHeavier, NotHeld};
    matches!(error, DeepFork { .. } | DiskLow { .. } | NotHeld(_) | NotHeavier(_))
}

#[cfg(test)]
mod tests;
