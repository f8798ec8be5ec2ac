//! What sled does when it fails, turned into values.

use std::any::Any;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::store::StoreError;

/// Runs database code. sled panics on some damaged pages instead of reporting
/// them: such a panic becomes [`StoreError::Damaged`], and the caller stops using
/// the database.
pub(in crate::store) fn guarded<T>(
    code: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|payload| {
        let what = format!("the database engine gave up: {}", reason(payload.as_ref()));
        Err(StoreError::Damaged { what })
    })
}

/// What an operator is told of a panic. A text that only a programmer understands is in the log.
fn reason(payload: &(dyn Any + Send)) -> &str {
    let text = panic_message(payload);
    let is_code = ["::", "called `", "assertion", "Some(", "Err("];
    if is_code.iter().any(|code| text.contains(code)) {
        return "it met what it cannot read";
    }
    text
}

/// Returns the text of a panic.
pub fn panic_message(payload: &dyn Any) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

/// A failed read. sled reports a log that ends too early, or a wrong file, as an error
/// of reading.
pub(in crate::store) fn read_error(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source)
            if matches!(source.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData) =>
        {
            StoreError::Damaged { what: format!("the database engine: {source}") }
        }
        sled::Error::Io(source) => {
            // The engine quotes these as a programmer would.
            let source = match source.kind() {
                kind @ (ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => kind.into(),
                _ => source,
            };
            StoreError::Io { action: "reading the database".to_owned(), source }
        }
        error => engine_damage(&error),
    }
}

/// What the engine says of damage, in words.
fn engine_damage(error: &sled::Error) -> StoreError {
    let what = match error {
        sled::Error::Corruption { at: Some(at), .. } => {
            format!("what the database engine reads at byte {} of its file is torn", at.lid())
        }
        sled::Error::Corruption { at: None, .. } => {
            "what the database engine reads from its file is torn".to_owned()
        }
        other => format!("the database engine reports: {other}"),
    };
    StoreError::Damaged { what }
}

/// A failed write: what is on disk is unknown until the next start.
pub(in crate::store) fn write_error(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(source) => StoreError::WriteFailed(source.kind().to_string()),
        error => engine_damage(&error),
    }
}

#[cfg(test)]
mod tests;
