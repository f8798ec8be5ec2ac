//! `--read-only`: opens a private copy of a data directory, and leaves the original as it is.

use std::fmt::Write as _;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::args::EvidenceArgs;
use super::config::CONFIG_FILE;
use super::exit::Failure;
use super::progress::Progress;
use super::signal::Unfinished;
use super::stderr::{self, Kind};
use crate::store::{Copied, StoreError, copy_stopped};

/// How the name of a copy begins. A copy that kill -9 left behind may be removed.
const COPY_PREFIX: &str = "jenny-copy";

/// Name of the copied data directory in the directory of the copy.
const COPIED_DATA: &str = "data";

/// Names that are tried for a copy.
const COPY_NAMES: u32 = 100;

/// Most repairs of a copy that are named.
pub(super) const MAX_NAMED_REPAIRS: usize = 16;

/// What a command reads: the directory itself, or a private copy.
pub(super) struct Evidence {
    original: PathBuf,
    copy: Option<PathBuf>,
}

impl Evidence {
    /// The directory itself, or with `--read-only` a private copy of it, which is removed with
    /// `unfinished`.
    pub(super) fn of(dir: &Path, args: &EvidenceArgs, unfinished: &Unfinished) -> Result<Self> {
        let original = dir.to_owned();
        if !args.read_only {
            return Ok(Self { original, copy: None });
        }
        let scratch = args.scratch.clone().unwrap_or_else(std::env::temp_dir);
        check_scratch(&scratch, dir)?;
        let folder = free_name(&scratch)?;
        let (folder, ()) = unfinished.set_directory(&folder, || {
            let made = DirBuilder::new().mode(0o700).create(&folder);
            made.with_context(|| format!("{} cannot be created", folder.display()))
        })?;
        let copy = folder.join(COPIED_DATA);
        let mut progress = None;
        let copied = copy_stopped(dir, &copy, &[CONFIG_FILE], 0, &mut |done, total| {
            let begin = || Progress::of_things("copy", "MiB", Some(total >> 20));
            progress.get_or_insert_with(begin).at(done >> 20);
        });
        drop(progress);
        tell_access(dir, &copied.map_err(|error| of_original(error, dir, &scratch))?);
        Ok(Self { original, copy: Some(copy) })
    }

    /// What may be opened.
    pub(super) fn dir(&self) -> &Path {
        self.copy.as_deref().unwrap_or(&self.original)
    }

    /// The error of opening it, which names the original.
    pub(super) fn explain(&self, error: StoreError) -> anyhow::Error {
        if self.copy.is_none() {
            return error.into();
        }
        of_original(error, &self.original, self.dir())
    }

    /// What opening a copy had to mend is a finding about the original.
    ///
    /// # Errors
    /// When it had to mend something; that of the original directory is its own matter.
    pub(super) fn check_repairs(&self, repairs: &[String]) -> Result<()> {
        if self.copy.is_none() || repairs.is_empty() {
            return Ok(());
        }
        let mut message = "the database does not open as it is; on the copy, ".to_owned();
        for (number, repair) in repairs.iter().take(MAX_NAMED_REPAIRS).enumerate() {
            // Writing into memory cannot fail.
            let _ = write!(message, "{}{repair}", if number == 0 { "" } else { "; " });
        }
        Err(Failure::no(message)
            .hint("the original is as it was; the next start of its node does the same to it")
            .into())
    }
}

/// Refuses a scratch directory that is missing, or within the directory that is to stay as it is.
fn check_scratch(scratch: &Path, dir: &Path) -> Result<()> {
    let name = scratch.display();
    let real = scratch.canonicalize().map_err(|error| {
        Failure::usage(format!("the scratch directory {name} cannot be used"))
            .because(error)
            .hint("name an existing directory with --scratch")
    })?;
    if !real.is_dir() {
        return Err(Failure::usage(format!("{name} is not a directory"))
            .hint("name an existing directory with --scratch")
            .into());
    }
    if dir.canonicalize().is_ok_and(|dir| real.starts_with(dir)) {
        return Err(Failure::usage(format!("{name} is in the data directory"))
            .hint("name a directory outside it with --scratch: nothing is written to it")
            .into());
    }
    Ok(())
}

/// A name in the scratch directory that nothing has. Creating the directory finds out about a race.
fn free_name(scratch: &Path) -> Result<PathBuf> {
    let name = |number| scratch.join(format!("{COPY_PREFIX}.{}.{number}", std::process::id()));
    (0..COPY_NAMES)
        .map(name)
        .find(|path| path.symlink_metadata().is_err())
        .with_context(|| format!("{} is full of old copies", scratch.display()))
}

/// Says what the copy cost the original, if anything.
pub(super) fn tell_access(dir: &Path, copied: &Copied) {
    if !copied.is_access_noted {
        return;
    }
    let text = format!(
        "note: times of access in {} may have changed: only the owner of a file may read it \
         without that\n",
        dir.display()
    );
    stderr::write(Kind::Urgent, text.as_bytes());
}

/// An error of the copy, with the paths of the original.
fn of_original(error: StoreError, dir: &Path, scratch: &Path) -> anyhow::Error {
    match error {
        StoreError::Missing { .. } => StoreError::Missing { path: dir.to_owned() }.into(),
        StoreError::EndLost { end, last, durable_tip } => {
            let durable_tip = dir.join(durable_tip.file_name().unwrap_or_default());
            StoreError::EndLost { end, last, durable_tip }.into()
        }
        StoreError::NoRoom { what, free, needed, .. } => {
            let path = scratch.to_owned();
            let error = StoreError::NoRoom { path, what, free, needed };
            Failure::no(error.to_string())
                .hint(format!(
                    "make room in {}, or name another directory with --scratch",
                    scratch.display()
                ))
                .into()
        }
        error => error.into(),
    }
}
