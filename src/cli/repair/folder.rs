//! The folder in which a repair works, beside the directory that it makes: a kill leaves it, and
//! never a directory that looks complete.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cli::exit::{Code, Failure};
use crate::cli::signal::Unfinished;
use crate::store::open_own;

/// Name of the copy of the damaged directory.
const COPY: &str = "copy";
/// Name of the directory that is being made.
const DATA: &str = "data";
/// Name of the file that keeps a second repair away.
const LOCK: &str = "LOCK";

/// The folder, which is removed when the repair ends or is interrupted.
pub(super) struct WorkFolder {
    /// The name that ends with the folder.
    inside: PathBuf,
    path: PathBuf,
    _lock: File,
}

impl WorkFolder {
    /// Creates the folder, or takes over the one that a kill left.
    pub(super) fn begin(into: &Path, dir: &Path, unfinished: &Unfinished) -> Result<Self> {
        let name = into.file_name().ok_or_else(|| {
            Failure::usage(format!("{} is no name of a new directory", into.display()))
                .hint("name a directory that does not exist with --into, such as `rescued`")
        })?;
        let around = match into.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        check_new(into)?;
        check_around(around, dir)?;
        let path = around.join(format!(".{}.repair", name.to_string_lossy()));
        let (inside, lock) = unfinished.set_directory(&path, || Self::take(&path, into))?;
        let cannot = || format!("{} cannot be used", path.display());
        for left in [COPY, DATA] {
            match fs::remove_dir_all(inside.join(left)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).with_context(cannot);
                }
                _ => {}
            }
        }
        Ok(Self { inside, path, _lock: lock })
    }

    /// Makes the folder, unless it is there, and locks it.
    fn take(path: &Path, into: &Path) -> Result<File> {
        let cannot = || format!("{} cannot be used", path.display());
        match DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            created => created.with_context(cannot)?,
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let lock = open_own(&path.join(LOCK), &mut options).with_context(cannot)?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let message = format!("another `jenny repair` makes {}", into.display());
                return Err(Failure::new(Code::Locked, message)
                    .hint("wait for its end, or name another directory with --into")
                    .into());
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
            Ok(()) => {}
        }
        check_ours(path)?;
        Ok(lock)
    }

    /// The folder's own name, for people.
    pub(super) fn name(&self) -> &Path {
        &self.path
    }

    pub(super) fn copy(&self) -> PathBuf {
        self.inside.join(COPY)
    }

    pub(super) fn data(&self) -> PathBuf {
        self.inside.join(DATA)
    }

    /// Moves these files of the copy that exist into the new directory, and makes their contents
    /// durable. Returns their names.
    pub(super) fn move_settings<'a>(&self, names: &[&'a str]) -> Result<Vec<&'a str>> {
        let mut moved = Vec::new();
        for name in names {
            let copied = self.copy().join(name);
            // Otherwise a power failure after the last rename leaves an empty file.
            let synced = File::open(&copied).and_then(|file| file.sync_all());
            match synced.and_then(|()| fs::rename(&copied, self.data().join(name))) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                done => {
                    done.with_context(|| format!("{name} cannot be moved"))?;
                    moved.push(*name);
                }
            }
        }
        Ok(moved)
    }

    /// Gives the new directory its name, durably.
    pub(super) fn finish(self, into: &Path) -> Result<()> {
        let data = self.data();
        let sync = |path: &Path| File::open(path).and_then(|folder| folder.sync_all());
        sync(&data)
            .and_then(|()| fs::rename(&data, into))
            .and_then(|()| self.path.parent().map_or(Ok(()), sync))
            .with_context(|| format!("{} cannot be created", into.display()))
    }
}

/// Only an empty directory, or none, becomes the new one.
fn check_new(into: &Path) -> Result<()> {
    let is_free = match fs::read_dir(into) {
        Ok(mut entries) => entries.next().is_none() && !into.is_symlink(),
        Err(error) => error.kind() == ErrorKind::NotFound && !into.is_symlink(),
    };
    if is_free {
        return Ok(());
    }
    Err(Failure::usage(format!("{} exists and is no empty directory", into.display()))
        .hint("name a new directory with --into")
        .into())
}

/// The directory that the new one will be in exists, and is not the damaged one.
fn check_around(around: &Path, dir: &Path) -> Result<()> {
    let name = around.display();
    let real = around.canonicalize().map_err(|error| {
        Failure::usage(format!("{name} cannot be used"))
            .because(error)
            .hint("create the directory around the new one first")
    })?;
    if dir.canonicalize().is_ok_and(|dir| real.starts_with(dir)) {
        return Err(Failure::usage(format!("{name} is in the damaged directory"))
            .hint("name a directory outside it with --into: nothing is written to it")
            .into());
    }
    Ok(())
}

/// Refuses a folder with anything that a repair does not make.
fn check_ours(path: &Path) -> Result<()> {
    let entries =
        fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        if ![COPY, DATA, LOCK].iter().any(|known| name == OsStr::new(known)) {
            let message = format!("{} is not of a repair", path.join(name).display());
            return Err(Failure::usage(message).hint("move it away, then run this again").into());
        }
    }
    Ok(())
}
