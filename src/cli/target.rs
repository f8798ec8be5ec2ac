//! Where a dump or a receipt goes: standard output, or a file that appears only when it is
//! complete.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::cli::exit::{Failure, ReaderLeft};
use crate::cli::signal::Unfinished;
use crate::store::exists;

/// The name of a file that means standard output.
pub(super) const STDOUT: &str = "-";

/// Where the output of a command goes. Dropped before [`Target::finish`], nothing is left of a file.
pub(super) struct Target {
    file: File,
    name: String,
    rename: Option<Rename>,
}

/// A file under another name until it is complete.
struct Rename {
    path: PathBuf,
    unfinished: Unfinished,
}

impl Target {
    pub(super) fn open(output: Option<&Path>, unfinished: Unfinished) -> Result<Self> {
        let Some(path) = output else {
            // A handle of our own: the one of the standard library looks for line ends.
            let file = std::io::stdout().as_fd().try_clone_to_owned();
            let file = File::from(file.context("standard output cannot be used")?);
            return Ok(Self { file, name: "standard output".to_owned(), rename: None });
        };
        let name = path.display().to_string();
        let cannot = || format!("{name} cannot be written");
        // A pipe or a device is written as it is: there is nothing to rename.
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            let file = OpenOptions::new().write(true).open(path).with_context(cannot)?;
            return Ok(Self { file, name, rename: None });
        }
        let (Some(stem), false) = (path.file_name(), path.is_dir()) else {
            return Err(Failure::usage(format!("{name} is a directory")).into());
        };
        let temporary =
            path.with_file_name(format!(".{}.{}.part", stem.to_string_lossy(), std::process::id()));
        unfinished.set(temporary.clone());
        let file = OpenOptions::new().write(true).create_new(true).open(&temporary);
        let rename = Some(Rename { path: path.to_owned(), unfinished });
        Ok(Self { file: file.with_context(cannot)?, name, rename })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self.file.write_all(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(ReaderLeft.into()),
            written => written.with_context(|| format!("{} cannot be written", self.name)),
        }
    }

    /// Whether people see what is written.
    pub(super) fn is_terminal(&self) -> bool {
        self.file.is_terminal()
    }

    /// Looks at whether somebody still reads: a pipe says so without being written to.
    ///
    /// # Errors
    /// [`ReaderLeft`] when nobody does.
    pub(super) fn look(&self) -> Result<()> {
        let mut pipe = [PollFd::new(&self.file, PollFlags::empty())];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        // A look that fails says nothing; the next write will.
        let is_over = poll(&mut pipe, Some(&at_once)).is_ok()
            && pipe.iter().any(|pipe| pipe.revents().intersects(PollFlags::ERR | PollFlags::HUP));
        if is_over { Err(ReaderLeft.into()) } else { Ok(()) }
    }

    /// Makes the file appear, complete and on disk.
    pub(super) fn finish(self) -> Result<()> {
        let Some(rename) = self.rename else { return Ok(()) };
        let cannot = || format!("{} cannot be written", self.name);
        self.file.sync_all().with_context(cannot)?;
        rename.unfinished.keep_as(&rename.path).with_context(cannot)?;
        sync_folder(&rename.path).with_context(cannot)
    }
}

/// Makes the name of a new file durable: without this a loss of power may take it away again, or
/// leave an older file there.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
    match File::open(folder.unwrap_or(Path::new("."))) {
        // Who may write to a directory need not be allowed to read it.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        folder => folder.and_then(|folder| folder.sync_all()),
    }
}

/// Refuses a file in the data directory: it could take the place of the database.
pub fn check_outside(output: &Path, dir: &Path) -> Result<()> {
    if !exists(dir).unwrap_or(false) {
        return Ok(());
    }
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    // What cannot be found cannot be written either, which the next step says.
    let is_inside =
        folder.is_ok_and(|folder| dir.canonicalize().is_ok_and(|dir| folder.starts_with(dir)));
    if !is_inside {
        return Ok(());
    }
    let (output, dir) = (output.display(), dir.display());
    Err(Failure::usage(format!("{output} is in the data directory {dir}"))
        .hint("name a file outside it: its contents belong to the node")
        .into())
}
