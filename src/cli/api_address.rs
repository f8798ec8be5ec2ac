//! Where the node that holds a data directory can be asked: a note it leaves there.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::store::{StoreError, open_own};

/// Name of the file in the data directory.
const NOTE_FILE: &str = "api-address";

/// Most bytes that are read of it: a note has about fifty.
const MAX_NOTE_BYTES: u64 = 1_024;

/// Leaves the note: who holds the directory, and the URL of its API. Only a convenience, so
/// that a failure stops nothing.
pub(super) fn leave(dir: &Path, url: &str) {
    let note = format!("process {}\n{url}\n", std::process::id());
    let file = dir.join(NOTE_FILE);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let written =
        open_own(&file, &mut options).and_then(|mut file| file.write_all(note.as_bytes()));
    if let Err(error) = written {
        tracing::warn!(
            "the note of the API's address, {}, cannot be written: {error}",
            file.display()
        );
    }
}

/// Whether a node left its note behind: an orderly stop takes it away. To be asked while this
/// process holds the directory.
pub(super) fn is_left(dir: &Path) -> bool {
    dir.join(NOTE_FILE).symlink_metadata().is_ok()
}

/// Takes it away again.
pub(super) fn remove(dir: &Path) {
    // It may never have been written.
    drop(std::fs::remove_file(dir.join(NOTE_FILE)));
}

/// The URL of the node that holds the directory, if the note is its own.
pub(super) fn of_holder(dir: &Path, locked: &StoreError) -> Option<String> {
    let StoreError::Locked { holder, .. } = locked else { return None };
    let file = open_own(&dir.join(NOTE_FILE), OpenOptions::new().read(true)).ok()?;
    let mut note = String::new();
    file.take(MAX_NOTE_BYTES).read_to_string(&mut note).ok()?;
    let (process, url) = note.split_once('\n')?;
    (process == holder).then(|| url.trim().to_owned())
}

#[cfg(test)]
mod tests;
