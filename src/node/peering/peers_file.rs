//! The peers file, `peers.json`: a JSON array of addresses.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Largest peers file, in bytes; read into memory whole.
const MAX_PEERS_FILE_BYTES: u64 = 1 << 20;

/// Most entries of the peers file.
const MAX_PEERS_FILE_ENTRIES: usize = 1_024;

/// Why a peers file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeersFileError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is larger than a list of peers can be.
    #[error("it is larger than {MAX_PEERS_FILE_BYTES} bytes")]
    TooLarge,
    /// It is no JSON array of texts.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It has more entries than are taken.
    #[error("it has {0} entries; the limit is {MAX_PEERS_FILE_ENTRIES}")]
    TooMany(usize),
}

/// Returns the entries of a peers file as they are written, none for a missing file unless it is
/// `required`. Blocks.
///
/// # Errors
/// When it cannot be read, is no regular file, is too large or no JSON array of texts.
pub fn read_peers_file(path: &Path, required: bool) -> Result<Vec<String>, PeersFileError> {
    let file = match open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound && !required => return Ok(Vec::new()),
        opened => opened?,
    };
    let mut text = Vec::new();
    file.take(MAX_PEERS_FILE_BYTES.saturating_add(1)).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_PEERS_FILE_BYTES {
        return Err(PeersFileError::TooLarge);
    }
    // Some editors begin a text with a byte order mark.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let peers: Vec<String> = serde_json::from_slice(text)?;
    if peers.len() > MAX_PEERS_FILE_ENTRIES {
        return Err(PeersFileError::TooMany(peers.len()));
    }
    Ok(peers)
}

fn open(path: &Path) -> io::Result<File> {
    // Opening a pipe waits for a writer, for ever if there is none.
    let found = std::fs::metadata(path)?;
    if found.is_file() || found.is_dir() {
        return File::open(path);
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"))
}
