//! Text files that are read whole: settings, users, chain specs and passwords.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

/// Largest file that is read, in bytes: more than the largest users' file or chain spec has.
pub(super) const MAX_TEXT_FILE_BYTES: u64 = 8 << 20;

/// Reads a text, which may also come through a pipe.
///
/// # Errors
/// When the file cannot be read, is too large, or is not UTF-8.
pub(super) fn read(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_TEXT_FILE_BYTES.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_TEXT_FILE_BYTES {
        let text = format!("it is larger than {} MiB", MAX_TEXT_FILE_BYTES >> 20);
        return Err(Error::new(ErrorKind::FileTooLarge, text));
    }
    String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// Reads a text from a file that is one: opening a pipe waits for a writer, for ever if there is
/// none.
///
/// # Errors
/// As [`read`], and when the path leads to a pipe or a device.
pub(super) fn read_regular(path: &Path) -> Result<String> {
    check_regular(path)?;
    read(path)
}

/// Refuses what waits when it is opened, or has no end.
///
/// # Errors
/// When the path leads nowhere, or to a pipe or a device.
pub(super) fn check_regular(path: &Path) -> Result<()> {
    let found = std::fs::metadata(path)?;
    if found.is_file() || found.is_dir() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file"))
}

#[cfg(test)]
mod tests;
