//! Why a chain file cannot be read.

/// What is wrong with a chain file. Offsets are in bytes from its beginning.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// It begins with other bytes.
    #[error("it is not a chain file")]
    NotArchive,
    /// A newer program wrote it.
    #[error("it has version {found} of the format; this program reads version {known}")]
    Newer {
        /// The file's version.
        found: u16,
        /// The version that this program reads.
        known: u16,
    },
    /// It ends too early.
    #[error("it is truncated: it ends within what begins at byte {offset}")]
    Truncated {
        /// Where the incomplete frame begins.
        offset: u64,
    },
    /// Something in it is wrong.
    #[error("it is damaged at byte {offset}: {what}")]
    Damaged {
        /// Where the frame begins.
        offset: u64,
        /// What was found.
        what: String,
    },
    /// Its bytes cannot be read.
    #[error("it cannot be read")]
    Io(#[from] std::io::Error),
}
