//! Why nothing is added to a dataset.

use anyhow::Result;
use jenny_chain::chain::Spec;
use jenny_chain::cli::toolkit::{Code, Failure, escape};

use super::commits::Commits;
use crate::blocks::OffMainChain;
use crate::folder::{Folder, MANIFEST, RECORDS};
use crate::manifest::{Manifest, Range};
use crate::verify;

/// Refuses files that a query would read beside those of the manifest. Those of the next ranges
/// may be there: an export wrote them that ended before it replaced the manifest.
pub(super) fn others(
    folder: &mut dyn Folder,
    bytes: Option<&[u8]>,
    manifest: &Manifest,
) -> Result<()> {
    let mut others = verify::others(folder, manifest)?;
    let mut from = manifest.next();
    for _ in 0..Commits::most_unnamed(manifest.ranges().len()) {
        let next = from.saturating_add(manifest.range_blocks);
        others.remove(verify::table_of(&Range::file(from, next.saturating_sub(1))));
        from = next;
    }
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

/// What it means that the dataset is of one chain, and the source has another.
pub(super) fn other_chain(folder: &str, of: &Spec, source: &str, has: &Spec) -> Failure {
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
pub(super) fn reorg(error: anyhow::Error, folder: &str, found: Option<&Manifest>) -> anyhow::Error {
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
