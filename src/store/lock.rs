//! One process per data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use super::error::failed;
use super::{StoreError, open_own};

/// Name of the lock file in the data directory.
const STORE_LOCK_FILE: &str = "LOCK";

/// An advisory lock on the data directory, held as long as this lives.
///
/// The operating system drops it with the process, so a file that was left behind
/// blocks nothing; the process number in it is only for people.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock, without waiting.
    pub(super) fn take(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(STORE_LOCK_FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = open_own(&path, &mut options).map_err(failed("opening", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(directory, file)),
            Err(TryLockError::Error(source)) => return Err(failed("locking", &path)(source)),
        }
        file.set_len(0).map_err(failed("writing", &path))?;
        writeln!(file, "process {}", std::process::id()).map_err(failed("writing", &path))?;
        Ok(Self { _file: file })
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
