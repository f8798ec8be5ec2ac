//! Blocks that were mined elsewhere: checked here, off the runtime, and handed to the
//! writer in batches.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::deep_forks;
use super::deep_forks::TooDeep;
use crate::chain::{Block, Hash, Height, RuleError, TipState, ValidBlock};
use crate::node::command::Command;
use crate::node::shared::Shared;
use crate::node::{NodeFailure, OfferError, StoreError, View};

/// What became of blocks that were offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Offered {
    /// All of them are on the main chain already.
    Known,
    /// They extended the main chain.
    Extended,
    /// They are kept as a branch that has no more work than the main chain. One that forks deeper
    /// than `max_reorg_depth` is not kept.
    Staged,
    /// They are kept as a branch that has exactly as much work: the first seen stays.
    Tied,
    /// Their branch became the main chain.
    Swapped,
}

/// Most blocks in one command to the writer.
const MAX_BATCH_BLOCKS: usize = 1_000;

/// Most bytes of records in one command to the writer, one larger block excepted. 8 MiB.
const MAX_BATCH_BYTES: u64 = 8 << 20;

/// Checks consecutive blocks and has them connected. Blocks on the disk and on the
/// writer: not for the runtime's threads.
pub(in crate::node) fn offer(
    shared: &Arc<Shared>,
    mut blocks: Vec<Block>,
) -> Result<Offered, OfferError> {
    let marks = consecutive(&blocks)?;
    let known = known_prefix(&shared.reader.view(), &marks).map_err(|error| fail(shared, error))?;
    blocks.drain(..known);
    let Some(first) = blocks.first() else { return Ok(Offered::Known) };
    let tip = parent_of(shared, first)?;
    let deep = deep_forks::too_deep(shared, &tip, marks.get(known)).map_err(|e| fail(shared, e))?;
    let mut batch = Batch::after(shared, tip, deep);
    for (block, &(height, hash)) in blocks.into_iter().zip(marks.iter().skip(known)) {
        if let Err(error) = batch.check(block, height, hash) {
            // Those before it are good.
            batch.send(false)?;
            return Err(OfferError::Rule { hash, error });
        }
        if batch.is_full() {
            batch.send(false)?;
        }
    }
    batch.send(false)?;
    Ok(batch.outcome)
}

/// A branch that is offered in parts and taken as a whole: what its parts so far amount to.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    /// The state after the last part; none before the first one that was new.
    tip: Option<TipState>,
    /// It forks too deep: nothing of it is kept.
    deep: Option<TooDeep>,
}

/// Takes the next part of a branch: as [`offer`], but a branch beside the main chain is only
/// staged while `more` is to come, and nothing of a part with an invalid block is taken.
pub(in crate::node) fn offer_part(
    shared: &Arc<Shared>,
    branch: &mut Branch,
    mut blocks: Vec<Block>,
    more: bool,
) -> Result<Offered, OfferError> {
    let mut marks = consecutive(&blocks)?;
    let follows = |tip: &TipState| {
        blocks.first().is_some_and(|first| first.header.previous_hash == tip.hash())
    };
    let (tip, deep) = if let Some(tip) = branch.tip.take().filter(follows) {
        (tip, branch.deep)
    } else {
        let known = known_prefix(&shared.reader.view(), &marks);
        let known = known.map_err(|error| fail(shared, error))?;
        blocks.drain(..known);
        marks.drain(..known);
        let Some(first) = blocks.first() else { return Ok(Offered::Known) };
        let tip = parent_of(shared, first)?;
        let deep = deep_forks::too_deep(shared, &tip, marks.first());
        (tip, deep.map_err(|error| fail(shared, error))?)
    };
    let mut batch = Batch::after(shared, tip, deep);
    for (block, &(height, hash)) in blocks.into_iter().zip(&marks) {
        if batch.is_full() {
            batch.send(true)?;
        }
        batch.check(block, height, hash).map_err(|error| OfferError::Rule { hash, error })?;
    }
    batch.send(more)?;
    (branch.tip, branch.deep) = (Some(batch.tip), batch.deep);
    Ok(batch.outcome)
}

/// How many of these consecutive blocks are on the view's chain: those are the first ones.
pub(in crate::node) fn known_prefix(
    view: &View,
    marks: &[(Height, Hash)],
) -> Result<usize, StoreError> {
    let (mut known, mut unknown) = (0, marks.len());
    while known < unknown {
        // The last one's hash decides about all before it. The first one is asked about
        // first, since mostly that one is new.
        let middle = if known == 0 && unknown == marks.len() { 0 } else { known.midpoint(unknown) };
        let Some(&(height, hash)) = marks.get(middle) else { break };
        if view.header(height)?.is_some_and(|stored| stored.hash == hash) {
            known = middle + 1;
        } else {
            unknown = middle;
        }
    }
    Ok(known)
}

/// Heights and hashes of blocks, each the child of the one before.
fn consecutive(blocks: &[Block]) -> Result<Vec<(Height, Hash)>, OfferError> {
    let mut marks: Vec<(Height, Hash)> = Vec::with_capacity(blocks.len());
    for Block { header, .. } in blocks {
        let hash = header.hash();
        if let Some(&(parent, expected)) = marks.last() {
            let found = header.previous_hash;
            if found != expected {
                let error = RuleError::PreviousHash { expected, found };
                return Err(OfferError::Rule { hash, error });
            }
            let (expected, found) = (parent.next(), header.height);
            if found != expected {
                return Err(OfferError::Rule {
                    hash,
                    error: RuleError::Height { expected, found },
                });
            }
        }
        marks.push((header.height, hash));
    }
    Ok(marks)
}

/// The chain state that the block claims to extend.
fn parent_of(shared: &Shared, block: &Block) -> Result<TipState, OfferError> {
    let hash = block.header.previous_hash;
    let unknown = OfferError::UnknownParent(hash);
    let Some(height) = block.header.height.parent() else { return Err(unknown) };
    // Mostly blocks stand on the tip.
    if let Some(state) = shared.state_at_tip(&hash).filter(|state| state.height() == height) {
        return Ok(state);
    }
    let find = || shared.reader.state_of(height, &hash).map_err(|error| fail(shared, error));
    if let Some(state) = find()? {
        return Ok(state);
    }
    // It may be on its way to the disk.
    let (reply, durable) = oneshot::channel();
    ask(shared, Command::Barrier { reply }, durable)?;
    find()?.ok_or(unknown)
}

/// Checked blocks on their way to the writer.
struct Batch<'a> {
    shared: &'a Shared,
    /// The state after the last block checked.
    tip: TipState,
    blocks: Vec<ValidBlock>,
    bytes: u64,
    /// What became of the batches before.
    outcome: Offered,
    /// Their branch forks too deep: they are checked, and nothing is kept.
    deep: Option<TooDeep>,
}

impl<'a> Batch<'a> {
    const fn after(shared: &'a Shared, tip: TipState, deep: Option<TooDeep>) -> Self {
        Self { shared, tip, blocks: Vec::new(), bytes: 0, outcome: Offered::Known, deep }
    }

    fn check(&mut self, block: Block, height: Height, hash: Hash) -> Result<(), RuleError> {
        let Shared { spec, config, .. } = self.shared;
        let block = self.tip.check_block(spec, block, (config.clock)())?;
        config.checkpoints.check(height, hash)?;
        self.tip.extend(&block);
        self.bytes = self.bytes.saturating_add(block.block().record_bytes());
        self.blocks.push(block);
        Ok(())
    }

    const fn is_full(&self) -> bool {
        self.blocks.len() >= MAX_BATCH_BLOCKS || self.bytes >= MAX_BATCH_BYTES
    }

    /// Sends what was checked; a branch is only staged when `more` of it is to come.
    fn send(&mut self, more: bool) -> Result<(), OfferError> {
        let blocks = std::mem::take(&mut self.blocks);
        self.bytes = 0;
        if blocks.is_empty() {
            return Ok(());
        }
        if let Some(deep) = &self.deep {
            self.outcome = Offered::Staged;
            return if more { Ok(()) } else { deep.judge(self.shared, &self.tip) };
        }
        let (reply, answer) = oneshot::channel();
        let command = Command::Connect { blocks, more, is_proven: false, reply };
        let connected = ask(self.shared, command, answer)?;
        let offered = connected.map_err(OfferError::of_store)?;
        self.outcome = match (self.outcome, offered) {
            (Offered::Swapped, _) => Offered::Swapped,
            (before, Offered::Known) => before,
            (_, offered) => offered,
        };
        Ok(())
    }
}

/// Sends a command, waiting while the queue is full, and waits for its answer.
fn ask<T>(
    shared: &Shared,
    command: Command,
    answer: oneshot::Receiver<T>,
) -> Result<T, NodeFailure> {
    let over = || shared.failure().unwrap_or(NodeFailure::Stopping);
    if shared.is_over() {
        return Err(over());
    }
    shared.commands.send(command).map_err(|_| over())?;
    answer.blocking_recv().map_err(|_| over())
}

fn fail(shared: &Shared, error: StoreError) -> OfferError {
    OfferError::Unavailable(shared.judge(error))
}

#[cfg(test)]
mod tests;
