//! The file of a range.

use anyhow::Result;
use jenny_chain::chain::{BlockId, Hash, Height};
use jenny_chain::cli::toolkit::Failure;

use crate::blocks::Blocks;
use crate::digest::{Digest, Hashing};
use crate::folder::{Finished, Folder, RUN_AGAIN};
use crate::manifest::{MAX_DATASET_RANGES, Manifest, Range};
use crate::table::Table;
use crate::verify;

/// Writes the file of the next range.
pub(super) fn write(
    blocks: &mut Blocks<'_>,
    folder: &mut dyn Folder,
    manifest: &Manifest,
    at: &mut dyn FnMut(u64),
) -> Result<Range> {
    if manifest.ranges().len() >= MAX_DATASET_RANGES {
        let what = format!("{} has {MAX_DATASET_RANGES} ranges, which is the most", folder.name());
        let hint = "begin another dataset with more --range-blocks";
        return Err(Failure::no(what).hint(hint).into());
    }
    let from = manifest.next();
    let to = from.saturating_add(manifest.range_blocks).saturating_sub(1);
    let name = Range::file(from, to);
    let cannot = |folder: &dyn Folder, error: anyhow::Error| {
        let what = format!("{}/{name} cannot be written", folder.name());
        let hint = folder.advice(&error);
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
        .hint("another version, an export from another branch or another program wrote it: if no export runs, move it away, and run the same command again")
        .into())
}
