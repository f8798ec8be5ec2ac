//! Why a file with a certificate or a key cannot be used.

use std::path::{Path, PathBuf};

/// Why a file with a certificate or a key cannot be used, and what to do about it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct TlsError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub reason: String,
    /// What to do about it.
    pub advice: String,
}

impl TlsError {
    pub(super) fn new(file: &Path, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { file: file.to_owned(), reason: reason.into(), advice: advice.into() }
    }
}
