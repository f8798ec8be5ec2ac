//! The page cache, emptied before the database opens: recovery must read what the device holds.
//!
//! Linux calls pages clean whose write-back failed. A start after such a failure would recover
//! from them, synchronise nothing, since nothing is dirty, and acknowledge more blocks on top of
//! ones that no disk holds.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::store::StoreError;
use crate::store::error::failed;

/// What opening asks of the operating system.
pub(in crate::store) trait System: Debug {
    /// Puts a file's data on the disk, or a directory's entries.
    fn sync(&self, path: &Path, file: &File) -> io::Result<()>;

    /// Drops a file's clean pages.
    fn drop_pages(&self, path: &Path, file: &File) -> io::Result<()>;

    /// Whether a file's pages are all there is of it, so that none can be dropped.
    fn is_memory(&self, file: &File) -> io::Result<bool>;

    /// Bytes that are free for this process where the path is.
    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let status = rustix::fs::statvfs(path)?;
        Ok(status.f_bavail.saturating_mul(status.f_frsize))
    }

    /// Makes an empty file share the blocks of another one (a reflink). Returns whether the file
    /// system can.
    fn clone_file(&self, from: &File, to: &File) -> bool {
        #[cfg(target_os = "linux")]
        let is_cloned = rustix::fs::ioctl_ficlone(to, from).is_ok();
        #[cfg(not(target_os = "linux"))]
        let is_cloned = false;
        is_cloned
    }
}

/// The operating system.
#[derive(Debug)]
pub(in crate::store) struct Kernel;

impl System for Kernel {
    fn sync(&self, _path: &Path, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    #[cfg(target_os = "linux")]
    fn drop_pages(&self, _path: &Path, file: &File) -> io::Result<()> {
        Ok(rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?)
    }

    #[cfg(target_os = "linux")]
    fn is_memory(&self, file: &File) -> io::Result<bool> {
        const TMPFS: rustix::fs::FsWord = 0x0102_1994;
        Ok(rustix::fs::fstatfs(file)?.f_type == TMPFS)
    }

    /// Elsewhere nothing is known of lost pages that are called clean.
    #[cfg(not(target_os = "linux"))]
    fn drop_pages(&self, _path: &Path, _file: &File) -> io::Result<()> {
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn is_memory(&self, _file: &File) -> io::Result<bool> {
        Ok(false)
    }
}

/// Synchronises every file below `folder` and drops its pages, so that the next read comes from
/// the device. `progress` is told when there is none: on tmpfs.
///
/// # Errors
/// [`StoreError::Unsynchronised`] when a file cannot be put on the disk or dropped, and
/// [`StoreError::Io`] when it cannot be opened. The database must not be opened then.
pub(super) fn empty(
    folder: &Path,
    system: &dyn System,
    progress: &mut dyn FnMut(&str),
) -> Result<(), StoreError> {
    let mut in_memory = false;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(failed("listing", &folder)(source)),
        };
        for entry in entries {
            let entry = entry.map_err(failed("listing", &folder))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(failed("looking at", &path))?;
            if kind.is_dir() {
                folders.push(path);
            } else if fs::metadata(&path).is_ok_and(|file| file.is_file()) {
                in_memory |= empty_file(&path, system)?;
            }
        }
    }
    if in_memory {
        progress(&format!(
            "{} is on tmpfs, in memory: its blocks are gone when this machine stops",
            folder.display()
        ));
    }
    Ok(())
}

/// Returns whether the file is in memory only.
fn empty_file(path: &Path, system: &dyn System) -> Result<bool, StoreError> {
    let unsynchronised = |action: &'static str| {
        move |source| StoreError::Unsynchronised { path: path.to_owned(), action, source }
    };
    let file = File::open(path).map_err(failed("opening", path))?;
    // Dirty pages cannot be dropped, and would be lost if they could.
    system.sync(path, &file).map_err(unsynchronised("fdatasync"))?;
    system.drop_pages(path, &file).map_err(unsynchronised("posix_fadvise"))?;
    system.is_memory(&file).map_err(failed("looking at", path))
}

/// Synchronises a directory, then those above it as far as its file system reaches: a kill may
/// have come between their creation and that, at any earlier start.
pub(super) fn sync_directories(directory: &Path, system: &dyn System) -> Result<(), StoreError> {
    const ACTION: &str = "synchronising";
    let real = directory.canonicalize().map_err(failed(ACTION, directory))?;
    let device =
        |path: &Path| fs::metadata(path).map(|found| found.dev()).map_err(failed(ACTION, path));
    let own = device(&real)?;
    for path in real.ancestors() {
        if device(path)? != own {
            break;
        }
        match File::open(path) {
            Ok(file) => system.sync(path, &file).map_err(failed(ACTION, path))?,
            // Somebody else's, and older than what is ours in it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && path != real => {}
            Err(source) => return Err(failed(ACTION, path)(source)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
