//! A chain file under its temporary name, which another export continues.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cli::exit::Failure;
use crate::cli::notice::notice;
use crate::cli::target::sync_folder;
use crate::store::archive::{Decoder, Encoder, Start};

/// What the name of an unfinished file ends with.
const PART_SUFFIX: &str = ".part";

/// A file that is being written, locked against other exports.
pub(super) struct PartFile {
    file: File,
    part: PathBuf,
    name: PathBuf,
    bytes: u64,
}

impl PartFile {
    pub(super) fn open(name: &Path) -> Result<Self> {
        let shown = name.display();
        let is_other = std::fs::metadata(name).is_ok_and(|found| !found.is_file());
        let Some(file_name) = name.file_name().filter(|_| !is_other) else {
            return Err(Failure::usage(format!("{shown} is a directory or a device"))
                .hint("name a file; `-o -` writes to standard output")
                .into());
        };
        let mut part_name = OsString::from(file_name);
        part_name.push(PART_SUFFIX);
        let part = name.with_file_name(part_name);
        let cannot = || format!("{} cannot be written", part.display());
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&part).with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let what = format!("another export is writing {}", part.display());
                return Err(Failure::usage(what).hint("wait for it, or name another file").into());
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        // Another export may have finished the file between the two steps.
        if !is_at(&file, &part) {
            return Self::open(name);
        }
        Ok(Self { file, part, name: name.to_owned(), bytes: 0 })
    }

    /// What an earlier export left. Whatever is not a file that begins with block `from` and ends
    /// with block `to` at most is overwritten.
    pub(super) fn resume(&mut self, from: u64, to: u64) -> Result<Option<(Start, Encoder)>> {
        let left = Decoder::new(BufReader::new(&self.file)).ok();
        let left = left.filter(|decoder| decoder.start().from().get() == from);
        let resumed = left.and_then(|mut decoder| {
            while let Ok(Some(_)) = decoder.next() {}
            let boundary = decoder.boundary();
            // Without a block there is nothing to continue.
            let is_within = boundary.last.is_some_and(|last| last.height.get() <= to);
            (decoder.blocks() > 0 && is_within).then(|| (decoder.start().clone(), boundary))
        });
        let Some((start, boundary)) = resumed else {
            self.rewind(0)?;
            return Ok(None);
        };
        self.rewind(boundary.offset)?;
        if let Some(last) = boundary.last {
            notice(&format!("{} continues after block {}", self.part.display(), last.height));
        }
        Ok(Some((start, Encoder::resume(boundary))))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| {
            let advice =
                "make room if the disk is full, then run the same command again: it continues";
            Failure::no(self.cannot()).because(error).hint(advice)
        })?;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }

    pub(super) fn rewind(&mut self, bytes: u64) -> Result<()> {
        self.file.set_len(bytes).with_context(|| self.cannot())?;
        self.file.seek(SeekFrom::Start(bytes)).with_context(|| self.cannot())?;
        self.bytes = bytes;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<u64> {
        self.file.sync_all().with_context(|| self.cannot())?;
        std::fs::rename(&self.part, &self.name).with_context(|| self.cannot())?;
        sync_folder(&self.name).with_context(|| self.cannot())?;
        Ok(self.bytes)
    }

    fn cannot(&self) -> String {
        format!("{} cannot be written", self.part.display())
    }
}

/// Whether this is still the file of that name.
fn is_at(file: &File, path: &Path) -> bool {
    let id = |found: std::fs::Metadata| (found.dev(), found.ino());
    let (own, there) = (file.metadata().map(id), std::fs::metadata(path).map(id));
    matches!((own, there), (Ok(own), Ok(there)) if own == there)
}
