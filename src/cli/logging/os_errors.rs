//! Errors of the operating system in lines of the database engine, which writes them as Rust code.

use std::borrow::Cow;

/// How the code begins, before the number of the error.
const BEGIN: &str = "Os { code: ";

/// The line with each such error in words: `Input/output error (os error 5)`.
pub(super) fn in_words(line: &str) -> Cow<'_, str> {
    if !line.contains(BEGIN) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, error)) = rest.split_once(BEGIN) {
        let Some((code, message, after)) = parts(error) else {
            out.push_str(before);
            out.push_str(BEGIN);
            rest = error;
            continue;
        };
        let wrapped = before.strip_suffix("Io(").zip(after.strip_prefix(')'));
        let (before, after) = wrapped.unwrap_or((before, after));
        out.extend([before, message, " (os error ", code, ")"]);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The number, the message and what follows the error. In JSON the quotes are escaped.
fn parts(error: &str) -> Option<(&str, &str, &str)> {
    let (code, error) = error.split_once(", kind: ")?;
    let (_, error) = error.split_once(", message: ")?;
    let quote = if error.starts_with('\\') { "\\\"" } else { "\"" };
    let (message, after) = error.strip_prefix(quote)?.split_once(quote)?;
    Some((code, message, after.strip_prefix(" }")?))
}

#[cfg(test)]
mod tests;
