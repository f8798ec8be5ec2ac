//! How a command ends: from an error's chain of causes to an exit code and the lines that
//! say what to do next.

use std::fmt::Write as _;
use std::io::ErrorKind;

use super::stderr::{self, Kind};
use crate::node::NodeFailure;
use crate::store::StoreError;

/// The exit codes, which scripts rely on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Code {
    /// Done.
    Done = 0,
    /// The check found damage, the answer is no, or something outside failed.
    Failed = 1,
    /// Usage or configuration.
    Usage = 2,
    /// Another process holds the database.
    Locked = 3,
    /// The database is damaged.
    Damaged = 4,
    /// A newer version wrote the database.
    Newer = 5,
    /// A signal ended the command.
    Interrupted = 130,
}

/// An error that knows its exit code and what the operator may do next.
#[derive(Debug, thiserror::Error)]
#[must_use = "an error says nothing until it is returned"]
#[error("{message}")]
pub struct Failure {
    code: Code,
    message: String,
    hints: Vec<String>,
    may_pass: bool,
    #[source]
    cause: Option<anyhow::Error>,
}

/// The reader of a dump left: no failure. Only `dump` may take it so; elsewhere a result that
/// nobody gets is none.
#[derive(Debug, thiserror::Error)]
#[error("the reader of the output has closed it")]
pub(super) struct ReaderLeft;

impl Failure {
    /// A failure with this exit code, and a message that says what happened.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hints: Vec::new(), may_pass: false, cause: None }
    }

    /// The answer is no, or something outside failed.
    pub fn no(message: impl Into<String>) -> Self {
        Self::new(Code::Failed, message)
    }

    /// The operator asked for something that cannot be.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Says what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says what it came from.
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The failure may pass by itself: the node starts again, or is overloaded.
    pub const fn may_pass(mut self) -> Self {
        self.may_pass = true;
        self
    }
}

/// Whether an error may pass by itself.
pub fn may_pass(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<Failure>()).any(|cause| cause.may_pass)
}

/// Returns the error with this hint, if nothing in it says what to do next.
#[must_use]
pub fn or_hint(error: anyhow::Error, hint: impl Into<String>) -> anyhow::Error {
    if !hints_of(&error).is_empty() {
        return error;
    }
    let (code, may_pass) = (code_of(&error), may_pass(&error));
    let failure = Failure::new(code, error.to_string()).because(error).hint(hint);
    Failure { may_pass, ..failure }.into()
}

/// Prints why a command failed, and gives its exit code.
pub(super) fn report(error: &anyhow::Error) -> Code {
    let code = code_of(error);
    if code != Code::Done {
        tell(error);
    }
    code
}

/// Prints an error and its hints.
pub(super) fn tell(error: &anyhow::Error) {
    super::progress::clear();
    stderr::write(Kind::Urgent, text_of(error).as_bytes());
}

/// The exit code of an error: that of the outermost cause that has one.
pub fn code_of(error: &anyhow::Error) -> Code {
    error.chain().find_map(code_of_cause).unwrap_or(Code::Failed)
}

fn code_of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Code> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return Some(failure.code);
    }
    if cause.is::<ReaderLeft>() {
        return Some(Code::Done);
    }
    store_error(cause).map(code_of_store)
}

fn store_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a StoreError> {
    match cause.downcast_ref::<NodeFailure>() {
        Some(NodeFailure::Store(error)) => Some(error.as_ref()),
        _ => cause.downcast_ref(),
    }
}

fn code_of_store(error: &StoreError) -> Code {
    match error {
        StoreError::Locked { .. } => Code::Locked,
        StoreError::Damaged { .. } | StoreError::EndLost { .. } => Code::Damaged,
        StoreError::Newer { .. } => Code::Newer,
        StoreError::Missing { .. }
        | StoreError::OtherChain { .. }
        | StoreError::Checkpoint { .. } => Code::Usage,
        _ => Code::Failed,
    }
}

/// One `error:` line with the chain of causes, and a `hint:` line for each thing to do.
pub fn text_of(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        // A cause that its parent's message quotes already is not said twice.
        if !message.contains(&text) {
            if !message.is_empty() {
                message.push_str(": ");
            }
            message.push_str(&text);
        }
    }
    let mut out = format!("error: {}\n", printable(message.trim_end()));
    let mut hints = hints_of(error);
    if hints.is_empty() {
        let mut systems = error.chain().filter_map(|it| it.downcast_ref::<std::io::Error>());
        hints.extend(systems.find_map(|error| advice_on(error.kind())).map(str::to_owned));
    }
    for hint in hints {
        // Writing into memory cannot fail.
        let _ = writeln!(out, "hint: {}", printable(&hint));
    }
    out
}

/// What to do next, by the error and its causes.
fn hints_of(error: &anyhow::Error) -> Vec<String> {
    let mut hints = Vec::new();
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            hints.extend(failure.hints.iter().cloned());
        }
        if let Some(error) = store_error(cause) {
            hints.extend(error.advice());
        }
    }
    hints
}

/// What to do about an error of the system of which nothing else says so.
const fn advice_on(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::PermissionDenied => Some(
            "run this as the account that owns the file and its directory, or choose another place",
        ),
        ErrorKind::ReadOnlyFilesystem => Some("choose a place that can be written"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Some("make room on the file system, then run this again")
        }
        ErrorKind::NotADirectory => Some("a part of that path is a file: choose another path"),
        ErrorKind::AlreadyExists => Some("move away what has that name, or choose another one"),
        _ => None,
    }
}

/// The text without characters that control a terminal; line ends stay.
fn printable(text: &str) -> String {
    text.split('\n').map(super::output::escape).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
