//! Where the node that holds a data directory can be asked: a note it leaves there.

use std::path::Path;

use crate::store::StoreError;

/// Name of the file in the data directory.
const NAME: &str = "api-address";

/// Leaves the note: who holds the directory, and the URL of its API. Only a convenience, so
/// that a failure stops nothing.
pub(super) fn leave(dir: &Path, url: &str) {
    let note = format!("process {}\n{url}\n", std::process::id());
    if let Err(error) = std::fs::write(dir.join(NAME), note) {
        tracing::debug!("the note of the API's address cannot be written: {error}");
    }
}

/// Takes it away again.
pub(super) fn remove(dir: &Path) {
    // It may never have been written.
    drop(std::fs::remove_file(dir.join(NAME)));
}

/// The URL of the node that holds the directory, if the note is its own.
pub(super) fn of_holder(dir: &Path, locked: &StoreError) -> Option<String> {
    let StoreError::Locked { holder, .. } = locked else { return None };
    let note = std::fs::read_to_string(dir.join(NAME)).ok()?;
    let (process, url) = note.split_once('\n')?;
    (process == holder).then(|| url.trim().to_owned())
}
