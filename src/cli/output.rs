//! Blocks as text: table, JSON, JSON Lines, CSV. Works in memory and knows no file.

use std::fmt::Write as _;

use anyhow::Result;

use super::args::Format;
use crate::chain::{
    Difficulty, Hash, Header, Spec, Timestamp, write_block_json, write_header_json,
};

/// Characters of the first record that a table shows.
const FIRST_RECORD_CHARS: usize = 48;

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
                out.extend_from_slice(b"    HEIGHT  TIME                      HASH          RECORDS\n");
            }
            Format::Table => out.extend_from_slice(
                b"    HEIGHT  TIME                      HASH          RECORDS    BYTES  FIRST RECORD\n",
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
        let start = hex.get(..12).unwrap_or(&hex);
        let time = time_text(header.timestamp);
        let mut line =
            format!("{:>10}  {time:<24}  {start}  {:>7}", header.height, header.record_count);
        if !self.headers {
            let bytes: u64 = records.iter().map(|record| record.len() as u64).sum();
            let first = records.first().map_or_else(String::new, |first| shorten(first));
            // Writing into memory cannot fail.
            let _ = write!(line, "  {bytes:>7}  {first}");
        }
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }
}

/// The start of a text, on one line.
fn shorten(text: &str) -> String {
    // One further character tells whether there is more.
    let start: String = text.chars().take(FIRST_RECORD_CHARS + 1).collect();
    let escaped = escape(&start);
    if escaped.chars().count() <= FIRST_RECORD_CHARS {
        return escaped;
    }
    escaped.chars().take(FIRST_RECORD_CHARS).chain(['…']).collect()
}

/// The text with every character escaped that does not print: a record must not be able to
/// move the cursor, colour the terminal or reverse what stands beside it.
pub(super) fn escape(text: &str) -> String {
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

/// A moment as ISO 8601 in UTC, with milliseconds; years above 9999 with a plus sign.
pub(super) fn time_text(time: Timestamp) -> String {
    const DAY: u64 = 86_400_000;
    let (days, millis) = (time.as_millis() / DAY, time.as_millis() % DAY);
    let (year, month, day) = date(days);
    let sign = if year > 9_999 { "+" } else { "" };
    let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
    let (second, milli) = (millis / 1_000 % 60, millis % 1_000);
    format!("{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// The Gregorian date of a day since 1970-01-01: year, month, day of the month.
fn date(days: u64) -> (u64, u64, u64) {
    // Years are counted from 1 March, so that a leap day is the last day of its year, and from
    // the year 0, so that every 400 years look alike.
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let leap_days = day_of_era / 1_460 + day_of_era / 146_096 - day_of_era / 36_524;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests;
