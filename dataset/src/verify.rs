//! `jenny-dataset verify`: compares the files of a dataset with its manifest.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use jenny_chain::cli::toolkit::{self, Code, Failure, Progress, escape, or_hint};

use crate::args::VerifyArgs;
use crate::digest::Digest;
use crate::folder::{Folder, MANIFEST, RECORDS, hint_in};
use crate::location::Location;
use crate::manifest::{DATASET_VERSION, MAX_MANIFEST_BYTES, Manifest, ManifestError, Range};

/// Most findings that are named.
const MAX_NAMED_FINDINGS: usize = 16;

/// Runs the command.
pub(crate) fn run(args: &VerifyArgs) -> Result<()> {
    let location = Location::parse(&args.of)?;
    let _unfinished = toolkit::exit_at_once()?;
    let mut folder = location.inspect()?;
    let line = verify(folder.as_mut(), true)?;
    let printed = toolkit::print(&line);
    printed.map_err(|error| or_hint(error, "every file is whole: see that standard output works"))
}

/// Reads every file. Returns the line that says what there is.
pub(crate) fn verify(folder: &mut dyn Folder, show: bool) -> Result<String> {
    let bytes = folder.manifest()?.ok_or_else(|| {
        Failure::usage(format!("{} is no dataset: it has no {MANIFEST}", folder.name()))
            .hint("name what --to of the export named; a bucket must exist")
    })?;
    let manifest = decode(folder.name(), &bytes)?;
    let (mut findings, mut records, mut bytes) = (Vec::new(), 0_u64, 0_u64);
    let total = manifest.ranges().len() as u64;
    let mut progress = show.then(|| Progress::of_things("verify", "files", Some(total)));
    let mut extra = others(folder, &manifest)?;
    if !extra.is_empty()
        && let Some(bytes) = folder.manifest()?
    {
        // A running export may have added ranges meanwhile.
        let now = decode(folder.name(), &bytes)?;
        remove_named(&mut extra, &now);
    }
    for (number, range) in manifest.ranges().iter().enumerate() {
        let name = Range::file(range.from, range.to);
        let found = match folder.read(&name)? {
            None => None,
            Some(mut file) => {
                let read = Digest::of(file.as_mut());
                Some(read.map_err(|error| cannot_read(folder.name(), &name, error.into()))?)
            }
        };
        match found {
            None => findings.push(format!("{name} is missing")),
            Some(found) if found != range.digest => {
                findings.push(format!("{name} is not what was written"));
            }
            Some(_) => {}
        }
        records = records.saturating_add(range.rows);
        bytes = bytes.saturating_add(range.digest.bytes);
        if let Some(progress) = &mut progress {
            progress.at(number as u64);
        }
    }
    findings.extend(
        extra.iter().map(|name| format!("{RECORDS}/{} is not in the manifest", escape(name))),
    );
    drop(progress);
    if findings.is_empty() {
        let end = manifest
            .last()
            .map_or_else(String::new, |last| format!(" to={} hash={}", last.height, last.hash));
        return Ok(format!("ok ranges={total} records={records} bytes={bytes}{end}"));
    }
    let mut what = findings.iter().take(MAX_NAMED_FINDINGS).cloned().collect::<Vec<_>>().join("; ");
    let more = findings.len().saturating_sub(MAX_NAMED_FINDINGS);
    if more > 0 {
        // Writing into memory cannot fail.
        let _ = write!(what, "; and {more} more");
    }
    Err(Failure::no(format!("{}: {what}", folder.name()))
        .hint("a file that is missing or another one: copy it back, or export into another folder")
        .hint("a file that is not in the manifest: a running export names it soon, and one that ended early left it to the next one; move any other away once no export runs")
        .into())
}

/// The files that a query would read and that the manifest does not name.
pub(crate) fn others(folder: &dyn Folder, manifest: &Manifest) -> Result<BTreeSet<String>> {
    let mut others: BTreeSet<String> = folder.tables()?.into_iter().collect();
    remove_named(&mut others, manifest);
    Ok(others)
}

fn remove_named(tables: &mut BTreeSet<String>, manifest: &Manifest) {
    for range in manifest.ranges() {
        tables.remove(table_of(&Range::file(range.from, range.to)));
    }
}

/// The name of a range's file as [`Folder::tables`] has it.
pub(crate) fn table_of(file: &str) -> &str {
    file.trim_start_matches(RECORDS).trim_start_matches('/')
}

/// What it means that a file cannot be read to its end.
pub(crate) fn cannot_read(folder: &str, file: &str, error: anyhow::Error) -> Failure {
    let hint = hint_in(&error)
        .unwrap_or("check the disk; where it lost the file, bring back a copy, or export into another folder")
        .to_owned();
    Failure::no(format!("{folder}/{file} cannot be read")).because(error).hint(hint)
}

/// Reads a manifest.
pub(crate) fn decode(folder: &str, bytes: &[u8]) -> Result<Manifest> {
    let damaged = |what: &str| {
        Failure::new(Code::Damaged, format!("{folder}/{MANIFEST} is damaged: {what}"))
            .hint("bring back a copy of the file, or export into another folder")
    };
    if bytes.len() as u64 > MAX_MANIFEST_BYTES {
        return Err(damaged(&format!("it has more than {MAX_MANIFEST_BYTES} bytes")).into());
    }
    Manifest::decode(bytes).map_err(|error| match error {
        ManifestError::Newer(found) => {
            let what = format!(
                "{folder} has version {found} of the format; this program knows version {DATASET_VERSION}"
            );
            Failure::new(Code::Newer, what)
                .hint("use the version of jenny-dataset that wrote it, or a newer one")
                .into()
        }
        ManifestError::Damaged(what) => damaged(&escape(&what)).into(),
    })
}

#[cfg(test)]
mod tests;
