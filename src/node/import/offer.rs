//! Blocks that were mined elsewhere: checked here, off the runtime, and handed to the
//! writer in batches.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::deep_forks;
use super::deep_forks::TooDeep;
use crate::chain::{BlockId, HashedBlock, Header, RuleError, TipState, ValidBlock};
use crate::node::command::{BranchPart, Command, Imported};
use crate::node::shared::Shared;
use crate::node::{ImportError, NodeFailure, StoreError, View};

/// Most blocks in one command to the writer.
const MAX_IMPORT_BLOCKS: usize = 1_000;

/// Most bytes of records in one command to the writer, one larger block excepted. 8 MiB.
const MAX_IMPORT_BYTES: u64 = 8 << 20;

/// Checks consecutive blocks and has them connected. Blocks on the disk and on the
/// writer: not for the runtime's threads.
pub(in crate::node) fn import(
    shared: &Arc<Shared>,
    mut blocks: Vec<HashedBlock>,
) -> Result<Imported, ImportError> {
    let ids = consecutive(&blocks)?;
    let known = known_prefix(&shared.reader.view(), &ids).map_err(|error| fail(shared, error))?;
    blocks.drain(..known);
    let Some(first) = blocks.first() else { return Ok(Imported::Known) };
    let tip = parent_of(shared, first)?;
    let deep = deep_forks::too_deep(shared, &tip, ids.get(known)).map_err(|e| fail(shared, e))?;
    let mut batch = Batch::after(shared, tip, deep);
    for block in blocks {
        let hash = block.hash();
        if let Err(error) = batch.check(block) {
            // Those before it are good.
            batch.send(BranchPart::Last)?;
            return Err(ImportError::Rule { hash, error });
        }
        if batch.is_full() {
            batch.send(BranchPart::Last)?;
        }
    }
    batch.send(BranchPart::Last)?;
    Ok(batch.outcome)
}

/// A branch that is offered in parts and taken as a whole: what its parts so far amount to.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    /// The state after the last part, `None` before the first one that was new.
    tip: Option<TipState>,
    /// It forks too deep: nothing of it is kept.
    deep: Option<TooDeep>,
}

/// Takes the next part of a branch: as [`import`], but a branch beside the main chain is only
/// stored until its last part comes, and nothing of a part with an invalid block is taken.
pub(in crate::node) fn import_part(
    shared: &Arc<Shared>,
    branch: &mut Branch,
    mut blocks: Vec<HashedBlock>,
    part: BranchPart,
) -> Result<Imported, ImportError> {
    let ids = consecutive(&blocks)?;
    let follows = |tip: &TipState| {
        blocks.first().is_some_and(|first| first.header().previous_hash == tip.hash())
    };
    let (tip, deep) = if let Some(tip) = branch.tip.take().filter(follows) {
        (tip, branch.deep)
    } else {
        let known = known_prefix(&shared.reader.view(), &ids);
        let known = known.map_err(|error| fail(shared, error))?;
        blocks.drain(..known);
        let Some(first) = blocks.first() else { return Ok(Imported::Known) };
        let tip = parent_of(shared, first)?;
        let deep = deep_forks::too_deep(shared, &tip, ids.get(known));
        (tip, deep.map_err(|error| fail(shared, error))?)
    };
    let mut batch = Batch::after(shared, tip, deep);
    for block in blocks {
        if batch.is_full() {
            batch.send(BranchPart::Partial)?;
        }
        let hash = block.hash();
        batch.check(block).map_err(|error| ImportError::Rule { hash, error })?;
    }
    batch.send(part)?;
    (branch.tip, branch.deep) = (Some(batch.tip), batch.deep);
    Ok(batch.outcome)
}

/// How many of these consecutive blocks are on the view's chain: those are the first ones.
pub(in crate::node) fn known_prefix(view: &View, ids: &[BlockId]) -> Result<usize, StoreError> {
    let (mut known, mut unknown) = (0, ids.len());
    while known < unknown {
        // The last one's hash decides about all before it. The first one is asked about
        // first, since mostly that one is new.
        let middle = if known == 0 && unknown == ids.len() { 0 } else { known.midpoint(unknown) };
        let Some(id) = ids.get(middle) else { break };
        if view.header(id.height)?.is_some_and(|stored| stored.hash == id.hash) {
            known = middle + 1;
        } else {
            unknown = middle;
        }
    }
    Ok(known)
}

/// What names the blocks, each of which must be the child of the one before.
fn consecutive(blocks: &[HashedBlock]) -> Result<Vec<BlockId>, ImportError> {
    let mut ids: Vec<BlockId> = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (header, hash) = (block.header(), block.hash());
        if let Some(parent) = ids.last() {
            let (expected, found) = (parent.hash, header.previous_hash);
            if found != expected {
                let error = RuleError::PreviousHash { expected, found };
                return Err(ImportError::Rule { hash, error });
            }
            let (expected, found) = (parent.height.next(), header.height);
            if found != expected {
                return Err(ImportError::Rule {
                    hash,
                    error: RuleError::Height { expected, found },
                });
            }
        }
        ids.push(block.id());
    }
    Ok(ids)
}

/// The chain state that the block claims to extend.
fn parent_of(shared: &Shared, block: &HashedBlock) -> Result<TipState, ImportError> {
    let Header { height, previous_hash: hash, .. } = *block.header();
    let unknown = ImportError::UnknownParent(hash);
    let Some(height) = height.parent() else { return Err(unknown) };
    // Blocks mostly extend the tip.
    if let Some(state) = shared.state_at_tip(&hash).filter(|state| state.height() == height) {
        return Ok(state);
    }
    let find =
        || shared.reader.state_of(BlockId { height, hash }).map_err(|error| fail(shared, error));
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
    outcome: Imported,
    /// Their branch forks too deep: they are checked, and nothing is kept.
    deep: Option<TooDeep>,
}

impl<'a> Batch<'a> {
    const fn after(shared: &'a Shared, tip: TipState, deep: Option<TooDeep>) -> Self {
        Self { shared, tip, blocks: Vec::new(), bytes: 0, outcome: Imported::Known, deep }
    }

    fn check(&mut self, block: HashedBlock) -> Result<(), RuleError> {
        let Shared { spec, config, .. } = self.shared;
        let block = self.tip.check_block(spec, block, (config.clock)())?;
        config.checkpoints.check(block.header().height, block.hash())?;
        self.tip.extend(&block);
        self.bytes = self.bytes.saturating_add(block.block().record_bytes());
        self.blocks.push(block);
        Ok(())
    }

    const fn is_full(&self) -> bool {
        self.blocks.len() >= MAX_IMPORT_BLOCKS || self.bytes >= MAX_IMPORT_BYTES
    }

    /// Sends what was checked.
    fn send(&mut self, part: BranchPart) -> Result<(), ImportError> {
        let blocks = std::mem::take(&mut self.blocks);
        self.bytes = 0;
        if blocks.is_empty() {
            return Ok(());
        }
        if let Some(deep) = &self.deep {
            self.outcome = Imported::OnBranch;
            return if part == BranchPart::Partial {
                Ok(())
            } else {
                deep.judge(self.shared, &self.tip)
            };
        }
        let (reply, answer) = oneshot::channel();
        let command = Command::Import { blocks, part, reply };
        let begun = Instant::now();
        let connected = ask(self.shared, command, answer)?;
        self.shared.metrics.imports.observe(begun.elapsed());
        let imported = connected.map_err(ImportError::of_store)?;
        self.outcome = match (self.outcome, imported) {
            (Imported::Reorged, _) => Imported::Reorged,
            (before, Imported::Known) => before,
            (_, imported) => imported,
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

fn fail(shared: &Shared, error: StoreError) -> ImportError {
    ImportError::Unavailable(shared.judge(error))
}

#[cfg(test)]
mod tests;
