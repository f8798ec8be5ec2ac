//! What the node makes of blocks that came: looked up, checked, offered.

use super::message::{Fault, Message, elements, name, open, well_formed};
use crate::chain::{BlockId, ChainHeader, Hash, HashedBlock, Header, Height, RuleError};
use crate::node::{Branch, ImportError, Imported, NodeFailure, View};
use crate::p2p::context::Context;
use crate::sync::{BlockOutcome, ChainOutcome, LinkId, Refusal};
use std::sync::Arc;

/// Most blocks of a chain that are held parsed at a time.
const MAX_CHAIN_BATCH_BLOCKS: usize = 1_000;

/// Most bytes of their text, one larger block excepted. 1 MiB.
const MAX_CHAIN_BATCH_BYTES: usize = 1 << 20;

/// Imports consecutive blocks that came one by one; tells each that settles something.
/// Together they cost one synchronisation of the disk.
pub(super) async fn import_blocks(
    context: &Context,
    link: LinkId,
    mut blocks: Vec<HashedBlock>,
    told: &mut Vec<(BlockId, BlockOutcome)>,
) {
    let Some(last) = blocks.last().map(HashedBlock::id) else { return };
    if blocks.len() > 1 && blocks.iter().all(|block| has_work(context, block)) {
        // A block whose ancestor is not ours is not ours either.
        let is_new = match blocks.first() {
            Some(first) => matches!(is_ours(context, first.id()).await, Ok(false)),
            None => false,
        };
        if is_new {
            // They share their records with these.
            let imported = import(context, link, blocks.clone()).await;
            if matches!(imported, Ok(Imported::Extended | Imported::Reorged)) {
                told.push((last, BlockOutcome::Adopted));
                return;
            }
        }
    }
    for block in blocks.drain(..) {
        let id = block.id();
        let outcome = import_block(context, link, block).await;
        told.push((id, outcome));
    }
}

async fn import_block(context: &Context, link: LinkId, block: HashedBlock) -> BlockOutcome {
    match is_ours(context, block.id()).await {
        Ok(true) => return BlockOutcome::Ours,
        Ok(false) => {}
        Err(_) => return BlockOutcome::Refused(Refusal::Unavailable),
    }
    if block.header().height == Height::GENESIS {
        return BlockOutcome::Refused(Refusal::ForeignGenesis);
    }
    if !has_work(context, &block) {
        return BlockOutcome::Refused(Refusal::BadWork);
    }
    // From here on the hash covers the records too.
    if let Err(error) = block.check_merkle_root() {
        return BlockOutcome::Refused(Refusal::Invalid(error.to_string()));
    }
    let (header, hash, tip) = (*block.header(), block.hash(), context.node.tip().hash);
    if let Some(outcome) = remembered(context, &header, hash, tip) {
        return outcome;
    }
    let imported = import(context, link, vec![block]).await;
    let lasts = match &imported {
        Ok(imported) => matches!(imported, Imported::OnBranch | Imported::Tied),
        Err(ImportError::Rule { error, .. }) => !error.is_not_yet(),
        // Its parent may come, the node may recover.
        Err(_) => false,
    };
    let outcome = match imported {
        Ok(Imported::Known) => BlockOutcome::Ours,
        Ok(Imported::Extended | Imported::Reorged) => BlockOutcome::Adopted,
        Ok(Imported::Tied) => BlockOutcome::Tied,
        Ok(_) if is_level(context, &header, true) => BlockOutcome::Level,
        Err(ImportError::UnknownParent(_)) if is_level(context, &header, false) => {
            BlockOutcome::Level
        }
        Ok(_) | Err(ImportError::UnknownParent(_)) => BlockOutcome::Fork,
        Err(error) => BlockOutcome::Refused(refusal(&error)),
    };
    if lasts {
        context.refused.put(hash, tip, outcome.clone());
    }
    outcome
}

/// The outcome of a block that was imported before, as it is with the tip of now.
fn remembered(context: &Context, header: &Header, hash: Hash, tip: Hash) -> Option<BlockOutcome> {
    let (at, outcome) = context.refused.get(&hash)?;
    match outcome {
        BlockOutcome::Refused(Refusal::BadWork | Refusal::Invalid(_)) => Some(outcome),
        outcome if at == tip => Some(outcome),
        BlockOutcome::Fork | BlockOutcome::Level if is_level(context, header, true) => {
            Some(BlockOutcome::Level)
        }
        BlockOutcome::Fork | BlockOutcome::Level => Some(BlockOutcome::Fork),
        _ => None,
    }
}

async fn is_ours(context: &Context, id: BlockId) -> Result<bool, NodeFailure> {
    let view = context.node.view();
    let held = context.node.read(move || view.header(id.height)).await?;
    Ok(held.is_some_and(|held| held.hash == id.hash))
}

async fn import(
    context: &Context,
    link: LinkId,
    blocks: Vec<HashedBlock>,
) -> Result<Imported, ImportError> {
    if let Some(last) = blocks.last() {
        context.sources.note(link, last.hash());
    }
    context.node.import(blocks).await
}

fn has_work(context: &Context, block: &HashedBlock) -> bool {
    let Header { bits, .. } = *block.header();
    let limit = context.node.spec().pow_limit();
    bits.target().is_ok_and(|target| target <= limit && target.is_met_by(&block.hash()))
}

/// Whether a block beside our chain is at the height of our tip. One whose branch is not held, so
/// that only its own proof of work is known, must be at the same height and no easier to find.
fn is_level(context: &Context, header: &Header, is_checked: bool) -> bool {
    let tip = context.node.tip().header;
    if is_checked {
        return header.height >= tip.height;
    }
    let targets = header.bits.target().ok().zip(tip.bits.target().ok());
    header.height == tip.height && targets.is_some_and(|(theirs, ours)| theirs <= ours)
}

fn refusal(error: &ImportError) -> Refusal {
    use RuleError::{BitsMeaningless, BitsTooEasy, ProofOfWork};
    match error {
        ImportError::UnknownParent(_) => {
            Refusal::Invalid(format!("it does not begin at genesis: {error}"))
        }
        ImportError::TooDeep => Refusal::TooDeep,
        ImportError::Rule { error, .. } if error.is_not_yet() => Refusal::NotYet,
        ImportError::Rule {
            error: ProofOfWork { .. } | BitsMeaningless { .. } | BitsTooEasy { .. },
            ..
        } => Refusal::BadWork,
        ImportError::Rule { error, .. } => Refusal::Invalid(error.to_string()),
        _ => Refusal::Unavailable,
    }
}

/// Imports a whole chain, block by block. Blocks on the disk and on the writer: not for
/// the runtime's threads, which `runtime` is.
pub(super) fn import_chain(
    context: &Context,
    runtime: &tokio::runtime::Handle,
    link: LinkId,
    text: &str,
) -> Result<(BlockId, ChainOutcome), Fault> {
    let Message::Chain(payload) = open(text)? else {
        return Err(Fault { code: 1002, reason: "no chain" });
    };
    let mut import = ChainImport {
        context,
        runtime,
        link,
        view: Arc::new(context.node.view()),
        known: Vec::new(),
        is_known: true,
        batch: Vec::new(),
        bytes: 0,
        branch: Branch::default(),
        last: None,
        outcome: None,
    };
    elements(payload, &mut |element| import.take(element))?;
    import.send(false);
    let none = Fault { code: 1002, reason: "the payload is no list of blocks" };
    let last = import.last.ok_or(none)?;
    Ok((last, import.outcome.unwrap_or(ChainOutcome::Ours)))
}

/// What is wrong with a chain that lacks a block.
const HOLE: &str = "it is not consecutive from genesis";

/// A chain that is being read.
struct ChainImport<'a> {
    context: &'a Context,
    runtime: &'a tokio::runtime::Handle,
    link: LinkId,
    view: Arc<View>,
    /// Our headers at the heights that arrive.
    known: Vec<ChainHeader>,
    /// Whether every block so far is on our chain.
    is_known: bool,
    batch: Vec<HashedBlock>,
    bytes: usize,
    /// What the batches offered so far amount to.
    branch: Branch,
    last: Option<BlockId>,
    /// What became of the blocks offered so far; the last offer decides.
    outcome: Option<ChainOutcome>,
}

impl ChainImport<'_> {
    fn take(&mut self, element: &str) -> Result<(), Fault> {
        if self.is_known {
            let named = name(element);
            let ours = named.and_then(|(height, hash)| {
                let id = BlockId { height: Height::new(height), hash };
                let wanted = self.last.map_or(Height::GENESIS, |last| last.height.next());
                let follows = id.height == wanted;
                (follows && self.holds(id)).then_some(id)
            });
            if ours.is_some() {
                self.last = ours;
                return Ok(());
            }
            self.is_known = false;
        }
        let block = well_formed(element)?;
        if self.last.is_none() && block.header().height == Height::GENESIS {
            self.outcome = Some(ChainOutcome::Refused(Refusal::ForeignGenesis));
        }
        if !self.is_refused() && !self.follows(&block) {
            self.outcome = Some(ChainOutcome::Refused(Refusal::Invalid(HOLE.to_owned())));
        }
        self.last = Some(block.id());
        if self.is_refused() {
            // Of the rest, only the form is checked.
            return Ok(());
        }
        // Not before the next block is there, so that the last batch is known to be the last.
        if self.batch.len() >= MAX_CHAIN_BATCH_BLOCKS || self.bytes >= MAX_CHAIN_BATCH_BYTES {
            self.send(true);
        }
        self.bytes = self.bytes.saturating_add(element.len());
        self.batch.push(block);
        Ok(())
    }

    /// Whether a block directly follows the last one, or is the first there can be.
    fn follows(&self, block: &HashedBlock) -> bool {
        let Header { height, previous_hash, .. } = *block.header();
        match self.last {
            None => height == Height::GENESIS,
            Some(last) => height == last.height.next() && previous_hash == last.hash,
        }
    }

    const fn is_refused(&self) -> bool {
        matches!(self.outcome, Some(ChainOutcome::Refused(_)))
    }

    /// Whether a block is on our chain, whose blocks are read in batches.
    fn holds(&mut self, id: BlockId) -> bool {
        let at = |known: &[ChainHeader]| {
            let first = known.first()?.header.height;
            let offset = usize::try_from(id.height.get().checked_sub(first.get())?).ok()?;
            known.get(offset).map(|header| header.hash)
        };
        if at(&self.known).is_none() {
            let view = Arc::clone(&self.view);
            let to = id.height.ahead(View::MAX_VIEW_BLOCKS - 1);
            let read = self.context.node.read(move || view.headers(id.height, to));
            self.known = self.runtime.block_on(read).unwrap_or_default();
        }
        at(&self.known) == Some(id.hash)
    }

    /// Offers what was gathered; a fork is taken with its last batch, as a whole.
    fn send(&mut self, more: bool) {
        self.bytes = 0;
        let blocks = std::mem::take(&mut self.batch);
        if blocks.is_empty() || self.is_refused() {
            return;
        }
        if let Some(last) = blocks.last() {
            self.context.sources.note(self.link, last.hash());
        }
        let branch = std::mem::take(&mut self.branch);
        let imported = self.runtime.block_on(self.context.node.import_part(branch, blocks, more));
        let imported = imported.map(|(imported, branch)| {
            self.branch = branch;
            imported
        });
        self.outcome = Some(match imported {
            Ok(Imported::Extended | Imported::Reorged) => ChainOutcome::Adopted,
            Ok(Imported::Known) => ChainOutcome::Ours,
            Ok(Imported::Tied) => ChainOutcome::Equal,
            Ok(_) => ChainOutcome::Lighter,
            Err(error) => ChainOutcome::Refused(refusal(&error)),
        });
    }
}
