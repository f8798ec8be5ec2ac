//! The users' file of a data directory: reading it, changing it, and whether there ever was one.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::exit::Failure;
use super::signal::Unfinished;
use super::text_file;
use crate::api::{Role, User, Users};

/// Name of the users' file in a data directory.
pub(super) const USERS_FILE: &str = "users.toml";

/// Name of the file that says that a user was made here. It is also what processes that change
/// the users' file lock.
pub(super) const USERS_LOCK_FILE: &str = "users.lock";

/// What a change has of a running node.
pub(super) const APPLIED: &str = "a running node applies this within 2 seconds";

/// A sound hash that no password is known for.
const PLACEHOLDER: &str =
    "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// How long another process may take to change the users' file.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// Time between two tries to lock.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Permissions that nobody but owner and group should have: write for the group, everything for
/// others. A group that may read is how backups and container platforms work.
const TOO_OPEN: u32 = 0o027;

/// What a change of the users changes: whether one was ever made, and the file that lists them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct FileState {
    was_made: bool,
    found: Option<[u64; 7]>,
}

/// The users' file of one data directory.
#[derive(Clone, Debug)]
pub(super) struct UsersFile {
    dir: PathBuf,
    path: PathBuf,
}

impl UsersFile {
    /// The users' file `path` of the data directory `dir`.
    pub(super) fn named(dir: &Path, path: PathBuf) -> Self {
        Self { dir: dir.to_owned(), path }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How to add a user, for people.
    pub(super) fn advice(&self) -> String {
        let dir = self.dir.display();
        format!("`jenny user add NAME --data-dir {dir}` adds a user")
    }

    /// Whether a user was ever made in this directory: `users.lock` says so, and in directories
    /// of earlier versions the users' file itself.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(super) fn was_made(&self) -> Result<bool> {
        Ok(is_there(&self.dir.join(USERS_LOCK_FILE))? || is_there(&self.path)?)
    }

    /// The users, with one who is not in the file; an entry of that name in the file counts more.
    /// None only when no user was ever made.
    ///
    /// # Errors
    /// When the file is missing or lists no user although one was made; when it cannot be read
    /// or is wrong.
    pub(super) fn read(&self, extra: Option<&User>) -> Result<Users> {
        let mut users = self.listed()?;
        let is_new = |extra: &&User| users.as_slice().iter().all(|user| user.name != extra.name);
        if let Some(extra) = extra.filter(is_new) {
            let list = users.as_slice().iter().chain([extra]).cloned().collect();
            users = Users::new(list).map_err(|error| Failure::usage(error.to_string()))?;
        }
        if users.is_empty() && self.was_made()? {
            let path = self.path.display();
            let message = if is_there(&self.path)? {
                format!("{path} lists no user, so nobody could use the API")
            } else {
                format!("{path} is missing, but users were added here, so nobody could use the API")
            };
            return Err(Failure::usage(message)
                .hint("restore the file from a backup, or add a user")
                .hint(self.advice())
                .into());
        }
        Ok(users)
    }

    /// The users that the file lists, `None` if there is no file.
    pub(super) fn listed(&self) -> Result<Users> {
        let path = self.path.display();
        let text = match text_file::read_regular(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return match std::fs::read_link(&self.path) {
                    Ok(target) => Err(Failure::usage(format!(
                        "{path} is a link to {}, which does not exist",
                        target.display()
                    ))
                    .hint("restore that file, or remove the link and add users again")
                    .into()),
                    Err(_) => Ok(Users::default()),
                };
            }
            Err(error) => {
                return Err(Failure::usage(format!("the users file {path} cannot be read"))
                    .because(error)
                    .hint("the account that runs jenny must be able to read it")
                    .into());
            }
        };
        Users::parse(&text).map_err(|error| {
            let failure = Failure::usage(format!("{path}: {error}"));
            failure.hint("correct the file, or restore it from a backup").into()
        })
    }

    /// The users with one more, who must be new.
    pub(super) fn with(&self, user: User) -> Result<Users> {
        let users = self.listed()?;
        if users.as_slice().iter().any(|known| known.name == user.name) {
            let path = self.path.display();
            let message = format!("{path} already lists a user `{}`", user.name);
            return Err(Failure::usage(message)
                .hint("remove that entry first, or choose another name")
                .into());
        }
        let mut list = users.as_slice().to_vec();
        list.push(user);
        Users::new(list).map_err(|error| Failure::usage(error.to_string()).into())
    }

    /// Checks that a user of this name can be added, before a password is asked for.
    pub(super) fn check_name(&self, name: &str) -> Result<()> {
        let (name, hash) = (name.to_owned(), PLACEHOLDER.to_owned());
        self.with(User { name, hash, role: Role::Monitor }).map(drop)
    }

    /// Adds a user. Other processes that add one at the same time wait, so that none is lost.
    pub(super) fn add(&self, user: User) -> Result<()> {
        create_dir(&self.dir)?;
        let _lock = self.lock()?;
        let users = self.with(user)?;
        self.write(&users)
    }

    /// Takes back the user that was just added, unless that failed. The file goes if this was the
    /// first user ever, who then was none: `had_users` says whether there was one before.
    pub(super) fn take_back(&self, name: &str, had_users: bool) -> Result<()> {
        if !self.was_made()? {
            return Ok(());
        }
        let _lock = self.lock()?;
        let mut users = self.listed()?.as_slice().to_vec();
        users.retain(|user| user.name != name);
        if had_users || !users.is_empty() {
            let users = Users::new(users).map_err(|error| Failure::usage(error.to_string()))?;
            return self.write(&users);
        }
        for path in [&self.path, &self.dir.join(USERS_LOCK_FILE)] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error)
                        .with_context(|| format!("{} cannot be removed", path.display()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Changes the users, of whom there are some. Other processes that change them at the same
    /// time wait.
    pub(super) fn change(&self, change: impl FnOnce(&Users) -> Result<Vec<User>>) -> Result<()> {
        // Without a user there is nothing to change, and nothing to note.
        change_needs_users(&self.listed()?, self)?;
        let _lock = self.lock()?;
        let users = change(&self.listed()?)?;
        let users = Users::new(users).map_err(|error| Failure::usage(error.to_string()))?;
        self.write(&users)
    }

    /// Returns what a change of the users changes here, `None` while another process is at it.
    pub(super) fn state(&self) -> Option<FileState> {
        let lock = File::open(self.dir.join(USERS_LOCK_FILE)).ok();
        if lock
            .as_ref()
            .is_some_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
        {
            return None;
        }
        let found = std::fs::metadata(&self.path).ok().map(|found| {
            [
                found.dev(),
                found.ino(),
                found.size(),
                found.mtime().unsigned_abs(),
                found.mtime_nsec().unsigned_abs(),
                found.ctime().unsigned_abs(),
                found.ctime_nsec().unsigned_abs(),
            ]
        });
        Some(FileState { was_made: lock.is_some(), found })
    }

    /// Notes that a user was made here, which ends the default credentials for ever.
    pub(super) fn note_made(&self) -> Result<()> {
        create_dir(&self.dir)?;
        self.lock_file().map(drop)
    }

    /// Opens the lock's file; one that is new is on the disk before this returns.
    fn lock_file(&self) -> Result<File> {
        let path = self.dir.join(USERS_LOCK_FILE);
        let open = || -> std::io::Result<File> {
            let mut options = OpenOptions::new();
            options.read(true).write(true).mode(0o600);
            let file = match options.clone().create_new(true).open(&path) {
                Ok(new) => {
                    give_to_owner_of(&new, &self.dir.metadata()?)?;
                    new
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    options.create(true).truncate(false).open(&path)?
                }
                Err(error) => return Err(error),
            };
            file.sync_all()?;
            File::open(&self.dir)?.sync_all()?;
            Ok(file)
        };
        open().with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Locks the users' file for a change, until the file that this returns is closed.
    fn lock(&self) -> Result<File> {
        let file = self.lock_file()?;
        let end = Instant::now() + LOCK_WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
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

    /// Replaces the file in one step, readable by its owner alone. The lock must be held.
    fn write(&self, users: &Users) -> Result<()> {
        let text = users.to_toml()?;
        let write = || -> std::io::Result<()> {
            // A link stays one: what it leads to is replaced.
            let target = match std::fs::canonicalize(&self.path) {
                Err(error) if error.kind() == ErrorKind::NotFound => self.path.clone(),
                target => target?,
            };
            let temporary = PathBuf::from(format!("{}.part", target.display()));
            // The remains of an addition that was killed.
            match std::fs::remove_file(&temporary) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let unfinished = Unfinished::default();
            unfinished.set(temporary.clone());
            let mut part =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
            let replaced = match target.metadata() {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    target.parent().unwrap_or(&self.dir).metadata()?
                }
                found => found?,
            };
            give_to_owner_of(&part, &replaced)?;
            part.write_all(text.as_bytes())?;
            part.sync_all()?;
            unfinished.keep_as(&target)?;
            target.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
        };
        write().with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// What is too open: the directory and the users' file, with their permissions.
    pub(super) fn too_open(&self) -> Vec<(&Path, u32)> {
        let paths = [self.dir.as_path(), self.path.as_path()];
        let modes = paths.into_iter().filter_map(|path| {
            let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
            (mode & TOO_OPEN != 0).then_some((path, mode))
        });
        modes.collect()
    }

    /// A users' file beside the settings file `config`, where earlier versions looked for it,
    /// when it is not this one.
    pub(super) fn elsewhere(&self, config: &Path) -> Option<PathBuf> {
        let other = config.with_file_name(USERS_FILE);
        let identity =
            |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
        let found = identity(&other)?;
        (identity(&self.path) != Some(found)).then_some(other)
    }
}

/// Refuses a change where no user is listed.
fn change_needs_users(users: &Users, file: &UsersFile) -> Result<()> {
    if users.is_empty() {
        let message = format!("{} lists no user", file.path.display());
        return Err(Failure::usage(message).hint(file.advice()).into());
    }
    Ok(())
}

/// Gives a file that root made to the owner and group of `other`: the account that runs the node
/// must be able to read it.
fn give_to_owner_of(new: &File, other: &Metadata) -> std::io::Result<()> {
    let made = new.metadata()?;
    let owner = (other.uid(), other.gid());
    if made.uid() != 0 || (made.uid(), made.gid()) == owner {
        return Ok(());
    }
    fchown(new, Some(owner.0), Some(owner.1))
}

/// Creates a data directory, if there is none.
pub(super) fn create_dir(dir: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("{} cannot be created", dir.display()))
}

/// Whether something has this name, be it a link to nothing.
fn is_there(path: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => {
            let message = format!("{} cannot be read", path.display());
            Err(Failure::usage(message).because(error).into())
        }
    }
}

#[cfg(test)]
mod tests;
