//! The chain file that is imported.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;

use anyhow::Result;

use crate::cli::exit::Failure;
use crate::cli::target::STDOUT;

/// Length of the end of a chain file, and the byte that it begins with: `docs/archive.md`.
const END_BYTES: i64 = 73;
const END_BYTE: u8 = b'e';

/// A file, or standard input.
pub(super) struct Input {
    source: Box<dyn Read>,
    name: String,
    blocks: Option<u64>,
}

impl Input {
    /// Opens a file; `-` is standard input.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if path == Path::new(STDOUT) {
            let source = Box::new(io::stdin().lock());
            return Ok(Self { source, name: "standard input".to_owned(), blocks: None });
        }
        let name = path.display().to_string();
        let unreadable = |error: io::Error| {
            Failure::usage(format!("{name} cannot be read"))
                .because(error)
                .hint("name a file that `jenny export` wrote")
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let is_file = file.metadata().map_err(unreadable)?.is_file();
        let blocks = if is_file { said_blocks(&mut file) } else { None };
        if is_file {
            file.rewind().map_err(unreadable)?;
        }
        Ok(Self { source: Box::new(file), name, blocks })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How many blocks the end of the file says that there are: for the display alone.
    pub(super) const fn blocks(&self) -> Option<u64> {
        self.blocks
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer)
    }
}

fn said_blocks(file: &mut File) -> Option<u64> {
    file.seek(SeekFrom::End(-END_BYTES)).ok()?;
    let mut end = [0; 9];
    file.read_exact(&mut end).ok()?;
    let [kind, blocks @ ..] = end;
    (kind == END_BYTE).then(|| u64::from_be_bytes(blocks))
}
