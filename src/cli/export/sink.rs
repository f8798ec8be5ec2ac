//! Where a chain file goes: standard output, or a file that appears when it is complete.

use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::Result;

use super::part_file::PartFile;
use crate::cli::exit::Failure;
use crate::cli::signal::Unfinished;
use crate::cli::target::Target;
use crate::store::archive::{Boundary, Encoder, Start};

/// Where a chain file goes.
pub(super) enum Sink {
    Stdout(Target),
    File(PartFile),
}

impl Sink {
    /// `None` is standard output.
    pub(super) fn open(file: Option<&Path>, unfinished: Unfinished) -> Result<Self> {
        if let Some(file) = file {
            return PartFile::open(file).map(Self::File);
        }
        if std::io::stdout().is_terminal() {
            return Err(Failure::usage("a chain file is no text for a terminal")
                .hint("name a file with -o FILE, or direct standard output to one")
                .into());
        }
        Target::open(None, unfinished).map(Self::Stdout)
    }

    /// What an earlier export left of a file of these blocks, `None` if nothing.
    pub(super) fn resume(&mut self, from: u64, to: u64) -> Result<Option<(Start, Encoder)>> {
        match self {
            Self::Stdout(_) => Ok(None),
            Self::File(part) => part.resume(from, to),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Stdout(target) => target.write(bytes),
            Self::File(part) => part.write(bytes),
        }
    }

    /// Whether what was written can be taken back.
    pub(super) const fn can_restart(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Takes back what was written behind the first bytes.
    pub(super) fn rewind(&mut self, bytes: u64) -> Result<()> {
        match self {
            Self::Stdout(_) => Err(Failure::no("the connection broke behind the last block")
                .hint("start the export again, or give it a file to write to")
                .into()),
            Self::File(part) => part.rewind(bytes),
        }
    }

    /// Goes on behind a place in what was written.
    pub(super) fn restart_at(&mut self, boundary: Boundary) -> Result<Encoder> {
        self.rewind(boundary.offset)?;
        Ok(Encoder::resume(boundary))
    }

    /// Makes a file appear, complete and on disk. Returns its length in bytes.
    pub(super) fn finish(self) -> Result<u64> {
        match self {
            Self::Stdout(target) => target.finish().map(|()| 0),
            Self::File(part) => part.finish(),
        }
    }
}
