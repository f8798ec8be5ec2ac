//! The files of a certificate and its key: made once, never replaced.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::cli::exit::Failure;
use crate::tls::Issued;

/// Permissions of a private key.
const KEY_MODE: u32 = 0o600;

/// Permissions of a certificate, which is no secret.
const CERT_MODE: u32 = 0o644;

/// Writes both files, or none: neither may be there.
pub(super) fn write(cert: &Path, key: &Path, made: &Issued) -> Result<()> {
    let dir = cert.parent().unwrap_or_else(|| Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("the directory {} cannot be made", dir.display()))?;
    if cert.exists() {
        return Err(taken(cert));
    }
    create(key, &made.key, KEY_MODE)?;
    let written = create(cert, &made.certificate, CERT_MODE).and_then(|()| {
        let synced = File::open(dir).and_then(|dir| dir.sync_all());
        synced.with_context(|| format!("{} cannot be written", dir.display()))
    });
    if written.is_err() {
        // A key without its certificate is of no use, and would be in the way.
        drop(std::fs::remove_file(key));
    }
    written
}

fn create(path: &Path, text: &str, mode: u32) -> Result<()> {
    let mut options = OpenOptions::new();
    let mut file = match options.write(true).create_new(true).mode(KEY_MODE).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(taken(path)),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be written", path.display()));
        }
    };
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.set_permissions(Permissions::from_mode(mode)))
        .and_then(|()| file.sync_all());
    if written.is_err() {
        drop(std::fs::remove_file(path));
    }
    written.with_context(|| format!("{} cannot be written", path.display()))
}

/// A file that would have to be replaced.
fn taken(path: &Path) -> anyhow::Error {
    Failure::no(format!("{} exists already, and is not replaced", path.display()))
        .hint("write into another directory, or move the old files away (docs/tls.md, Renewal)")
        .into()
}
