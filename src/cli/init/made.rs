//! What an unfinished `jenny init` has made, to take it back.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Error, Result};

use crate::cli::exit::Failure;
use crate::cli::users::UsersFile;

/// What was not there before, in the order of its making.
pub(super) struct Made<'a> {
    dir: &'a Path,
    users: &'a UsersFile,
    /// Whether there ever was a user before.
    had_users: bool,
    /// Directories that were missing, the innermost one first.
    directories: Vec<PathBuf>,
    files: Vec<PathBuf>,
    user: Option<String>,
}

impl<'a> Made<'a> {
    /// Begins before anything is made.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(super) fn begin(dir: &'a Path, users: &'a UsersFile) -> Result<Self> {
        let named = dir.ancestors().filter(|path| *path != Path::new(""));
        let directories = named.take_while(|path| is_missing(path)).map(Path::to_owned).collect();
        let (had_users, files) = (users.was_made()?, Vec::new());
        Ok(Self { dir, users, had_users, directories, files, user: None })
    }

    /// The data directory.
    pub(super) const fn directory(&self) -> &'a Path {
        self.dir
    }

    /// This file is made next, unless it is there.
    pub(super) fn file(&mut self, path: &Path) {
        if is_missing(path) {
            self.files.push(path.to_owned());
        }
    }

    /// A user of this name, whom the file does not list, is added next.
    pub(super) fn user(&mut self, name: &str) {
        self.user = Some(name.to_owned());
    }

    /// Takes everything back, since making the rest failed. Returns the error, with what remains.
    pub(super) fn undo(self, error: Error) -> Error {
        let mut error = error;
        if let Some(name) = &self.user
            && let Err(kept) = self.users.take_back(name, self.had_users)
        {
            let users = self.users.path().display();
            let failure = Failure::new(crate::cli::exit::code_of(&error), error.to_string());
            let text = format!(
                "user `{name}` stays in {users} ({kept:#}); remove it with `jenny user remove`"
            );
            error = failure.because(error).hint(text).into();
        }
        for file in self.files.iter().rev() {
            // It may not have been made.
            drop(fs::remove_file(file));
        }
        for directory in &self.directories {
            // One that holds anything else stays.
            drop(fs::remove_dir(directory));
        }
        error
    }
}

/// Whether nothing has this name.
fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}
