//! The users' file of a data directory: reading it, changing it, and whether there ever was one.

mod holder;
mod lock;

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use self::holder::holder_of;
use self::lock::LOCK_WAIT;
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

/// Permissions that nobody but owner and group should have: write for the group, everything for
/// others. A group that may read is how backups and container platforms work.
const TOO_OPEN: u32 = 0o027;

/// What a change of the users changes: whether one was ever made, and the file that lists them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct FileState {
    was_made: bool,
    found: Option<[u64; 7]>,
}

/// What an addition made, to take it back.
#[derive(Clone, Debug, Default)]
pub(super) struct Added {
    /// Whether `users.lock` is new.
    lock: bool,
    /// The user, once nothing but the writing could fail.
    user: Option<User>,
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
        self.add_noting(user, &mut Added::default())
    }

    /// As [`UsersFile::add`]; `added` is to tell what this made, also when it fails.
    pub(super) fn add_noting(&self, user: User, added: &mut Added) -> Result<()> {
        create_dir(&self.dir)?;
        let _lock = self.lock(&mut added.lock)?;
        let users = self.with(user.clone())?;
        added.user = Some(user);
        self.write(&users)
    }

    /// Takes back what an addition made, and nothing of another process. The file goes if this was
    /// the first user ever, who then was none: `had_users` says whether there was one before.
    pub(super) fn take_back(&self, added: &Added, had_users: bool) -> Result<()> {
        if added.user.is_none() && !added.lock {
            return Ok(());
        }
        // If another process has taken the lock's file away, the one that this makes goes as well.
        let mut is_lock_new = false;
        let _lock = self.lock(&mut is_lock_new)?;
        let listed = self.listed()?;
        let others = listed.as_slice().iter().filter(|user| Some(*user) != added.user.as_ref());
        let others: Vec<_> = others.cloned().collect();
        if had_users || !others.is_empty() {
            if others.len() == listed.as_slice().len() {
                return Ok(());
            }
            let users = Users::new(others).map_err(|error| Failure::usage(error.to_string()))?;
            return self.write(&users);
        }
        // A process that waits for the lock notices that its file is gone.
        let lock = (added.lock || is_lock_new).then(|| self.dir.join(USERS_LOCK_FILE));
        for path in [Some(&self.path), lock.as_ref()].into_iter().flatten() {
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
        let _lock = self.lock(&mut false)?;
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

    /// Returns how long a change of the users may take, and who is at one now, `None` if nobody is.
    pub(super) fn change_under_way(&self) -> Option<(Duration, String)> {
        let lock = File::open(self.dir.join(USERS_LOCK_FILE)).ok()?;
        match lock.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some((LOCK_WAIT, holder_of(&lock))),
            _ => None,
        }
    }

    /// Notes that a user was made here, which ends the default credentials for ever.
    pub(super) fn note_made(&self) -> Result<()> {
        create_dir(&self.dir)?;
        // A process that takes its own first user back must not take this away.
        self.lock(&mut false).map(drop)
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
