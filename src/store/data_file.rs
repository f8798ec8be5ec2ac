//! A handle of our own on sled's file: sled's flush is no fsync.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// sled's file, to be synchronised.
///
/// Linux calls pages clean whose write-back failed, so an fdatasync that is tried again succeeds
/// without them. The first failure is therefore the last word of this handle; only a start that
/// reads the device again (see [`super::page_cache`]) may go on.
#[derive(Debug)]
pub(super) struct DataFile {
    file: File,
    failed: AtomicBool,
}

impl DataFile {
    /// Opens the file, for reading: that is enough to synchronise it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, failed: AtomicBool::new(false) })
    }

    /// Puts what was written to the file on the disk: fdatasync.
    ///
    /// # Errors
    /// The failure of this or of any earlier call.
    pub(super) fn sync(&self) -> io::Result<()> {
        if self.failed.load(Ordering::Acquire) {
            return Err(io::Error::other("an earlier fdatasync failed"));
        }
        let synced = self.file.sync_data();
        if synced.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        synced
    }

    /// Bytes that are free on the file's own file system, wherever links lead.
    pub(super) fn free_bytes(&self) -> io::Result<u64> {
        let status = rustix::fs::fstatvfs(&self.file)?;
        Ok(status.f_bavail.saturating_mul(status.f_frsize))
    }

    /// From now on the file cannot be synchronised, as after a failure.
    #[cfg(test)]
    pub(super) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
