//! The lock of the users' file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::{USERS_LOCK_FILE, UsersFile, give_to_owner_of};
use crate::cli::exit::Failure;

/// How long another process may take to change the users' file.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(10);

/// Time between two tries to lock.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

impl UsersFile {
    /// Opens the lock's file; one that is new is on the disk before this returns. `is_new` becomes
    /// true if this made it.
    fn lock_file(&self, is_new: &mut bool) -> Result<File> {
        let path = self.dir.join(USERS_LOCK_FILE);
        let mut open = || -> std::io::Result<File> {
            let mut options = OpenOptions::new();
            options.read(true).write(true).mode(0o600);
            let file = match options.clone().create_new(true).open(&path) {
                Ok(new) => {
                    *is_new = true;
                    give_to_owner_of(&new, &self.dir.metadata()?)?;
                    new
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => options.open(&path)?,
                Err(error) => return Err(error),
            };
            file.sync_all()?;
            File::open(&self.dir)?.sync_all()?;
            Ok(file)
        };
        open().with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Locks the users' file for a change, until the file that this returns is closed. `is_new`
    /// becomes true if this made the lock's file.
    pub(super) fn lock(&self, is_new: &mut bool) -> Result<File> {
        let end = Instant::now() + LOCK_WAIT;
        let mut file = self.lock_file(is_new)?;
        loop {
            match file.try_lock() {
                Ok(()) if self.is_current(&file)? => return Ok(file),
                // Another process took its first user back, and the lock's file with it.
                Ok(()) => file = self.lock_file(is_new)?,
                Err(TryLockError::WouldBlock) if Instant::now() < end => {
                    std::thread::sleep(LOCK_PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    let path = self.dir.join(USERS_LOCK_FILE);
                    let message = format!("another process holds {}", path.display());
                    return Err(Failure::no(message).hint("try again after it has ended").into());
                }
                Err(TryLockError::Error(error)) => {
                    return Err(error).context("the users file cannot be locked");
                }
            }
        }
    }

    /// Whether the lock's file still has its name.
    pub(super) fn is_current(&self, lock: &File) -> Result<bool> {
        let path = self.dir.join(USERS_LOCK_FILE);
        let is_current = || -> std::io::Result<bool> {
            let held = lock.metadata()?;
            match std::fs::metadata(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
                named => named.map(|named| (named.dev(), named.ino()) == (held.dev(), held.ino())),
            }
        };
        is_current().with_context(|| format!("{} cannot be read", path.display()))
    }
}
