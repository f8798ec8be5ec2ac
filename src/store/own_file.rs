//! Files of the node's own in its data directory: never written through a link, which would lead
//! to a file of somebody else's.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a file as `options` say, unless it is a symbolic link, and without waiting for the other
/// end of a pipe. A directory above it may be a link.
///
/// # Errors
/// As [`OpenOptions::open`]; for a link, that it is one.
pub fn open_own(path: &Path, options: &mut OpenOptions) -> Result<File> {
    // Opening a pipe would wait for its other end.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    options.custom_flags(flags).open(path).map_err(|error| {
        // The same number is that of links in a circle above it.
        let is_loop = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
        if is_loop && path.is_symlink() {
            let text = "it is a symbolic link, which is not followed here; remove it";
            return Error::new(ErrorKind::InvalidInput, text);
        }
        error
    })
}
