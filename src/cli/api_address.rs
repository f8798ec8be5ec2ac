//! Where the node that holds a data directory can be asked: a note it leaves there. It is also the
//! mark of a run that did not end in order.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;

use crate::store::{StoreError, open_own};

/// Name of the file in the data directory.
const NOTE_FILE: &str = "api-address";

/// Most bytes that are read of it: a note has about fifty.
const MAX_NOTE_BYTES: u64 = 1_024;

/// Leaves the note, durably: who holds the directory, and the URL of its API once that is known. A
/// failure stops nothing.
pub(super) fn leave(dir: &Path, url: Option<&str>) {
    let url = url.map_or_else(String::new, |url| format!("{url}\n"));
    let note = format!("process {}\n{url}", std::process::id());
    let file = dir.join(NOTE_FILE);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let mut write = || {
        let mut note_file = open_own(&file, &mut options)?;
        note_file.write_all(note.as_bytes())?;
        note_file.sync_all()?;
        File::open(dir)?.sync_all()
    };
    if let Err(error) = write() {
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

/// Takes it away again, durably.
pub(super) fn remove(dir: &Path) {
    // It may never have been written.
    drop(std::fs::remove_file(dir.join(NOTE_FILE)));
    drop(File::open(dir).and_then(|dir| dir.sync_all()));
}

/// The URL of the node that holds the directory, if the note is its own and has one.
pub(super) fn of_holder(dir: &Path, locked: &StoreError) -> Option<String> {
    let StoreError::Locked { holder, .. } = locked else { return None };
    let file = open_own(&dir.join(NOTE_FILE), OpenOptions::new().read(true)).ok()?;
    let mut note = String::new();
    file.take(MAX_NOTE_BYTES).read_to_string(&mut note).ok()?;
    let (process, url) = note.split_once('\n')?;
    (process == holder && !url.is_empty()).then(|| url.trim().to_owned())
}

#[cfg(test)]
mod tests;
