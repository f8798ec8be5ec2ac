//! What the node makes of blocks that came: looked up, checked, offered.

use super::message::{Fault, Message, elements, name, open, well_formed};
use crate::chain::{
    Block, BlockId, ChainHeader, Hash, Header, Height, JsonBlock, RuleError, merkle_root,
};
use crate::node::{Branch, ImportError, Imported, NodeFailure, View};
use crate::p2p::context::Context;
use crate::sync::{BlockOutcome, ChainOutcome, LinkId};
use std::sync::Arc;

/// Most blocks of a chain that are held parsed at a time.
const MAX_CHAIN_BATCH_BLOCKS: usize = 1_000;

/// Most bytes of their text, one larger block excepted. 1 MiB.
const MAX_CHAIN_BATCH_BYTES: usize = 1 << 20;

/// Names a block that came.
pub(super) const fn id_of(block: &JsonBlock) -> BlockId {
    BlockId { height: block.block.header.height, hash: block.hash }
}

/// Imports consecutive blocks that came one by one; tells each that settles something.
/// Together they cost one synchronisation of the disk.
pub(super) async fn import_blocks(
    context: &Context,
    link: LinkId,
    mut blocks: Vec<JsonBlock>,
    told: &mut Vec<(BlockId, BlockOutcome)>,
) {
    let Some(last) = blocks.last().map(id_of) else { return };
    if blocks.len() > 1 && blocks.iter().all(|block| has_work(context, block)) {
        // A block whose ancestor is not ours is not ours either.
        let is_new = match blocks.first() {
            Some(first) => matches!(is_ours(context, id_of(first)).await, Ok(false)),
            None => false,
        };
        if is_new {
            let batch = blocks.iter().map(|block| block.block.clone()).collect();
            if matches!(
                import(context, link, batch).await,
                Ok(Imported::Extended | Imported::Reorged)
            ) {
                told.push((last, BlockOutcome::Adopted));
                return;
            }
        }
    }
    for block in blocks.drain(..) {
        let id = id_of(&block);
        let outcome = import_block(context, link, block).await;
        told.push((id, outcome));
    }
}

async fn import_block(context: &Context, link: LinkId, block: JsonBlock) -> BlockOutcome {
    match is_ours(context, id_of(&block)).await {
        Ok(true) => return BlockOutcome::Ours,
        Ok(false) => {}
        Err(_) => return BlockOutcome::Unavailable,
    }
    if block.block.header.height == Height::GENESIS {
        return BlockOutcome::ForeignGenesis;
    }
    if !has_work(context, &block) {
        return BlockOutcome::BadWork;
    }
    // From here on the hash covers the records too.
    if let Err(error) = has_its_records(&block) {
        return BlockOutcome::Invalid(error.to_string());
    }
    let (header, hash, tip) = (block.block.header, block.hash, context.node.tip().hash);
    if let Some(outcome) = remembered(context, &header, hash, tip) {
        return outcome;
    }
    let imported = import(context, link, vec![block.block]).await;
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
        Err(ImportError::TooDeep) => BlockOutcome::TooDeep,
        Err(ImportError::Rule { error, .. }) if error.is_not_yet() => BlockOutcome::NotYet,
        Err(ImportError::Rule { error, .. }) if is_work(&error) => BlockOutcome::BadWork,
        Err(ImportError::Rule { error, .. }) => BlockOutcome::Invalid(error.to_string()),
        Err(_) => BlockOutcome::Unavailable,
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
        BlockOutcome::BadWork | BlockOutcome::Invalid(_) => Some(outcome),
        outcome if at == tip => Some(outcome),
        BlockOutcome::Fork | BlockOutcome::Level if is_level(context, header, true) => {
            Some(BlockOutcome::Level)
        }
        BlockOutcome::Fork | BlockOutcome::Level => Some(BlockOutcome::Fork),
        _ => None,
    }
}

/// Whether the records are those that the header names, which needs no chain.
fn has_its_records(block: &JsonBlock) -> Result<(), RuleError> {
    let (header, records) = (&block.block.header, &block.block.records);
    let (expected, found) = (merkle_root(records), header.merkle_root);
    if found == expected { Ok(()) } else { Err(RuleError::MerkleRoot { expected, found }) }
}

async fn is_ours(context: &Context, id: BlockId) -> Result<bool, NodeFailure> {
    let view = context.node.view();
    let held = context.node.read(move || view.header(id.height)).await?;
    Ok(held.is_some_and(|held| held.hash == id.hash))
}

async fn import(
    context: &Context,
    link: LinkId,
    blocks: Vec<Block>,
) -> Result<Imported, ImportError> {
    if let (Some(first), Some(last)) = (blocks.first(), blocks.last()) {
        context.sources.note(link, first.header.previous_hash, last.header.hash());
    }
    context.node.import(blocks).await
}

fn has_work(context: &Context, block: &JsonBlock) -> bool {
    let Header { bits, .. } = block.block.header;
    let limit = context.node.spec().pow_limit();
    bits.target().is_ok_and(|target| target <= limit && target.is_met_by(&block.hash))
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

const fn is_work(error: &RuleError) -> bool {
    use RuleError::{BitsMeaningless, BitsTooEasy, ProofOfWork};
    matches!(error, ProofOfWork { .. } | BitsMeaningless { .. } | BitsTooEasy { .. })
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
    batch: Vec<Block>,
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
        if self.last.is_none() && block.block.header.height == Height::GENESIS {
            self.outcome = Some(ChainOutcome::ForeignGenesis);
        }
        if !self.is_refused() && !self.follows(&block) {
            self.outcome = Some(ChainOutcome::Invalid(HOLE.to_owned()));
        }
        self.last = Some(id_of(&block));
        if self.is_refused() {
            // Of the rest, only the form is checked.
            return Ok(());
        }
        // Not before the next block is there, so that the last batch is known to be the last.
        if self.batch.len() >= MAX_CHAIN_BATCH_BLOCKS || self.bytes >= MAX_CHAIN_BATCH_BYTES {
            self.send(true);
        }
        self.bytes = self.bytes.saturating_add(element.len());
        self.batch.push(block.block);
        Ok(())
    }

    /// Whether a block directly follows the last one, or is the first there can be.
    fn follows(&self, block: &JsonBlock) -> bool {
        let Header { height, previous_hash, .. } = block.block.header;
        match self.last {
            None => height == Height::GENESIS,
            Some(last) => height == last.height.next() && previous_hash == last.hash,
        }
    }

    const fn is_refused(&self) -> bool {
        use ChainOutcome::{BadWork, ForeignGenesis, Invalid, NotYet, TooDeep, Unavailable};
        matches!(
            self.outcome,
            Some(ForeignGenesis | BadWork | Invalid(_) | NotYet | TooDeep | Unavailable)
        )
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
        if let (Some(first), Some(last)) = (blocks.first(), blocks.last()) {
            let last = last.header.hash();
            self.context.sources.note(self.link, first.header.previous_hash, last);
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
            Err(ImportError::UnknownParent(hash)) => {
                ChainOutcome::Invalid(format!("it does not begin at genesis: {}", not_held(hash)))
            }
            Err(ImportError::TooDeep) => ChainOutcome::TooDeep,
            Err(ImportError::Rule { error, .. }) if error.is_not_yet() => ChainOutcome::NotYet,
            Err(ImportError::Rule { error, .. }) if is_work(&error) => ChainOutcome::BadWork,
            Err(ImportError::Rule { error, .. }) => ChainOutcome::Invalid(error.to_string()),
            Err(_) => ChainOutcome::Unavailable,
        });
    }
}

fn not_held(hash: Hash) -> String {
    ImportError::UnknownParent(hash).to_string()
}
