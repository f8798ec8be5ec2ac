//! The schema, noted beside the database: an older program reads it before it opens the engine, and
//! so refuses a newer database without touching it.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use super::error::failed;
use super::{StoreError, open_own};

/// Name of the file in the data directory.
pub(super) const SCHEMA_FILE: &str = "schema";

/// Name of the file until it is complete.
const UNFINISHED_FILE: &str = "schema.new";

/// Most bytes that are read of the file: this version writes about fifty.
const MAX_SCHEMA_FILE_BYTES: u64 = 1_024;

/// Longest version that is believed, in bytes.
const MAX_VERSION_BYTES: usize = 64;

/// What the file says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct SchemaFile {
    /// The highest schema that anything in the database may have.
    pub(super) schema: u64,
    /// The version of the program that brought the database to it.
    pub(super) program: String,
}

impl SchemaFile {
    /// The newest schema, brought by this program.
    pub(super) fn newest() -> Self {
        Self { schema: migrations::newest(), program: env!("CARGO_PKG_VERSION").to_owned() }
    }

    /// Reads the file. `None` if there is none, or if its checksum is wrong: the number inside the
    /// database counts then.
    ///
    /// # Errors
    /// When the disk fails, or the file may not be read.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, StoreError> {
        let path = directory.join(SCHEMA_FILE);
        let mut bytes = Vec::new();
        match open_own(&path, OpenOptions::new().read(true)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened
                .and_then(|file| file.take(MAX_SCHEMA_FILE_BYTES).read_to_end(&mut bytes))
                .map_err(failed("reading", &path))?,
        };
        Ok(Self::decode(&bytes))
    }

    /// Writes the file, durably: a kill leaves the old one or the new one.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn write(&self, directory: &Path) -> Result<(), StoreError> {
        let (path, unfinished) = (directory.join(SCHEMA_FILE), directory.join(UNFINISHED_FILE));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        open_own(&unfinished, &mut options)
            .and_then(|mut file| {
                file.write_all(self.encode().as_bytes())?;
                file.sync_all()
            })
            .map_err(failed("writing", &unfinished))?;
        std::fs::rename(&unfinished, &path)
            .and_then(|()| File::open(directory)?.sync_all())
            .map_err(failed("writing", &path))
    }

    /// Lines of a name and a value, the last of which is a CRC-32 of those before it.
    fn encode(&self) -> String {
        let mut text = format!("schema {}\nprogram {}\n", self.schema, self.program);
        let check = crc32fast::hash(text.as_bytes());
        // Writing into memory cannot fail.
        let _ = writeln!(text, "crc32 {check:08x}");
        text
    }

    /// Reads what [`Self::encode`] wrote, here or in a newer program, which may add lines.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (lines, check) = text.strip_suffix('\n')?.rsplit_once("\ncrc32 ")?;
        let check = u32::from_str_radix(check, 16).ok()?;
        if crc32fast::hash(text.get(..=lines.len())?.as_bytes()) != check {
            return None;
        }
        let value =
            |name: &str| lines.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let program = value("program")?;
        let is_version = (1..=MAX_VERSION_BYTES).contains(&program.len())
            && program.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte));
        let schema = value("schema")?.parse().ok()?;
        is_version.then(|| Self { schema, program: program.to_owned() })
    }
}

#[cfg(test)]
mod tests;
