//! `jenny-dataset export`: adds the full ranges of a chain that a dataset lacks.

use anyhow::Result;
use jenny_chain::chain::{BlockId, Hash, Height, Spec};
use jenny_chain::cli::toolkit::{
    self, ChainSource, Code, Failure, LocalSource, Progress, Remote, RemoteSource, Unfinished,
    check_outside, escape,
};

use crate::args::ExportArgs;
use crate::blocks::{Blocks, OffMainChain};
use crate::digest::{Digest, Hashing};
use crate::folder::{Finished, Folder, MANIFEST, RECORDS, RUN_AGAIN, hint_in};
use crate::location::Location;
use crate::manifest::{MAX_DATASET_RANGES, Manifest, Range};
use crate::table::Table;
use crate::verify;

/// Blocks above the last one of a range, unless told otherwise: what a reorg is not expected to
/// reach.
const DEFAULT_DEPTH: u64 = 100;

/// Blocks of a range, unless told otherwise.
const DEFAULT_RANGE_BLOCKS: u64 = 10_000;

/// What the operator set.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) depth: Option<u64>,
    pub(crate) range_blocks: Option<u64>,
}

/// What an export did.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Exported {
    ranges: u64,
    records: u64,
    bytes: u64,
    /// The last block of the dataset.
    last: Option<BlockId>,
}

/// Runs the command.
pub(crate) fn run(args: &ExportArgs) -> Result<()> {
    let location = Location::parse(&args.to)?;
    let unfinished = toolkit::exit_at_once()?;
    let mut source = open_source(args, &location, &unfinished)?;
    // Without a source, no folder is made.
    source.tip()?;
    let mut folder = location.open(&unfinished)?;
    let settings = Settings { depth: args.depth, range_blocks: args.range_blocks };
    let exported = export(source.as_mut(), folder.as_mut(), settings, true)?;
    toolkit::print(&exported.line())
}

fn open_source(
    args: &ExportArgs,
    to: &Location,
    unfinished: &Unfinished,
) -> Result<Box<dyn ChainSource>> {
    let env = |name: &str| std::env::var(name).ok();
    if args.from.contains("://") {
        if args.evidence.read_only {
            return Err(
                Failure::usage("--read-only is for a data directory, not for a node").into()
            );
        }
        let remote = Remote::of_flag("--from", &args.from, &args.remote, &env)?;
        return Ok(Box::new(RemoteSource::new(remote, true)));
    }
    let dir = std::path::Path::new(&args.from);
    if let Some(folder) = to.path() {
        check_outside(folder, dir)?;
        check_outside(&folder.join(MANIFEST), dir)?;
        check_outside(&folder.join(RECORDS).join("*.parquet"), dir)?;
    }
    let command = format!("jenny-dataset export --from URL --to {}", args.to);
    Ok(Box::new(LocalSource::inspect(dir, &args.evidence, unfinished, &command)?))
}

/// Adds the full ranges that the dataset lacks and that are deep enough.
pub(crate) fn export(
    source: &mut dyn ChainSource,
    folder: &mut dyn Folder,
    settings: Settings,
    show: bool,
) -> Result<Exported> {
    let bytes = folder.manifest()?;
    let found = bytes.as_deref().map(|bytes| verify::decode(folder.name(), bytes)).transpose()?;
    let range_blocks = range_blocks(folder.name(), found.as_ref(), settings)?;
    let depth = settings.depth.or(found.as_ref().map(|found| found.depth)).unwrap_or(DEFAULT_DEPTH);
    let tip = source.tip()?;
    let last = found.as_ref().and_then(Manifest::last);
    if let Some(last) = last.filter(|last| last.height.get() > tip) {
        // Another chain never becomes the right one, however long it gets.
        let spec = Blocks::new(&mut *source, None, 0).open()?;
        if let Some(found) = found.as_ref().filter(|found| found.spec != spec) {
            return Err(other_chain(folder.name(), &found.spec, source.name(), &spec).into());
        }
        let what = format!(
            "the chain of {} ends with block {tip}, and the dataset with block {}",
            source.name(),
            last.height
        );
        return Err(Failure::no(what)
            .hint("let the node sync first, and check that it is the right one")
            .into());
    }
    let next = found.as_ref().map_or(0, Manifest::next);
    let count = full_ranges(next, tip, depth, range_blocks);
    let to = count.checked_mul(range_blocks).and_then(|blocks| next.checked_add(blocks));
    // Without a range the source only says which chain it is, by the block before the next one.
    let to = to.unwrap_or(u64::MAX).saturating_sub(1);
    let name = source.name().to_owned();
    let mut blocks = Blocks::new(source, last, to);
    let spec = blocks.open().map_err(|error| refuse_reorg(error, folder.name(), found.as_ref()))?;
    let mut manifest = match found {
        Some(found) if found.spec != spec => {
            return Err(other_chain(folder.name(), &found.spec, &name, &spec).into());
        }
        Some(mut found) => {
            found.depth = depth;
            if count > 0 {
                refuse_others(folder, bytes.as_deref(), &found)?;
            }
            found
        }
        None => {
            let manifest = Manifest::new(spec, range_blocks, depth);
            refuse_others(folder, None, &manifest)?;
            folder.commit(&manifest.encode())?;
            manifest
        }
    };
    let mut exported = Exported { last, ..Exported::default() };
    let total = count.saturating_mul(range_blocks);
    let mut progress = show.then(|| Progress::start("export", Some(total)));
    for _ in 0..count {
        if manifest.ranges().len() >= MAX_DATASET_RANGES {
            let what =
                format!("{} has {MAX_DATASET_RANGES} ranges, which is the most", folder.name());
            let hint = "begin another dataset with more --range-blocks";
            return Err(Failure::no(what).hint(hint).into());
        }
        let begun = exported.ranges.saturating_mul(range_blocks);
        let mut at = |done: u64| {
            if let Some(progress) = &mut progress {
                progress.at(begun.saturating_add(done));
            }
        };
        let range = write_range(&mut blocks, folder, &manifest, &mut at)?;
        exported.ranges += 1;
        exported.records = exported.records.saturating_add(range.rows);
        exported.bytes = exported.bytes.saturating_add(range.digest.bytes);
        manifest.push(range);
        folder.commit(&manifest.encode())?;
    }
    exported.last = manifest.last();
    Ok(exported)
}

/// How many ranges are full and deep enough.
fn full_ranges(next: u64, tip: u64, depth: u64, range_blocks: u64) -> u64 {
    let deep = tip.saturating_add(1).saturating_sub(depth);
    deep.saturating_sub(next).checked_div(range_blocks).unwrap_or(0)
}

fn range_blocks(folder: &str, found: Option<&Manifest>, settings: Settings) -> Result<u64> {
    let Some(fixed) = found.map(|found| found.range_blocks) else {
        return Ok(settings.range_blocks.unwrap_or(DEFAULT_RANGE_BLOCKS));
    };
    if settings.range_blocks.is_some_and(|asked| asked != fixed) {
        let what = format!("the files of {folder} have {fixed} blocks each");
        return Err(Failure::usage(what)
            .hint("leave out --range-blocks, or name another folder with --to")
            .into());
    }
    Ok(fixed)
}

/// Refuses files that a query would read beside those of the manifest. That of the next range may be
/// there: an export wrote it that ended before it replaced the manifest.
fn refuse_others(folder: &mut dyn Folder, bytes: Option<&[u8]>, manifest: &Manifest) -> Result<()> {
    let next = manifest.next();
    let end = next.saturating_add(manifest.range_blocks).saturating_sub(1);
    let mut others = verify::others(folder, manifest)?;
    others.remove(verify::table_of(&Range::file(next, end)));
    let Some(first) = others.first() else { return Ok(()) };
    if folder.manifest()?.as_deref() != bytes {
        let what = format!("another export changed {}/{MANIFEST} meanwhile", folder.name());
        return Err(Failure::new(Code::Locked, what).hint("let one export run at a time").into());
    }
    let more = match others.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let what = format!(
        "{}/{RECORDS} has files that are not of this dataset, which a query would read: {}{more}",
        folder.name(),
        escape(first)
    );
    let hint = if bytes.is_some() {
        "`jenny-dataset verify` names them: move them away, or name another folder with --to"
    } else {
        "there is no manifest.json: bring it back if this was a dataset, or name another folder with --to"
    };
    Err(Failure::no(what).hint(hint).into())
}

/// Writes the file of the next range.
fn write_range(
    blocks: &mut Blocks<'_>,
    folder: &mut dyn Folder,
    manifest: &Manifest,
    at: &mut dyn FnMut(u64),
) -> Result<Range> {
    let from = manifest.next();
    let to = from.saturating_add(manifest.range_blocks).saturating_sub(1);
    let name = Range::file(from, to);
    let cannot = |folder: &dyn Folder, error: anyhow::Error| {
        let what = format!("{}/{name} cannot be written", folder.name());
        let hint = hint_in(&error).map_or_else(|| folder.advice(), ToOwned::to_owned);
        Failure::no(what).because(error).hint(hint)
    };
    let new_file = Hashing::new(folder.create(&name)?);
    let mut table =
        Table::new(new_file, &manifest.spec).map_err(|error| cannot(folder, error.into()))?;
    let mut last = manifest.last();
    let previous_hash = last.map_or(Hash::ZERO, |last| last.hash);
    for done in 1..=manifest.range_blocks {
        let ended = || Failure::no("the chain ended within a range").hint(RUN_AGAIN);
        let block = blocks.next()?.ok_or_else(ended)?;
        last = Some(block.id());
        table.add(block).map_err(|error| cannot(folder, error.into()))?;
        at(done);
    }
    let last = last.unwrap_or(BlockId { height: Height::GENESIS, hash: Hash::ZERO });
    let (new_file, rows) = table.finish(last).map_err(|error| cannot(folder, error.into()))?;
    let (new_file, digest) = new_file.finish();
    if new_file.finish().map_err(|error| cannot(folder, error))? == Finished::Exists {
        check_same(folder, &name, digest)?;
    }
    Ok(Range { from, to, previous_hash, last_hash: last.hash, rows, digest })
}

/// A file that is there already counts only if it is what would have been written.
fn check_same(folder: &dyn Folder, name: &str, digest: Digest) -> Result<()> {
    let found = folder.read(name)?.map(|mut file| Digest::of(file.as_mut())).transpose();
    let found = found.map_err(|error| verify::cannot_read(folder.name(), name, error.into()))?;
    if found == Some(digest) {
        return Ok(());
    }
    let what =
        format!("{}/{name} is there, is not in the manifest, and is another file", folder.name());
    Err(Failure::no(what)
        .hint("another version or an export from another branch wrote it: if no export runs, delete it and run the same command again")
        .into())
}

/// What it means that the dataset is of one chain, and the source has another.
fn other_chain(folder: &str, of: &Spec, source: &str, has: &Spec) -> Failure {
    let what = format!(
        "{folder} is of the chain {} ({}), and {source} has the chain {} ({})",
        of.name(),
        of.genesis().hash(),
        has.name(),
        has.genesis().hash()
    );
    Failure::usage(what).hint("name another folder with --to")
}

/// What to do about a dataset whose last block is not on the source's main chain.
fn refuse_reorg(error: anyhow::Error, folder: &str, found: Option<&Manifest>) -> anyhow::Error {
    let Some(off) = error.downcast_ref::<OffMainChain>() else { return error };
    if found.is_some_and(|found| found.spec != *off.spec) {
        let what = format!("{folder} is of another chain: {error}");
        return Failure::usage(what).hint("name another folder with --to").into();
    }
    let what = format!("{folder} ends with a block that is not on the main chain: {error}");
    Failure::new(Code::Failed, what)
        .hint("check that the node follows the right chain; nothing was changed")
        .hint("if a reorg went deeper than --depth, export into another folder, with a larger --depth")
        .into()
}

impl Exported {
    /// The line on standard output.
    fn line(&self) -> String {
        let Self { ranges, records, bytes, last } = self;
        let end =
            last.map_or_else(String::new, |last| format!(" to={} hash={}", last.height, last.hash));
        format!("exported ranges={ranges} records={records} bytes={bytes}{end}")
    }
}

#[cfg(test)]
mod tests;
