//! `jenny-dataset export`: adds the full ranges of a chain that a dataset lacks.

mod commits;
mod range;
mod refusal;

use std::time::Instant;

use anyhow::Result;
use jenny_chain::chain::BlockId;
use jenny_chain::cli::toolkit::{
    self, ChainSource, Failure, LocalSource, Progress, Remote, RemoteSource, Unfinished,
    check_outside, or_hint,
};

use crate::args::ExportArgs;
use crate::blocks::{Blocks, advised};
use crate::folder::{Folder, MANIFEST, RECORDS};
use crate::location::Location;
use crate::manifest::Manifest;
use crate::verify;
use commits::Commits;

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
    source.tip().map_err(|error| advised(source.as_ref(), error))?;
    let mut folder = location.open(&unfinished)?;
    let settings = Settings { depth: args.depth, range_blocks: args.range_blocks };
    let exported = export(source.as_mut(), folder.as_mut(), settings, true)?;
    let printed = toolkit::print(&exported.line());
    printed
        .map_err(|error| or_hint(error, "the dataset is complete: see that standard output works"))
}

fn open_source(
    args: &ExportArgs,
    to: &Location,
    unfinished: &Unfinished,
) -> Result<Box<dyn ChainSource>> {
    let env = |name: &str| std::env::var(name).ok();
    if args.from.contains("://") {
        if args.evidence.read_only {
            return Err(Failure::usage("--read-only is for a data directory, not for a node")
                .hint("leave out --read-only")
                .into());
        }
        let remote = Remote::of_flag("--from", &args.from, &args.remote, &env)?;
        return Ok(Box::new(RemoteSource::new(remote, true)));
    }
    let dir = std::path::Path::new(&args.from);
    if args.from.contains('@') && !dir.exists() {
        // It may be an address with a password, which a message must not repeat.
        return Err(Failure::usage("--from is no data directory")
            .hint("the address of a node begins with http:// or https://")
            .hint("credentials go into --user and --password-file")
            .into());
    }
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
    let tip = source.tip().map_err(|error| advised(&*source, error))?;
    let last = found.as_ref().and_then(Manifest::last);
    if let Some(last) = last.filter(|last| last.height.get() > tip) {
        // Another chain never becomes the right one, however long it gets.
        let spec = Blocks::new(&mut *source, None, 0).open()?;
        if let Some(found) = found.as_ref().filter(|found| found.spec != spec) {
            return Err(
                refusal::other_chain(folder.name(), &found.spec, source.name(), &spec).into()
            );
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
    let spec =
        blocks.open().map_err(|error| refusal::reorg(error, folder.name(), found.as_ref()))?;
    let mut manifest = match found {
        Some(found) if found.spec != spec => {
            return Err(refusal::other_chain(folder.name(), &found.spec, &name, &spec).into());
        }
        Some(mut found) => {
            found.depth = depth;
            if count > 0 {
                refusal::others(folder, bytes.as_deref(), &found)?;
            }
            found
        }
        None => {
            let manifest = Manifest::new(spec, range_blocks, depth);
            refusal::others(folder, None, &manifest)?;
            folder.commit(&manifest.encode())?;
            manifest
        }
    };
    let mut exported = Exported { last, ..Exported::default() };
    let total = count.saturating_mul(range_blocks);
    let mut progress = show.then(|| Progress::start("export", Some(total)));
    let mut commits = Commits::new(Instant::now());
    for _ in 0..count {
        let begun = exported.ranges.saturating_mul(range_blocks);
        let mut at = |done: u64| {
            if let Some(progress) = &mut progress {
                progress.at(begun.saturating_add(done));
            }
        };
        let range = match range::write(&mut blocks, folder, &manifest, &mut at) {
            Ok(range) => range,
            Err(error) => {
                // What a reorg took away is not named: the next run compares it with the chain.
                if commits.is_behind() && !blocks.is_reorganised() {
                    // The first error says what to do.
                    drop(folder.commit(&manifest.encode()));
                }
                return Err(error);
            }
        };
        exported.ranges += 1;
        exported.records = exported.records.saturating_add(range.rows);
        exported.bytes = exported.bytes.saturating_add(range.digest.bytes);
        manifest.push(range);
        if commits.written(manifest.ranges().len(), Instant::now()) || exported.ranges == count {
            folder.commit(&manifest.encode())?;
            commits.named(Instant::now());
        }
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
