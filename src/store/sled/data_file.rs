//! A handle of our own on sled's file: sled's flush is no fsync.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// sled's file, to be synchronised.
///
/// Linux calls pages clean whose write-back failed, so an fdatasync that is tried again succeeds
/// without them. The first failure is therefore the last word of this handle; only a start that
/// reads the device again (see [`super::page_cache`]) may go on.
#[derive(Debug)]
pub(in crate::store) struct DataFile {
    file: File,
    path: PathBuf,
    /// Device and number of the file, by which it is told from another one of its name.
    identity: (u64, u64),
    failed: AtomicBool,
    #[cfg(test)]
    gate: std::sync::Arc<std::sync::Mutex<()>>,
}

impl DataFile {
    /// Opens the file, for writing too, although it is only synchronised: on overlayfs a file that
    /// is opened for reading may be that of the lower layer, while sled writes to a copy of it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::of(File::options().read(true).write(true).open(path)?, path)
    }

    fn of(file: File, path: &Path) -> io::Result<Self> {
        let identity = identity(&file.metadata()?);
        Ok(Self {
            file,
            path: path.to_owned(),
            identity,
            failed: AtomicBool::new(false),
            #[cfg(test)]
            gate: std::sync::Arc::default(),
        })
    }

    /// Puts what was written to the file on the disk: fdatasync.
    ///
    /// # Errors
    /// The failure of this or of any earlier call.
    pub(in crate::store) fn sync(&self) -> io::Result<()> {
        #[cfg(test)]
        self.pass_gate();
        if self.failed.load(Ordering::Acquire) {
            return Err(io::Error::other("an earlier fdatasync failed"));
        }
        let synced = self.file.sync_data();
        if synced.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        synced
    }

    /// Where the file was when it was opened.
    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file is gone from its path: removed, moved away, or replaced by another one.
    /// What is written to it then is lost, or is where nobody looks for it.
    pub(in crate::store) fn is_gone(&self) -> bool {
        match std::fs::metadata(&self.path) {
            Ok(found) => identity(&found) != self.identity,
            // Any other error says nothing of the file.
            Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        }
    }

    /// Bytes that are free on the file's own file system, wherever links lead.
    pub(in crate::store) fn free_bytes(&self) -> io::Result<u64> {
        let status = rustix::fs::fstatvfs(&self.file)?;
        Ok(status.f_bavail.saturating_mul(status.f_frsize))
    }

    /// From now on the file cannot be synchronised, as after a failure.
    #[cfg(test)]
    pub(in crate::store) fn fail(&self) {
        self.failed.store(true, Ordering::Release);
    }

    #[cfg(test)]
    fn pass_gate(&self) {
        // A test that panicked while it held the gate has the engine panic.
        drop(self.gate.lock().unwrap());
    }

    /// While a test holds this, nothing is synchronised, and callers wait.
    #[cfg(test)]
    pub(in crate::store) fn gate(&self) -> std::sync::Arc<std::sync::Mutex<()>> {
        std::sync::Arc::clone(&self.gate)
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

#[cfg(test)]
mod tests;
