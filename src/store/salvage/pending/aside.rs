//! The file of own records that exceed what waits for a block again: one request to
//! `POST /v1/records` a line.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{MAX_RETURNED_BYTES, MAX_RETURNED_RECORDS};
use crate::store::StoreError;

/// Name of the file in the fresh directory.
pub const RETURNED_FILE: &str = "returned-records.jsonl";

/// A line: the body of a request.
#[derive(serde::Serialize)]
struct Request<'a> {
    data: &'a [String],
}

/// Records that are written into the file, which is made with the first of them.
pub(super) struct Aside {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    /// Records of the next line, and their bytes.
    line: Vec<String>,
    bytes: usize,
    count: u64,
}

impl Aside {
    pub(super) fn beside(directory: &Path) -> Self {
        let path = directory.join(RETURNED_FILE);
        Self { path, file: None, line: Vec::new(), bytes: 0, count: 0 }
    }

    pub(super) fn push(&mut self, text: String) -> Result<(), StoreError> {
        let is_full = self.line.len() >= MAX_RETURNED_RECORDS
            || self.bytes.saturating_add(text.len()) > MAX_RETURNED_BYTES;
        if is_full && !self.line.is_empty() {
            self.write()?;
        }
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(text.len());
        self.line.push(text);
        Ok(())
    }

    /// Writes what is left, durably. Returns how many records the file has.
    pub(super) fn finish(&mut self) -> Result<u64, StoreError> {
        if self.line.is_empty() {
            return Ok(self.count);
        }
        self.write()?;
        let Some(mut file) = self.file.take() else { return Ok(self.count) };
        let synced = file.flush().and_then(|()| file.get_ref().sync_all());
        synced.map_err(|error| self.failed(error))?;
        Ok(self.count)
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let line = std::mem::take(&mut self.line);
        self.bytes = 0;
        self.write_line(&line).map_err(|error| self.failed(error))
    }

    fn failed(&self, source: io::Error) -> StoreError {
        StoreError::Io { action: format!("writing {}", self.path.display()), source }
    }

    fn write_line(&mut self, records: &[String]) -> io::Result<()> {
        let mut file = if let Some(file) = self.file.take() {
            file
        } else {
            let mut options = OpenOptions::new();
            BufWriter::new(options.write(true).create_new(true).mode(0o600).open(&self.path)?)
        };
        serde_json::to_writer(&mut file, &Request { data: records })?;
        file.write_all(b"\n")?;
        self.file = Some(file);
        Ok(())
    }
}
