//! Blocks as text: table, JSON, JSON Lines, CSV. Works in memory and knows no file.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use clap::ValueEnum;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::chain::{
    Difficulty, Hash, Header, Spec, Timestamp, write_block_json, write_header_json,
};

/// Columns of a terminal into which every line for people fits.
pub(super) const COLUMNS: usize = 80;

/// Columns of the name before a value.
const LABEL: usize = 9;

/// Digits of a hash that a table shows: `--hash` accepts them.
const HASH_DIGITS: usize = 8;

/// How blocks are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Format {
    /// One line per block, for people
    Table,
    /// One JSON array
    Json,
    /// One JSON object per line
    Jsonl,
    /// Comma-separated values with a header line
    Csv,
}

/// A block to be written. Its records are empty where headers alone are wanted.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) header: Header,
    pub(super) hash: Hash,
    pub(super) records: Vec<String>,
}

/// Writes rows in one format.
#[derive(Debug)]
pub(super) struct Writer {
    format: Format,
    headers: bool,
    spec: Spec,
    rows: u64,
}

impl Writer {
    /// Writes blocks of this chain, or their headers alone.
    pub(super) const fn new(format: Format, headers: bool, spec: Spec) -> Self {
        Self { format, headers, spec, rows: 0 }
    }

    /// Appends these rows.
    pub(super) fn rows(&mut self, out: &mut Vec<u8>, rows: &[Row]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.start(out)?;
        if self.format == Format::Csv {
            self.csv(out, rows)?;
            self.rows = self.rows.saturating_add(rows.len() as u64);
            return Ok(());
        }
        for row in rows {
            match self.format {
                Format::Json => {
                    if self.rows > 0 {
                        out.push(b',');
                    }
                    self.json(out, row);
                }
                Format::Jsonl => {
                    self.json(out, row);
                    out.push(b'\n');
                }
                Format::Table | Format::Csv => self.line(out, row),
            }
            self.rows = self.rows.saturating_add(1);
        }
        Ok(())
    }

    /// Appends what ends the text. Without this the text is not whole.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.start(out)?;
        if self.format == Format::Json {
            out.extend_from_slice(b"]\n");
        }
        Ok(())
    }

    /// Rows written so far.
    pub(super) const fn count(&self) -> u64 {
        self.rows
    }

    fn start(&self, out: &mut Vec<u8>) -> Result<()> {
        if self.rows > 0 {
            return Ok(());
        }
        match self.format {
            Format::Table if self.headers => {
                out.extend_from_slice(b"   HEIGHT  TIME                  HASH      RECORDS\n");
            }
            Format::Table => out.extend_from_slice(
                b"   HEIGHT  TIME                  HASH      RECORDS    BYTES  FIRST RECORD\n",
            ),
            Format::Json => out.push(b'['),
            Format::Jsonl => {}
            Format::Csv => {
                let mut names = vec!["height", "hash", "timestamp", "previousHash", "merkleRoot"];
                names.extend(["historyRoot", "bits", "difficulty", "nonce", "recordCount"]);
                if !self.headers {
                    names.push("data");
                }
                csv::Writer::from_writer(out).write_record(names)?;
            }
        }
        Ok(())
    }

    fn json(&self, out: &mut Vec<u8>, row: &Row) {
        if self.headers {
            write_header_json(out, &self.spec, &row.header, &row.hash);
        } else {
            write_block_json(out, &self.spec, &row.header, &row.hash, &row.records);
        }
    }

    fn csv(&self, out: &mut Vec<u8>, rows: &[Row]) -> Result<()> {
        let limit = self.spec.pow_limit();
        let mut writer = csv::Writer::from_writer(out);
        for Row { header, hash, records } in rows {
            let difficulty = Difficulty::of(header.bits.target().unwrap_or(limit), limit);
            writer.write_field(header.height.to_string())?;
            writer.write_field(hash.to_hex())?;
            writer.write_field(header.timestamp.to_string())?;
            writer.write_field(header.previous_hash.to_hex())?;
            writer.write_field(header.merkle_root.to_hex())?;
            writer.write_field(header.history_root.to_hex())?;
            writer.write_field(header.bits.to_string())?;
            writer.write_field(difficulty.to_string())?;
            writer.write_field(header.nonce.to_string())?;
            writer.write_field(header.record_count.to_string())?;
            if !self.headers {
                writer.write_field(serde_json::to_vec(records)?)?;
            }
            writer.write_record(None::<&[u8]>)?;
        }
        writer.flush()?;
        Ok(())
    }

    fn line(&self, out: &mut Vec<u8>, row: &Row) {
        let Row { header, hash, records } = row;
        let hex = hash.to_string();
        let start = hex.get(..HASH_DIGITS).unwrap_or(&hex);
        let time = seconds_text(header.timestamp);
        let mut line =
            format!("{:>9}  {time:<20}  {start}  {:>7}", header.height, header.record_count);
        if !self.headers {
            let bytes: u64 = records.iter().map(|record| record.len() as u64).sum();
            // Writing into memory cannot fail.
            let _ = write!(line, "  {bytes:>7}  ");
            let room = COLUMNS.saturating_sub(line.len());
            line.extend(records.first().map(|first| shorten(first, room)));
        }
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }
}

/// The start of a text, on one line of this many columns.
pub(super) fn shorten(text: &str, columns: usize) -> String {
    // Every character has a column or is escaped, and one further tells whether there is more;
    // those without a column are few in any text that is read.
    let start: String = text.chars().take(columns.saturating_mul(4).saturating_add(1)).collect();
    let escaped = escape(&start);
    if start.len() == text.len() && escaped.width() <= columns {
        return escaped;
    }
    let mut out = String::new();
    let mut left = columns.saturating_sub(1);
    for character in escaped.chars() {
        let width = character.width().unwrap_or(0);
        let Some(rest) = left.checked_sub(width) else { break };
        left = rest;
        out.push(character);
    }
    out.push('…');
    out
}

/// Appends a name and its value, which goes on below itself where it is too long for a line.
pub(super) fn labelled(out: &mut String, name: &str, value: &str) {
    let room = COLUMNS - LABEL - 1;
    // Writing into memory cannot fail.
    let _ = write!(out, "{name:<LABEL$}");
    let mut left = room;
    let mut is_first = true;
    for word in value.split(' ') {
        let width = word.width();
        if is_first {
            out.push(' ');
        } else if width < left {
            out.push(' ');
            left = left.saturating_sub(1);
        } else {
            let _ = write!(out, "\n{:LABEL$} ", "");
            left = room;
        }
        is_first = false;
        for character in word.chars() {
            let width = character.width().unwrap_or(0);
            if width > left {
                let _ = write!(out, "\n{:LABEL$} ", "");
                left = room;
            }
            left = left.saturating_sub(width);
            out.push(character);
        }
    }
}

/// The text with every character escaped that does not print: a record must not be able to
/// move the cursor, colour the terminal or reverse the text beside it.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '"' | '\'' | '\\') {
            out.push(character);
        } else {
            out.extend(character.escape_debug());
        }
    }
    out
}

/// JSON with every character escaped that does not print, as JSON escapes it: for a terminal,
/// where text must not be able to do anything. Such characters occur in strings alone.
pub(super) fn escape_json(json: &str) -> Cow<'_, str> {
    let prints = |character: char| match character {
        '\u{7f}' => false,
        _ if character.is_ascii() => true,
        _ => character.escape_debug().count() == 1,
    };
    if json.chars().all(prints) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if prints(character) {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing into memory cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    Cow::Owned(out)
}

/// A moment as ISO 8601 in UTC, to the second.
fn seconds_text(time: Timestamp) -> String {
    moment(time, humantime::format_rfc3339_seconds)
}

/// A moment as ISO 8601 in UTC, with milliseconds.
pub(super) fn time_text(time: Timestamp) -> String {
    moment(time, humantime::format_rfc3339_millis)
}

/// Milliseconds since the epoch from the year 10000 on, which the format does not have.
fn moment(time: Timestamp, format: fn(SystemTime) -> humantime::Rfc3339Timestamp) -> String {
    const YEAR_10000: u64 = 253_402_300_800_000;
    match time.as_millis() {
        millis @ YEAR_10000.. => format!("{millis} ms"),
        millis => format(UNIX_EPOCH + Duration::from_millis(millis)).to_string(),
    }
}

#[cfg(test)]
mod tests;
