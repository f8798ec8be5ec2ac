//! The writer thread: the only one that changes the chain. It groups what waits,
//! makes it durable with one flush, publishes the tip, and then answers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::command::Command;
use super::import::offer::known_prefix;
use super::mining::queue::Sequenced;
use super::shared::{Shared, guarded};
use super::{Imported, MineError, StoreError};
use crate::chain::{DeepFork, ValidBlock, replaces};
use crate::store;

/// Most blocks that one flush makes durable, one larger batch of offered blocks
/// excepted.
const MAX_GROUP_BLOCKS: usize = 1_000;

/// Most bytes of records that one flush makes durable: 8 MiB.
const MAX_GROUP_BYTES: u64 = 8 << 20;

/// How often an idle writer looks for branches to remove, whether the database is still in its
/// place, and whether the node is over.
const IDLE_WAIT: Duration = Duration::from_secs(1);

/// Groups after which one step of that is done under load, so that branches cannot
/// pile up.
const TIDY_EVERY: u32 = 64;

/// Owns the only write handle.
#[derive(Debug)]
pub(super) struct WriterThread {
    shared: Arc<Shared>,
    store: store::Writer,
    commands: Receiver<Command>,
    /// Groups since branches were last examined.
    groups: u32,
    refusing: bool,
}

/// What was applied and is not answered yet.
#[derive(Debug, Default)]
struct Group {
    mined: Vec<(Sequenced, Box<ValidBlock>)>,
    connected: Vec<(oneshot::Sender<Result<Imported, StoreError>>, Imported)>,
    barriers: Vec<oneshot::Sender<()>>,
    blocks: usize,
    bytes: u64,
    dirty: bool,
}

impl WriterThread {
    pub(super) const fn new(
        shared: Arc<Shared>,
        store: store::Writer,
        commands: Receiver<Command>,
    ) -> Self {
        Self { shared, store, commands, groups: 0, refusing: false }
    }

    /// Serves until told to stop, or until a write fails. A failure is final: nothing
    /// more is written, and everything that waits is dropped, which answers it: that it may
    /// have been stored, if its write was begun, and else that the node is stopping.
    pub(super) fn run(mut self) {
        if let Err(error) = guarded(|| self.serve()).and_then(|served| served) {
            self.shared.end(&error.into());
        }
    }

    fn serve(&mut self) -> Result<(), StoreError> {
        while let Some(command) = self.next()? {
            // Damage that a reader found.
            if self.shared.has_failed() || self.group(command)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Waits for a command; old branches are removed meanwhile, in small steps.
    fn next(&mut self) -> Result<Option<Command>, StoreError> {
        self.groups += 1;
        if self.groups >= TIDY_EVERY {
            self.tidy()?;
        }
        loop {
            match self.commands.try_recv() {
                Ok(command) => return Ok(Some(command)),
                Err(TryRecvError::Disconnected) => return Ok(None),
                Err(TryRecvError::Empty) if self.tidy()? => continue,
                Err(TryRecvError::Empty) => {}
            }
            match self.commands.recv_timeout(IDLE_WAIT) {
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

    /// Removes a few blocks of branches that are out of their retention. Returns
    /// whether there is more to do.
    fn tidy(&mut self) -> Result<bool, StoreError> {
        self.groups = 0;
        let is_partial = self.store.prune()?;
        // Otherwise the next group would find the store in the middle of a write.
        self.store.commit()?;
        Ok(is_partial)
    }

    /// Does `first` and what waits behind it, as far as one flush reaches.
    fn group(&mut self, first: Command) -> Result<ControlFlow<()>, StoreError> {
        let mut group = Group::default();
        let mut flow = ControlFlow::Continue(());
        let mut next = Some(first);
        while let Some(command) = next.take() {
            match command {
                Command::Append { block, job } => self.append(block, job, &mut group)?,
                Command::Import { blocks, is_partial, is_proven, reply } => {
                    match self.connect(blocks, (is_partial, is_proven), &mut group) {
                        Ok(imported) => group.connected.push((reply, imported)),
                        Err(error) if is_refusal(&error) => {
                            self.note_refusal(&error);
                            let _ = reply.send(Err(error));
                        }
                        Err(error) => return Err(error),
                    }
                }
                Command::AcceptFork { first, reply } => {
                    self.finish(std::mem::take(&mut group))?;
                    self.store.accept_fork(&first, (self.shared.config.clock)())?;
                    // The caller may have gone.
                    let _ = reply.send(());
                }
                Command::Barrier { reply } => group.barriers.push(reply),
                Command::Stop => flow = ControlFlow::Break(()),
            }
            if flow.is_continue() && !group.is_full() {
                next = self.commands.try_recv().ok();
            }
        }
        self.finish(group)?;
        Ok(flow)
    }

    /// Applies a block of the miner's, or gives it back when the chain has moved.
    fn append(
        &mut self,
        block: Box<ValidBlock>,
        job: Sequenced,
        group: &mut Group,
    ) -> Result<(), StoreError> {
        if block.header().previous_hash != self.store.applied().hash() {
            self.shared.queue.put_back(job.take_back(*block));
            return Ok(());
        }
        job.request.store();
        match self.store.append(&block) {
            Ok(()) => {
                self.note_success();
                group.count(job.request.size_bytes());
                group.mined.push((job, block));
                Ok(())
            }
            Err(error @ StoreError::DiskLow { .. }) => {
                self.note_refusal(&error);
                // The miner has built on this block.
                self.shared.queue.chain_moved(self.store.applied().clone());
                self.shared.queue.finished(1, job.request.size_bytes());
                job.request.refuse(MineError::DiskLow(error));
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn connect(
        &mut self,
        mut blocks: Vec<ValidBlock>,
        (is_partial, is_proven): (bool, bool),
        group: &mut Group,
    ) -> Result<Imported, StoreError> {
        if !self.extends(&blocks) {
            // A view sees durable blocks only, and a reorg needs them to be.
            self.finish(std::mem::take(group))?;
            let ids: Vec<_> = blocks.iter().map(ValidBlock::id).collect();
            blocks.drain(..known_prefix(&self.shared.reader.view(), &ids)?);
        }
        let Some(last) = blocks.last() else { return Ok(Imported::Known) };
        if self.extends(&blocks) {
            return self.extend(&blocks, group);
        }
        self.check_parent(&blocks)?;
        for block in &blocks {
            if is_proven {
                self.store.store_proven_block(block)?;
            } else {
                self.store.store_branch_block(block)?;
            }
            group.count(block.block().record_bytes());
        }
        self.note_success();
        if is_partial {
            return Ok(Imported::OnBranch);
        }
        let (theirs, ours) = (last.total_work(), self.store.applied().total_work());
        if !replaces(theirs, ours) {
            return Ok(if theirs == ours { Imported::Tied } else { Imported::OnBranch });
        }
        self.finish(std::mem::take(group))?;
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
            if let Err(error) = self.store.append(block) {
                result = Err(error);
                break;
            }
            self.note_success();
            group.count(block.block().record_bytes());
        }
        self.shared.queue.chain_moved(self.store.applied().clone());
        result
    }

    fn reorg(&mut self, last: &ValidBlock) -> Result<(), StoreError> {
        let reorg = match self.store.reorg(last.id()) {
            // Our chain grew since the branch was examined.
            Err(StoreError::DeepFork { fork, depth, max }) => {
                let (last, work) = (last.id(), last.total_work());
                self.shared.forks.note(DeepFork { fork, depth, last, work }, max);
                return Err(StoreError::DeepFork { fork, depth, max });
            }
            reorg => reorg?,
        };
        self.shared.queue.chain_moved(self.store.applied().clone());
        self.shared.reorgs.record(&reorg, (self.shared.config.clock)());
        self.shared.publish(reorg.new_tip, self.store.applied());
        Ok(())
    }

    /// Makes a group durable, publishes the tip, and answers.
    fn finish(&mut self, group: Group) -> Result<(), StoreError> {
        if group.dirty {
            let tip = self.store.commit()?;
            self.shared.publish(tip, self.store.applied());
        }
        let mut size_bytes = 0;
        let mined = group.mined.len();
        for (job, block) in group.mined {
            size_bytes += job.request.size_bytes();
            job.request.complete(*block);
        }
        if mined > 0 {
            self.shared.queue.finished(mined, size_bytes);
        }
        // The caller may have gone.
        for (reply, imported) in group.connected {
            let _ = reply.send(Ok(imported));
        }
        for reply in group.barriers {
            let _ = reply.send(());
        }
        Ok(())
    }

    fn note_refusal(&mut self, error: &StoreError) {
        if matches!(error, StoreError::DiskLow { .. }) {
            if !self.refusing {
                tracing::warn!("blocks are refused: {error}");
            }
            self.refusing = true;
            self.shared.set_refusing(Some(error.to_string()));
        }
    }

    fn note_success(&mut self) {
        if self.refusing {
            tracing::info!("blocks are accepted again");
            self.refusing = false;
            self.shared.set_refusing(None);
        }
    }
}

impl Group {
    const fn count(&mut self, bytes: u64) {
        self.blocks += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.dirty = true;
    }

    const fn is_full(&self) -> bool {
        self.blocks >= MAX_GROUP_BLOCKS || self.bytes >= MAX_GROUP_BYTES
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
