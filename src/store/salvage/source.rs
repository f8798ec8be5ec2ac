//! A damaged database, as far as its engine opens.

use std::path::Path;
use std::sync::Arc;

use crate::chain::{BlockId, ChainHeader, Hash, Header, Height, Spec};
use crate::store::database::Database;
use crate::store::durable_tip::{DurableTip, Seen};
use crate::store::layout::{
    AFTER_BLOCKS, CHAIN, Intent, REORG, SPEC, block_key, decode_block, height_of_block_key,
};
use crate::store::lock::DirectoryLock;
use crate::store::sled::errors::{guarded, read_error};
use crate::store::sled::open::Engine;
use crate::store::sled::page_cache::Kernel;
use crate::store::{Options, StoreError, StoredBlock, reorg, schema};

/// The damaged database. Everything read of it is checked, and no error ends the salvage.
pub(super) struct Source {
    pub(super) database: Arc<Database>,
    durable: Option<Seen>,
    /// The highest block of the main chain that the database or the file beside it knows.
    pub(super) end: Height,
    pub(super) repairs: Vec<String>,
    /// What could not be read, in words.
    pub(super) unread: Vec<&'static str>,
}

impl Source {
    pub(super) fn open(
        copy: &Path,
        specs: &[Spec],
        steps: &mut dyn FnMut(&str),
    ) -> Result<Self, StoreError> {
        let lock = DirectoryLock::take(copy)?;
        let noted = schema::check_known(copy)?;
        let durable = DurableTip::open(copy)?.last();
        let mut engine = Engine::open(copy, &Options::default(), steps, &Kernel)?;
        guarded(|| schema::upgrade(copy, noted.as_ref(), &engine, steps))?;
        let mut repairs = std::mem::take(&mut engine.repairs);
        let spec = guarded(|| {
            let chain = engine.db.open_tree(CHAIN).map_err(read_error)?;
            spec(&chain, specs, &mut repairs)
        })?;
        let database =
            Arc::new(guarded(|| Database::of_engine(engine, spec, &Options::default(), lock))?);
        let mut unread = Vec::new();
        if finish_reorg(&database, &mut repairs).is_err() {
            unread.push("a part of a reorg that had been interrupted");
        }
        let last = guarded(|| database.chain.get_lt(AFTER_BLOCKS).map_err(read_error));
        let last = last.ok().flatten().and_then(|(key, _)| height_of_block_key(&key));
        let end = match (last, durable) {
            (Some(last), _) => last,
            (None, Some(durable)) => durable.id.height,
            (None, None) => {
                let what = "the end of the chain is lost".to_owned();
                return Err(StoreError::Damaged { what });
            }
        };
        Ok(Self { database, durable, end, repairs, unread })
    }

    /// The block of the main chain at `height`, found whole.
    pub(super) fn block(&self, height: Height) -> Result<StoredBlock, String> {
        let read = guarded(|| {
            let Some(value) = self.database.raw_block(height)? else { return Ok(None) };
            self.database.complete(height, &value).map(Some)
        });
        match read {
            Ok(Some(block)) => Ok(block),
            Ok(None) => Err("it is missing".to_owned()),
            Err(StoreError::Damaged { what }) => {
                let name = format!("block {height}: ");
                Err(what.strip_prefix(&name).unwrap_or(&what).to_owned())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// As [`Self::block`], with proof of work.
    pub(super) fn lone_block(&self, height: Height) -> Result<StoredBlock, String> {
        let block = self.block(height)?;
        block.header.check_alone(&self.database.spec).map_err(|error| error.to_string())?;
        Ok(block)
    }

    /// The header of the main chain's block at `height`, if that much is whole.
    pub(super) fn header(&self, height: Height) -> Option<Header> {
        let value = guarded(|| self.database.raw_block(height)).ok()??;
        decode_block(height, &value).ok().map(|(stored, _)| stored.header)
    }

    /// A block beside the main chain, found whole.
    pub(super) fn branch_block(&self, height: Height, hash: Hash) -> Option<StoredBlock> {
        guarded(|| self.database.branch_block(BlockId { height, hash })).ok()?
    }

    /// Whether a chain that ends so lacks blocks that had been durable.
    pub(super) fn is_short_of(&self, tip: &ChainHeader) -> bool {
        self.durable.is_some_and(|durable| durable.total_work > tip.total_work)
    }

    /// Height of the last block that is known to have been durable.
    pub(super) fn durable_height(&self) -> Height {
        self.durable.map_or(Height::GENESIS, |durable| durable.id.height)
    }
}

/// The stored spec, or the one of `specs` whose chain this is.
fn spec(chain: &sled::Tree, specs: &[Spec], repairs: &mut Vec<String>) -> Result<Spec, StoreError> {
    let stored = guarded(|| chain.get(SPEC).map_err(read_error)).ok().flatten();
    let stored = stored.and_then(|text| String::from_utf8(text.to_vec()).ok());
    if let Some(spec) = stored.and_then(|text| Spec::from_canonical(&text).ok()) {
        return Ok(spec);
    }
    let block = |height| {
        let value = guarded(|| chain.get(block_key(height)).map_err(read_error)).ok()??;
        decode_block(height, &value).ok().map(|(stored, _)| stored)
    };
    let genesis = block(Height::GENESIS).map(|stored| stored.hash);
    let first = block(Height::new(1)).map(|stored| stored.header.previous_hash);
    let found = specs.iter().find(|spec| genesis.or(first) == Some(spec.genesis().hash()));
    let what = "the chain spec is lost, and no chain that was named fits the blocks";
    let found = found.ok_or_else(|| StoreError::Damaged { what: what.to_owned() })?;
    repairs.push(format!("the chain spec was lost; the blocks are of chain {}", found.name()));
    Ok(found.clone())
}

fn finish_reorg(database: &Database, repairs: &mut Vec<String>) -> Result<(), StoreError> {
    guarded(|| {
        let Some(intent) = database.chain.get(REORG).map_err(read_error)? else { return Ok(()) };
        reorg::finish(database, &Intent::decode(&intent)?)?;
        repairs.push("a reorg was finished that had been interrupted".to_owned());
        Ok(())
    })
}
