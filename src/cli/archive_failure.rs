//! What to do about a chain file that cannot be read.

use super::exit::{Code, Failure};
use crate::store::archive::ArchiveError;

/// The failure to read the chain file of this name.
pub(super) fn failure(name: &str, error: ArchiveError) -> Failure {
    let (code, hints): (_, &[_]) = match &error {
        ArchiveError::NotArchive => (Code::Usage, &["name a file that `jenny export` wrote"]),
        ArchiveError::Newer { .. } => {
            (Code::Newer, &["read it with the version that wrote it, or a newer one"])
        }
        ArchiveError::Truncated { .. } | ArchiveError::Damaged { .. } => (
            Code::Failed,
            &[
                "copy the file again from where it was written, export it again, or take an older one",
            ],
        ),
        _ => (Code::Failed, &[]),
    };
    let failure = Failure::new(code, format!("{name}: {error}"));
    let failure = hints.iter().fold(failure, |failure, &hint| failure.hint(hint));
    match error {
        ArchiveError::Io(cause) => failure.because(cause),
        _ => failure,
    }
}
