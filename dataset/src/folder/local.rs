//! A folder of this machine. A lock keeps other exports away.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use jenny_chain::cli::toolkit::{Code, Failure, Unfinished, sync_folder};

use super::{Finished, Folder, MANIFEST, NewFile, RECORDS, RUN_AGAIN};
use crate::manifest::MAX_MANIFEST_BYTES;

/// Name of the file that an export locks.
const LOCK_FILE: &str = ".lock";

/// A folder of this machine.
#[derive(Debug)]
pub(crate) struct LocalFolder {
    path: PathBuf,
    name: String,
    unfinished: Unfinished,
    /// Locked while this lives, by an export.
    _lock: Option<File>,
}

/// A file under its temporary name.
struct LocalFile {
    file: File,
    path: PathBuf,
    /// Whether it takes the place of a file of its name.
    replaces: bool,
    unfinished: Unfinished,
}

impl LocalFolder {
    /// Makes a folder that is missing, and locks it. `unfinished` removes what is being written.
    pub(crate) fn for_export(path: &Path, unfinished: &Unfinished) -> Result<Self> {
        make_folder(path)?;
        make_folder(&path.join(RECORDS))?;
        let lock = lock(path)?;
        let (name, unfinished) = (path.display().to_string(), unfinished.clone());
        Ok(Self { path: path.to_owned(), name, unfinished, _lock: Some(lock) })
    }

    /// Reads a folder, which need not be writable.
    pub(crate) fn for_reading(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        if !path.is_dir() {
            return Err(Failure::usage(format!("{name} is not a folder"))
                .hint("name the folder of a dataset")
                .into());
        }
        let unfinished = Unfinished::default();
        Ok(Self { path: path.to_owned(), name, unfinished, _lock: None })
    }

    fn begin(&self, file: &str, replaces: bool) -> Result<LocalFile> {
        let path = self.path.join(file);
        let begun = LocalFile::create(path, replaces, self.unfinished.clone());
        begun.map_err(|error| cannot_write(&self.path.join(file), error))
    }
}

impl Folder for LocalFolder {
    fn name(&self) -> &str {
        &self.name
    }

    fn advice(&self, error: &anyhow::Error) -> String {
        let error = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
        advice_on(error.map_or(ErrorKind::Other, io::Error::kind))
    }

    fn manifest(&mut self) -> Result<Option<Vec<u8>>> {
        let path = self.path.join(MANIFEST);
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| cannot_read(&path, error))?,
        };
        let mut bytes = Vec::new();
        let max = MAX_MANIFEST_BYTES.saturating_add(1);
        file.take(max).read_to_end(&mut bytes).map_err(|error| cannot_read(&path, error))?;
        Ok(Some(bytes))
    }

    fn commit(&mut self, manifest: &[u8]) -> Result<()> {
        let mut file = self.begin(MANIFEST, true)?;
        file.write_all(manifest).map_err(|error| cannot_write(&file.path, error))?;
        Box::new(file).finish().map(drop)
    }

    fn create(&mut self, file: &str) -> Result<Box<dyn NewFile>> {
        Ok(Box::new(self.begin(file, false)?))
    }

    fn read(&self, file: &str) -> Result<Option<Box<dyn Read>>> {
        let path = self.path.join(file);
        match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            file => Ok(Some(Box::new(file.map_err(|error| cannot_read(&path, error))?))),
        }
    }

    fn tables(&self) -> Result<Vec<String>> {
        let path = self.path.join(RECORDS);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| cannot_read(&path, error))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| cannot_read(&path, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if super::is_table(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }
}

impl LocalFile {
    fn create(path: PathBuf, replaces: bool, unfinished: Unfinished) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.part"));
        // What an export left that was killed. It may not be there.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        unfinished.set(temporary.clone());
        let file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        Ok(Self { file, path, replaces, unfinished })
    }
}

impl Write for LocalFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl NewFile for LocalFile {
    fn finish(self: Box<Self>) -> Result<Finished> {
        // The lock keeps other exports away meanwhile.
        if !self.replaces && self.path.symlink_metadata().is_ok() {
            return Ok(Finished::Exists);
        }
        let kept = self.file.sync_all().and_then(|()| self.unfinished.keep_as(&self.path));
        let kept = kept.and_then(|()| sync_folder(&self.path));
        kept.map_err(|error| cannot_write(&self.path, error))?;
        Ok(Finished::Written)
    }
}

impl Drop for LocalFile {
    fn drop(&mut self) {
        self.unfinished.discard();
    }
}

/// Makes a folder that is missing, durably.
fn make_folder(path: &Path) -> Result<()> {
    match DirBuilder::new().create(path) {
        Ok(()) => sync_folder(path).map_err(|error| cannot_write(path, error)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => {
            let hint = if error.kind() == ErrorKind::AlreadyExists {
                "something else has this name: move it away, or name another folder"
            } else {
                "name a folder whose parent exists and may be written to"
            };
            let what = format!("the folder {} cannot be made", path.display());
            Err(Failure::usage(what).because(error).hint(hint).into())
        }
    }
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK_FILE);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|error| cannot_write(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let what = format!("another export is writing to {}", folder.display());
            Err(Failure::new(Code::Locked, what).hint("wait for it to end").into())
        }
        Err(TryLockError::Error(error)) => Err(cannot_write(&path, error)),
    }
}

fn cannot_read(path: &Path, error: io::Error) -> anyhow::Error {
    Failure::no(format!("{} cannot be read", path.display()))
        .because(error)
        .hint("see that this user may read it and that the disk works, then run it again")
        .into()
}

fn cannot_write(path: &Path, error: io::Error) -> anyhow::Error {
    let hint = advice_on(error.kind());
    Failure::no(format!("{} cannot be written", path.display())).because(error).hint(hint).into()
}

/// What to do about a failure of this kind to write.
fn advice_on(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "run it as a user who may write there, or name another folder with --to".to_owned()
        }
        ErrorKind::FileTooLarge => format!(
            "raise the limit on the size of files (`ulimit -f`), and {RUN_AGAIN}; a new dataset may \
             have fewer --range-blocks"
        ),
        _ => format!("make room if the disk is full, and {RUN_AGAIN}"),
    }
}

#[cfg(test)]
mod tests;
