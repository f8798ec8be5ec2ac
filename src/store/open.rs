//! Opening: from a directory to a writer, a reader and the certainty that what they
//! show is whole.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use super::database::Database;
use super::durable_tip::{DurableTip, FILES_GONE};
use super::error::failed;
use super::index;
use super::layout::{
    AFTER_BLOCKS, CHAIN, Intent, REORG, SPEC, block_key, encode_block, encode_body,
    height_of_block_key,
};
use super::lock::DirectoryLock;
use super::pending::{self, PendingBatch};
use super::reorgs::{self, RecordedReorg};
use super::sled::errors::{guarded, read_error, write_error};
use super::sled::open::Engine;
use super::sled::page_cache::{Kernel, System};
use super::verify::check_recent;
use super::writer::load_end;
use super::{Options, Reader, StoreError, Syncer, Writer, reorg, schema};
use crate::chain::{Height, Spec, ValidBlock};

/// What opening gives: the only writer, its syncer and a reader.
#[derive(Debug)]
pub struct Opened {
    /// The only write handle.
    pub writer: Writer,
    /// What makes durable beside the writer.
    pub syncer: Syncer,
    /// A reader; clone it.
    pub reader: Reader,
    /// The stored chain's parameters.
    pub spec: Spec,
    /// The records that wait for a block, or waited when the last process ended: some of them
    /// may be on the main chain. Oldest first.
    pub pending: Vec<PendingBatch>,
    /// The reorgs on record, newest first, at most 1,000.
    pub reorgs: Vec<RecordedReorg>,
    /// What opening had to mend, in words: what a kill or damage had left.
    pub repairs: Vec<String>,
}

/// Opens the database in `directory`, or creates it when [`Options::chain`] names a
/// chain. `progress` is told, in words for an operator's log, of steps that may take
/// long.
///
/// # Errors
/// Every kind but [`StoreError::ViewExpired`] and [`StoreError::NotHeld`]; nothing is
/// served from a database that did not open.
pub fn open(
    directory: &Path,
    options: &Options,
    progress: &mut dyn FnMut(&str),
) -> Result<Opened, StoreError> {
    open_on(directory, options, progress, &Kernel)
}

/// As [`open`], on a system that a test may choose.
pub(super) fn open_on(
    directory: &Path,
    options: &Options,
    progress: &mut dyn FnMut(&str),
    system: &dyn System,
) -> Result<Opened, StoreError> {
    if options.chain.is_none() && !exists(directory)? {
        return Err(StoreError::Missing { path: directory.to_owned() });
    }
    open_held_on(&hold(directory)?, options, progress, system)
}

/// Takes the lock of a data directory, which is created if it is missing, before the database in it
/// is opened.
///
/// # Errors
/// [`StoreError::Locked`] when another process holds it, [`StoreError::Newer`] when a newer version
/// wrote the database, and [`StoreError::Io`].
pub fn hold(directory: &Path) -> Result<DirectoryLock, StoreError> {
    let take = || {
        let created = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        created.map_err(failed("creating", directory))?;
        // Before the lock, which writes to its file.
        schema::check_known(directory)?;
        DirectoryLock::take(directory)
    };
    match take() {
        // A failed `jenny init` has taken back the directory that it had made.
        Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => take(),
        taken => taken,
    }
}

/// As [`open`](fn@open), under a lock that is held. The database keeps it as well.
///
/// # Errors
/// As [`open`](fn@open).
pub fn open_held(
    lock: &DirectoryLock,
    options: &Options,
    progress: &mut dyn FnMut(&str),
) -> Result<Opened, StoreError> {
    open_held_on(lock, options, progress, &Kernel)
}

fn open_held_on(
    lock: &DirectoryLock,
    options: &Options,
    progress: &mut dyn FnMut(&str),
    system: &dyn System,
) -> Result<Opened, StoreError> {
    let directory = lock.directory();
    let existed = Engine::exists(directory)?;
    let durable_tip = DurableTip::open(directory)?;
    if !existed && durable_tip.last().is_some() {
        return Err(StoreError::Damaged { what: FILES_GONE.to_owned() });
    }
    if !existed && options.chain.is_none() {
        return Err(StoreError::Missing { path: directory.to_owned() });
    }
    let noted = schema::check_known(directory)?;
    if existed {
        schema::check_room(directory, noted.as_ref(), system)?;
    }
    let engine = Engine::open(directory, options, progress, system)?;
    let mut told = |step: &str| {
        // The first steps make a new database, which is no news.
        if existed {
            progress(step);
        }
    };
    let progress = &mut told;
    guarded(|| {
        schema::upgrade(directory, noted.as_ref(), &engine, progress)?;
        open_chain(options, progress, engine, lock.clone(), durable_tip)
    })
}

/// Whether a chain is, or was, kept in `directory`.
///
/// # Errors
/// When the directory cannot be looked into.
pub fn exists(directory: &Path) -> Result<bool, StoreError> {
    Ok(Engine::exists(directory)? || DurableTip::exists(directory)?)
}

fn open_chain(
    options: &Options,
    progress: &mut dyn FnMut(&str),
    mut engine: Engine,
    lock: DirectoryLock,
    durable_tip: DurableTip,
) -> Result<Opened, StoreError> {
    let chain = engine.db.open_tree(CHAIN).map_err(read_error)?;
    let spec = match chain.get(SPEC).map_err(read_error)? {
        Some(text) => stored_spec(&text, options)?,
        // Nothing was acknowledged before the genesis block was durable.
        None if durable_tip.last().is_none()
            && chain.get_lt(AFTER_BLOCKS).map_err(read_error)?.is_none() =>
        {
            let path = lock.directory().to_owned();
            options.chain.clone().ok_or(StoreError::Missing { path })?
        }
        None => return Err(StoreError::Damaged { what: "the chain spec is missing".to_owned() }),
    };
    let genesis = spec.genesis();
    let mut repairs = std::mem::take(&mut engine.repairs);
    let database = Arc::new(Database::of_engine(engine, spec.clone(), options, lock)?);
    let reader = Reader::new(Arc::clone(&database))?;
    create_missing(&database, &spec, &genesis, &durable_tip)?;
    if let Some(intent) = database.chain.get(REORG).map_err(read_error)? {
        progress("finishing a reorg that was interrupted");
        reorg::finish(&database, &Intent::decode(&intent)?)?;
        repairs.push("a reorg was finished that had been interrupted".to_owned());
    }
    let height = last_height(&database)?;
    let (applied, edge, tiles) = load_end(&database, height)?;
    if tiles > 0 {
        repairs.push(format!("{tiles} missing history tiles were computed again"));
    }
    let index = index::load(&database, &genesis)?;
    {
        let mut state = database.state();
        (state.tip, state.index) = (*applied.last(), index);
    }
    check_recent(&reader.view(), &spec)?;
    check_durable_tip(&durable_tip, &database)?;
    check_checkpoints(&reader, options)?;
    let pending = pending::load(&database)?;
    let reorgs = reorgs::load(&database)?;
    let mut writer = Writer::new(database, applied, edge, durable_tip);
    // What recovery brought back was perhaps never synchronised.
    writer.unsealed = true;
    writer.commit()?;
    Ok(Opened { syncer: writer.syncer(), writer, reader, spec, pending, reorgs, repairs })
}

fn stored_spec(text: &[u8], options: &Options) -> Result<Spec, StoreError> {
    let damaged = |what: &str| StoreError::Damaged { what: format!("the chain spec: {what}") };
    let text = std::str::from_utf8(text).map_err(|_| damaged("not UTF-8"))?;
    let found = Spec::from_canonical(text).map_err(|error| damaged(&error.to_string()))?;
    match &options.chain {
        Some(wanted) if *wanted != found => Err(StoreError::OtherChain {
            found: found.name().to_owned(),
            found_id: found.genesis().hash(),
            wanted: wanted.name().to_owned(),
            wanted_id: wanted.genesis().hash(),
        }),
        _ => Ok(found),
    }
}

/// Writes spec and genesis block where a kill during creation left them out.
fn create_missing(
    database: &Database,
    spec: &Spec,
    genesis: &ValidBlock,
    durable_tip: &DurableTip,
) -> Result<(), StoreError> {
    let chain = &database.chain;
    if chain.get_lt(AFTER_BLOCKS).map_err(read_error)?.is_some() {
        return Ok(());
    }
    if durable_tip.last().is_some() {
        return Err(StoreError::Damaged { what: "every block is missing".to_owned() });
    }
    let body = encode_body(&genesis.block().records)?;
    let value = encode_block(&genesis.chain_header(), &body);
    chain.insert(SPEC, spec.canonical_text().as_bytes()).map_err(write_error)?;
    chain.insert(block_key(Height::GENESIS), value).map_err(write_error)?;
    Ok(())
}

/// The tip is the last key below every other kind of key.
fn last_height(database: &Database) -> Result<Height, StoreError> {
    let last = database.chain.get_lt(AFTER_BLOCKS).map_err(read_error)?;
    let height = last.and_then(|(key, _)| height_of_block_key(&key));
    height.ok_or_else(|| StoreError::Damaged { what: "the last block's key is torn".to_owned() })
}

/// Work never falls. If the database has less than was durable, its end is lost.
fn check_durable_tip(durable_tip: &DurableTip, database: &Database) -> Result<(), StoreError> {
    let tip = database.state().tip;
    match durable_tip.last() {
        Some(seen) if seen.total_work > tip.total_work => Err(StoreError::EndLost {
            end: tip.header.height,
            last: seen.id,
            durable_tip: durable_tip.path().to_owned(),
        }),
        Some(seen) if seen.total_work == tip.total_work && seen.id.hash != tip.hash => {
            Err(StoreError::Damaged {
                what: format!(
                    "the last block is {}, but {} had been written",
                    tip.hash, seen.id.hash
                ),
            })
        }
        _ => Ok(()),
    }
}

fn check_checkpoints(reader: &Reader, options: &Options) -> Result<(), StoreError> {
    let view = reader.view();
    for (height, expected) in options.checkpoints.iter() {
        match view.header(height)? {
            Some(header) if header.hash != expected => {
                return Err(StoreError::Checkpoint { height, expected, found: header.hash });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
