//! One process per data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::failed;
use super::{StoreError, open_own};

/// Name of the lock file in the data directory.
const STORE_LOCK_FILE: &str = "LOCK";

/// Tries to lock a file that other processes remove meanwhile.
const LOCK_ATTEMPTS: usize = 8;

/// An advisory lock on the data directory, held as long as this, a clone of it, or a database that
/// was opened under it lives.
///
/// The operating system drops it with the process, so a file that was left behind
/// blocks nothing; the process number in it is only for people.
#[derive(Clone, Debug)]
pub struct DirectoryLock {
    directory: PathBuf,
    file: Arc<File>,
    is_new: bool,
}

impl DirectoryLock {
    /// Takes the lock, without waiting.
    pub(super) fn take(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(STORE_LOCK_FILE);
        for _ in 0..LOCK_ATTEMPTS {
            let (mut file, is_new) = open_file(&path).map_err(failed("opening", &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(held(directory, file)),
                Err(TryLockError::Error(source)) => return Err(failed("locking", &path)(source)),
            }
            if !is_named(&file, &path).map_err(failed("looking at", &path))? {
                continue;
            }
            file.set_len(0).map_err(failed("writing", &path))?;
            writeln!(file, "process {}", std::process::id()).map_err(failed("writing", &path))?;
            return Ok(Self { is_new, ..Self::of(directory, file) });
        }
        let holder = "another process".to_owned();
        Err(StoreError::Locked { path: directory.to_owned(), holder })
    }

    fn of(directory: &Path, file: File) -> Self {
        Self { directory: directory.to_owned(), file: Arc::new(file), is_new: false }
    }

    /// Removes the lock's file if taking the lock made it: the directory was not used. Another
    /// process that opened the file meanwhile notices that it has lost its name.
    pub fn remove_new(&self) {
        let path = self.directory.join(STORE_LOCK_FILE);
        if self.is_new && is_named(&self.file, &path).unwrap_or(false) {
            // It stays if that fails, and blocks nothing.
            drop(std::fs::remove_file(path));
        }
    }

    /// The data directory.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Takes the lock beside others that only read, for which nothing is written: as long as this
    /// lives nobody else takes it whole. `None` if the file is missing, so that nobody can hold it.
    /// `open` opens the file for reading.
    pub(super) fn share(
        directory: &Path,
        open: &mut dyn FnMut(&Path) -> io::Result<File>,
    ) -> Result<Option<Self>, StoreError> {
        let path = directory.join(STORE_LOCK_FILE);
        let file = match open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed("opening", &path))?,
        };
        if Self::share_file(&file).map_err(failed("locking", &path))? {
            return Ok(Some(Self::of(directory, file)));
        }
        Err(held(directory, file))
    }

    /// Takes the lock of an open file beside others that only read. Returns whether nobody holds it
    /// whole.
    pub(super) fn share_file(file: &File) -> io::Result<bool> {
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Ok(false),
            // A file system without locks, as of some media: nobody can hold one.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
            Ok(()) => Ok(true),
        }
    }
}

/// Opens the lock's file, or makes it. Returns whether it is new.
fn open_file(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match open_own(path, options.clone().create_new(true)) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // One that is removed meanwhile is made again.
            let file = open_own(path, options.create(true).truncate(false))?;
            Ok((file, false))
        }
        made => made.map(|file| (file, true)),
    }
}

/// Whether an open file still has its name.
fn is_named(file: &File, path: &Path) -> io::Result<bool> {
    let open = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        named => named.map(|named| (named.dev(), named.ino()) == (open.dev(), open.ino())),
    }
}

fn held(directory: &Path, file: File) -> StoreError {
    let mut text = String::new();
    // A holder that has not written its number yet, or a file that is no text, has no name.
    let named = file.take(64).read_to_string(&mut text).is_ok() && !text.trim().is_empty();
    let holder = if named { text.trim() } else { "another process" }.to_owned();
    StoreError::Locked { path: directory.to_owned(), holder }
}

#[cfg(test)]
mod tests;
