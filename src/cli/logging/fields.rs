//! What a log line says after its level, as text or JSON: nothing in it can end the line, move the
//! cursor or reverse the text.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

use crate::cli::output::escape;

/// The message and `name=value` pairs, each character that does not print escaped.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextFields;

impl<'writer> FormatFields<'writer> for TextFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = Fields { writer, is_first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Fields<'writer> {
    writer: Writer<'writer>,
    is_first: bool,
    result: fmt::Result,
}

impl Fields<'_> {
    fn put(&mut self, name: &str, value: &str) -> fmt::Result {
        if !std::mem::take(&mut self.is_first) {
            self.writer.write_char(' ')?;
        }
        if name != "message" {
            if self.writer.has_ansi_escapes() {
                write!(self.writer, "\x1b[3m{name}\x1b[0m\x1b[2m=\x1b[0m")?;
            } else {
                write!(self.writer, "{name}=")?;
            }
        }
        self.writer.write_str(&escape(value))
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.record_debug(field, &format_args!("{value}"));
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Those of the `log` crate say again what the metadata say.
        if self.result.is_ok() && !field.name().starts_with("log.") {
            self.result = self.put(field.name(), &format!("{value:?}"));
        }
    }
}

/// A line of JSON without the characters that JSON allows and a terminal obeys: C1 controls, DEL,
/// and those that reverse text. They occur within strings only.
pub(super) fn printable_json(line: &str) -> Cow<'_, str> {
    let obeyed = |character: char| match character {
        '\n' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        _ => character.is_control(),
    };
    if !line.contains(obeyed) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    for character in line.chars() {
        if obeyed(character) {
            // Writing into memory cannot fail; all of them have four digits.
            let _ = write!(out, "\\u{:04x}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
