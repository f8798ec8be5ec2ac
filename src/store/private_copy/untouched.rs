//! Reading files without changing their times of access, where that is allowed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Dir, Mode, OFlags};

/// How files are opened, and what that may have changed.
#[derive(Debug, Default)]
pub(super) struct Untouched {
    is_access_noted: bool,
}

impl Untouched {
    /// Opens a file for reading. Only its owner may do so without a change of its times.
    pub(super) fn open(&mut self, path: &Path) -> io::Result<File> {
        // Opening a pipe would wait for its other end.
        self.open_as(path, OFlags::NONBLOCK)
    }

    /// The names of what is in a folder, in order.
    pub(super) fn names(&mut self, folder: &Path) -> io::Result<Vec<OsString>> {
        let opened = self.open_as(folder, OFlags::DIRECTORY)?;
        let mut names = Vec::new();
        for entry in Dir::read_from(&opened)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Whether a time of access may have changed.
    pub(super) const fn is_access_noted(&self) -> bool {
        self.is_access_noted
    }

    fn open_as(&mut self, path: &Path, flags: OFlags) -> io::Result<File> {
        let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC;
        match rustix::fs::open(path, flags | WITHOUT_ACCESS_TIME, Mode::empty()) {
            Err(rustix::io::Errno::PERM) if !WITHOUT_ACCESS_TIME.is_empty() => {}
            opened => {
                self.is_access_noted |= WITHOUT_ACCESS_TIME.is_empty();
                return Ok(opened?.into());
            }
        }
        let file: File = rustix::fs::open(path, flags, Mode::empty())?.into();
        self.is_access_noted |= !keeps_no_access_times(&file);
        Ok(file)
    }
}

#[cfg(target_os = "linux")]
const WITHOUT_ACCESS_TIME: OFlags = OFlags::NOATIME;

#[cfg(not(target_os = "linux"))]
const WITHOUT_ACCESS_TIME: OFlags = OFlags::empty();

/// Whether reading a file changes no time because its file system is mounted so.
fn keeps_no_access_times(file: &File) -> bool {
    use rustix::fs::StatVfsMountFlags;
    let Ok(status) = rustix::fs::fstatvfs(file) else { return false };
    #[cfg(target_os = "linux")]
    let quiet = StatVfsMountFlags::RDONLY | StatVfsMountFlags::NOATIME;
    #[cfg(not(target_os = "linux"))]
    let quiet = StatVfsMountFlags::RDONLY;
    status.f_flag.intersects(quiet)
}
