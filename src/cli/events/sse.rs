//! Reads `text/event-stream`, as far as a node writes it.

use std::io::{BufRead, Error, ErrorKind, Read as _, Result};

/// Longest line that is read: an event of a node has at most 1 KiB.
const MAX_EVENT_LINE_BYTES: usize = 64 << 10;

/// What an empty line ends.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Message {
    /// The position from here on.
    pub(super) id: Option<String>,
    /// `None` if only the position moves.
    pub(super) event: Option<String>,
    pub(super) data: String,
}

/// Reads the next message; `None` at the end. One that the end cuts off is left out.
///
/// # Errors
/// When reading fails, or a line is too long or not UTF-8.
pub(super) fn read(body: &mut impl BufRead) -> Result<Option<Message>> {
    let mut message = Message::default();
    loop {
        let Some(line) = read_line(body)? else { return Ok(None) };
        if line.is_empty() {
            return Ok(Some(message));
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
        match field {
            "id" => message.id = Some(value),
            "event" => message.event = Some(value),
            "data" => message.data = value,
            // Comments and the time to wait before the next attempt.
            _ => {}
        }
    }
}

/// The next line without its end; `None` if the body ends before it does.
fn read_line(body: &mut impl BufRead) -> Result<Option<String>> {
    let mut line = Vec::new();
    body.by_ref().take(MAX_EVENT_LINE_BYTES as u64).read_until(b'\n', &mut line)?;
    if line.pop_if(|last| *last == b'\n').is_none() {
        let is_cut = line.len() < MAX_EVENT_LINE_BYTES;
        let error = Error::new(ErrorKind::InvalidData, "a line is too long");
        return if is_cut { Ok(None) } else { Err(error) };
    }
    String::from_utf8(line).map(Some).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests;
