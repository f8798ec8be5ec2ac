//! A new file that is written whole or not at all, whatever ends the process meanwhile, and that
//! replaces none.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Result, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::signal::Unfinished;

/// Writes a new file, durably.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] when something has this name, be it a link to nothing; and when the
/// file cannot be written, which leaves none.
pub(super) fn write_new(path: &Path, text: &str, mode: u32) -> Result<()> {
    check_free(path)?;
    let part = part_of(path);
    // Of a process with the same number that was killed.
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Dropped at the end, which removes the unfinished name.
    let unfinished = Unfinished::default();
    unfinished.set(part.clone());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    match std::fs::hard_link(&part, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error),
        // A file system without links.
        Err(_) => {
            check_free(path)?;
            unfinished.keep_as(path)?;
        }
        Ok(()) => drop(unfinished),
    }
    let around = path.parent().filter(|around| *around != Path::new(""));
    File::open(around.unwrap_or(Path::new(".")))?.sync_all()
}

fn check_free(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
    }
}

/// A name beside it that no other process uses.
fn part_of(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests;
