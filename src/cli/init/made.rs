//! What an unfinished `jenny init` has made, to take it back.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Error, Result};

use super::{Stored, stored_chain};
use crate::api::User;
use crate::cli::exit::{Code, Failure, code_of};
use crate::cli::offline;
use crate::cli::users::{Added, UsersFile, create_dir};
use crate::store::{DirectoryLock, Opened, Options, StoreError, exists, hold, open_held};

/// What this process made, in the order of its making. What was there before, or was made by
/// another process meanwhile, is not in it.
pub(super) struct Made<'a> {
    dir: &'a Path,
    users: &'a UsersFile,
    /// Whether there ever was a user before.
    had_users: bool,
    /// The directory is held.
    lock: Option<DirectoryLock>,
    /// Another process has the chain of the directory open, in words.
    in_use: Option<String>,
    /// Whether there is a chain that this process does not create.
    had_chain: bool,
    directories: Vec<PathBuf>,
    files: Vec<PathBuf>,
    added: Added,
}

impl<'a> Made<'a> {
    /// Begins before anything is made.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(super) fn begin(dir: &'a Path, users: &'a UsersFile) -> Result<Self> {
        Ok(Self {
            dir,
            users,
            had_users: users.was_made()?,
            lock: None,
            in_use: None,
            had_chain: false,
            directories: Vec::new(),
            files: Vec::new(),
            added: Added::default(),
        })
    }

    /// The data directory.
    pub(super) const fn directory(&self) -> &'a Path {
        self.dir
    }

    /// Creates the data directory, as far as it is missing, and holds it to the end: no other process
    /// makes anything in it meanwhile. A directory whose chain another process has open, such as a
    /// running node, is not held.
    ///
    /// # Errors
    /// When it cannot be created, or another process makes it.
    pub(super) fn hold(&mut self) -> Result<()> {
        self.create_directory()?;
        match hold(self.dir) {
            Ok(lock) => self.lock = Some(lock),
            Err(error @ StoreError::Locked { .. }) if !exists(self.dir)? => {
                return Err(Failure::new(Code::Locked, error.to_string())
                    .hint(
                        "another process creates a chain there; run this again after it has ended",
                    )
                    .into());
            }
            Err(error @ StoreError::Locked { .. }) => self.in_use = Some(error.to_string()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Opens the chain of the directory.
    ///
    /// # Errors
    /// As [`open_held`].
    pub(super) fn open(&self, options: &Options) -> Result<Opened, StoreError> {
        match &self.lock {
            Some(lock) => offline::telling(self.dir, |_, steps| open_held(lock, options, steps)),
            None => offline::open_with(self.dir, options),
        }
    }

    /// The chain that the directory holds, which is none that this process creates.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn stored_chain(&mut self) -> Result<Option<Stored>> {
        let stored = match &self.in_use {
            Some(by_whom) => Some(Stored::InUse(by_whom.clone())),
            // Without a chain nothing is made for looking.
            None if !exists(self.dir)? => None,
            None => stored_chain(self.open(&Options { min_free_bytes: 0, ..Options::default() }))?,
        };
        self.had_chain = stored.is_some();
        Ok(stored)
    }

    /// Creates the data directory, and those around it, as far as they are missing.
    fn create_directory(&mut self) -> Result<()> {
        let named = self.dir.ancestors().filter(|path| *path != Path::new(""));
        let mut missing: Vec<_> = named.take_while(|path| is_missing(path)).collect();
        while let Some(path) = missing.pop() {
            match DirBuilder::new().mode(0o700).create(path) {
                Ok(()) => self.directories.push(path.to_owned()),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("{} cannot be created", self.dir.display()));
                }
            }
        }
        // Refuses what is no directory.
        create_dir(self.dir)
    }

    /// This process made this file, which was not there.
    pub(super) fn file(&mut self, path: &Path) {
        self.files.push(path.to_owned());
    }

    /// Adds a user, whom the file does not list.
    ///
    /// # Errors
    /// When the user cannot be added.
    pub(super) fn add_user(&mut self, user: User) -> Result<()> {
        self.users.add_noting(user, &mut self.added)
    }

    /// Takes everything back, since making the rest failed, unless the directory was without a
    /// chain and now has one: that may be served by now, with all that is here. Returns the error,
    /// with what remains.
    pub(super) fn undo(mut self, error: Error) -> Error {
        // One that cannot be opened, on a full disk for example, is no chain yet.
        if !self.had_chain && self.lock.is_some() && matches!(self.stored_chain(), Ok(Some(_))) {
            let text = format!(
                "{} holds a chain by now, so what was made for it stays; start it with `jenny run`, \
                 or choose another --data-dir",
                self.dir.display()
            );
            return explained(error, text);
        }
        let mut error = error;
        if let Err(kept) = self.users.take_back(&self.added, self.had_users) {
            let users = self.users.path().display();
            let text =
                format!("the user stays in {users} ({kept:#}); remove it with `jenny user remove`");
            error = explained(error, text);
        }
        for file in self.files.iter().rev() {
            // Another process may have removed it.
            drop(fs::remove_file(file));
        }
        if let Some(lock) = &self.lock {
            lock.remove_new();
        }
        for directory in self.directories.iter().rev() {
            // One that holds anything else stays.
            drop(fs::remove_dir(directory));
        }
        error
    }
}

/// An error with one more thing to do.
pub(super) fn explained(error: Error, hint: String) -> Error {
    Failure::new(code_of(&error), error.to_string()).because(error).hint(hint).into()
}

/// Whether nothing has this name.
fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

#[cfg(test)]
mod tests;
