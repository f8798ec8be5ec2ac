//! What may be shown of an error of an object store: a server may repeat credentials in its response.

use std::error::Error as StdError;
use std::io;

use jenny_chain::cli::toolkit::Failure;
use object_store::Error;

use super::{RUN_AGAIN, secrets};

/// Most characters that are shown of an error of the store.
const MAX_ERROR_CHARS: usize = 600;

/// What precedes the body of a response in the texts of `object_store`.
const BODY_MARKS: [&str; 2] =
    ["Server returned non-2xx status code: ", "Server returned error response: "];

/// An error of the store as it may be shown, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct StoreError {
    text: String,
    hint: String,
}

impl StoreError {
    pub(super) fn new(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { text: text.into(), hint: hint.into() }
    }

    pub(super) fn of(error: &Error) -> Self {
        let env = |name: &str| std::env::var(name).ok();
        Self::new(shown(&error.to_string(), &env), hint(error, &env))
    }

    pub(super) fn into_io(self) -> io::Error {
        io::Error::other(self)
    }
}

/// An error of the store on its way through [`io::Read`] or [`io::Write`].
#[expect(clippy::needless_pass_by_value, reason = "this is what `map_err` calls")]
pub(super) fn io_error(error: Error) -> io::Error {
    StoreError::of(&error).into_io()
}

/// What it means that a request failed.
pub(super) fn failure(folder: &str, file: &str, done: &str, error: &Error) -> anyhow::Error {
    let StoreError { text, hint } = StoreError::of(error);
    Failure::no(format!("{folder}/{file} cannot be {done}: {text}")).hint(hint).into()
}

/// What to do about an error of the store among the causes, `None` if none is one.
pub(crate) fn hint_in(error: &anyhow::Error) -> Option<&str> {
    error.chain().find_map(of_cause).map(|error| error.hint.as_str())
}

fn of_cause<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a StoreError> {
    let carried = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    carried.map_or_else(|| cause.downcast_ref(), |carried| carried.downcast_ref())
}

fn hint(error: &Error, env: &dyn Fn(&str) -> Option<String>) -> String {
    let text = error.to_string();
    match error {
        _ if text.contains("RequestTimeTooSkewed") => format!(
            "set the clock of this machine, which the store has found wrong, and {RUN_AGAIN}"
        ),
        _ if text.contains("builder error") => {
            "an http:// address needs AWS_ALLOW_HTTP=true".to_owned()
        }
        Error::Unauthenticated { .. } | Error::PermissionDenied { .. } => {
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what they may do".to_owned()
        }
        Error::NotFound { .. } => "check that the bucket exists, and AWS_REGION".to_owned(),
        _ if env("AWS_ACCESS_KEY_ID").is_none() => format!(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, unless this machine has a role that \
             gives credentials; else check the network, and {RUN_AGAIN}"
        ),
        _ => format!("check the network and the variables AWS_.., and {RUN_AGAIN}"),
    }
}

/// The text without credentials, not too long, and of a response's body only code and message.
pub(super) fn shown(text: &str, env: &dyn Fn(&str) -> Option<String>) -> String {
    let text = secrets::hide(&without_body(text), env);
    text.chars().take(MAX_ERROR_CHARS).collect()
}

fn without_body(text: &str) -> String {
    let ends = BODY_MARKS.iter().filter_map(|mark| Some(text.find(mark)? + mark.len()));
    // An element that no mark precedes is of a response as well.
    let Some(begin) = ends.chain(text.find('<')).min() else { return text.to_owned() };
    let (before, body) = text.split_at(begin);
    let status = body.split_once(": ").map_or("", |(status, _)| status);
    let is_status = status.starts_with(|first: char| first.is_ascii_digit())
        && status.chars().all(|char| char.is_ascii_alphanumeric() || char == ' ');
    let status = if is_status { status } else { "" };
    let parts = [status, element(body, "Code"), element(body, "Message")];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{before}{}", parts.join(": ")).trim_end_matches([' ', ':']).to_owned()
}

/// The text of the first element of this name, empty if there is none.
fn element<'a>(body: &'a str, name: &str) -> &'a str {
    let after = body.split_once(&format!("<{name}>")).map_or("", |(_, after)| after);
    after.split_once('<').map_or("", |(text, _)| text)
}

#[cfg(test)]
mod tests;
