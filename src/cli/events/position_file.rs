//! The file that keeps the position after the events that were printed.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::event_position::check_position;
use crate::cli::exit::Failure;
use crate::cli::text_file;

/// The file that keeps a position. It has the old one or the new one at any moment.
pub(super) struct PositionFile<'a>(&'a Path);

impl<'a> PositionFile<'a> {
    pub(super) const fn new(path: &'a Path) -> Self {
        Self(path)
    }

    /// Returns the position, `None` if there is no file.
    ///
    /// # Errors
    /// When the file cannot be read, or holds anything else.
    pub(super) fn read(&self) -> Result<Option<String>> {
        let name = self.0.display();
        let text = match text_file::read_regular(self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let failure = Failure::usage(format!("the position file {name} cannot be read"));
                return Err(failure.because(error).into());
            }
        };
        let position = check_position(text.trim_end()).map_err(|error| {
            Failure::usage(format!("the position file {name} holds no position: {error}"))
                .hint("remove it to begin at the tip, or at --after")
        })?;
        Ok(Some(position))
    }

    /// Replaces the position, and puts it on the disk.
    pub(super) fn write(&self, position: &str) -> Result<()> {
        self.try_write(position).map_err(|error| {
            let name = self.0.display();
            Failure::no(format!("the position file {name} cannot be written")).because(error).into()
        })
    }

    fn try_write(&self, position: &str) -> std::io::Result<()> {
        let new = self.beside();
        let mut file = File::create(&new)?;
        file.write_all(format!("{position}\n").as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, self.0)
    }

    fn beside(&self) -> PathBuf {
        let mut name = self.0.as_os_str().to_owned();
        name.push(".part");
        name.into()
    }
}

#[cfg(test)]
mod tests;
