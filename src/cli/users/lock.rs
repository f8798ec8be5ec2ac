//! The lock of the users' file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::holder::holder_of;
use super::{USERS_LOCK_FILE, UsersFile, give_to_owner_of};
use crate::cli::exit::Failure;

/// How long another process may take to change the users' file.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(10);

/// How long a wait is not worth a line of the log.
const LOCK_WAIT_TOLD_AFTER: Duration = Duration::from_secs(1);

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
        self.lock_within(LOCK_WAIT, is_new)
    }

    /// As [`Self::lock`], for this long.
    pub(super) fn lock_within(&self, wait: Duration, is_new: &mut bool) -> Result<File> {
        let begin = Instant::now();
        let path = self.dir.join(USERS_LOCK_FILE);
        let mut is_told = false;
        let mut file = self.lock_file(is_new)?;
        loop {
            match file.try_lock() {
                Ok(()) if self.is_current(&file)? => return Ok(file),
                // Another process took its first user back, and the lock's file with it.
                Ok(()) => file = self.lock_file(is_new)?,
                Err(TryLockError::WouldBlock) if begin.elapsed() < wait => {
                    if !is_told && begin.elapsed() >= LOCK_WAIT_TOLD_AFTER {
                        is_told = true;
                        let holder = holder_of(&file);
                        tracing::warn!("waiting for {}, which {holder} holds", path.display());
                    }
                    std::thread::sleep(LOCK_PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    let holder = holder_of(&file);
                    let message = format!("{holder} holds {}", path.display());
                    return Err(Failure::no(message)
                        .hint(
                            "it changes the users, which takes a moment; if it is stuck, end it, \
                             then run this again",
                        )
                        .into());
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
