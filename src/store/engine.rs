//! sled, brought up from whatever state a kill or a bad disk left it in.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::guard::{guarded, read_error};
use super::{Options, StoreError};

/// Folder of the database in the data directory.
const FOLDER: &str = "db";
/// Where a copy of a damaged database goes before its repair is tried.
const COPY: &str = "db.damaged";
/// What it is called until it is whole.
const UNFINISHED: &str = "db.damaged.unfinished";
/// sled's settings in its folder.
const SETTINGS: &str = "conf";
/// sled's own file in its folder.
const FILE: &str = "db";
/// How long to wait for sled's lock, which it releases a little after it is closed.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// The engine, and a handle of our own on its file, for fdatasync.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) db: sled::Db,
    pub(super) file: File,
}

impl Engine {
    /// Whether there is a database to open.
    pub(super) fn exists(directory: &Path) -> bool {
        directory.join(FOLDER).join(FILE).exists()
    }

    /// Opens or creates the database. One that does not open is copied aside, once,
    /// and opened again without its snapshots, which are only an abridgement of its log.
    pub(super) fn open(
        directory: &Path,
        options: &Options,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Self, StoreError> {
        let folder = directory.join(FOLDER);
        let known = fs::metadata(folder.join(FILE)).map_or(0, |file| file.len());
        if known > 0 {
            progress(&format!("opening the database, {} MiB", known >> 20));
        }
        remove_snapshots(&folder, true)?;
        if known == 0 {
            // A kill during creation leaves half of them, with which sled opens nothing ever.
            remove_if_there(&folder.join(SETTINGS))?;
        }
        let db = match open_sled(&folder, options) {
            Err(StoreError::Damaged { what }) if known > 0 => {
                progress(&format!("{what}; trying again without snapshots"));
                let copy = keep_copy(directory, &folder)?;
                remove_snapshots(&folder, false)?;
                let aside = format!("; a copy of it is in {}", copy.display());
                open_sled(&folder, options).map_err(|error| match error {
                    StoreError::Damaged { what } => StoreError::Damaged { what: what + &aside },
                    other => other,
                })?
            }
            other => other?,
        };
        let file =
            File::open(folder.join(FILE)).map_err(|source| failed("opening", &folder, source))?;
        if known == 0 {
            for path in [&folder.join(SETTINGS), &folder, directory] {
                File::open(path)
                    .and_then(|opened| opened.sync_all())
                    .map_err(|source| failed("synchronising", path, source))?;
            }
        }
        Ok(Self { db, file })
    }
}

fn open_sled(folder: &Path, options: &Options) -> Result<sled::Db, StoreError> {
    let started = Instant::now();
    let config = sled::Config::new()
        .path(folder)
        .segment_size(stored_segment_size(folder).unwrap_or(options.segment_bytes))
        .cache_capacity(options.cache_bytes)
        .flush_every_ms(Some(500))
        .use_compression(false);
    loop {
        match guarded(|| config.open().map_err(read_error)) {
            Err(StoreError::Io { source, .. })
                if source.to_string().contains("could not acquire lock")
                    && started.elapsed() < LOCK_PATIENCE =>
            {
                thread::sleep(Duration::from_millis(20));
            }
            Err(StoreError::Io { source, .. })
                if source.to_string().contains("could not acquire lock") =>
            {
                let path = folder.parent().unwrap_or(folder).to_owned();
                let holder = "another process, whose LOCK file is gone".to_owned();
                return Err(StoreError::Locked { path, holder });
            }
            other => return other,
        }
    }
}

/// The segment size that an existing database was made with: sled opens it with no other.
fn stored_segment_size(folder: &Path) -> Option<usize> {
    let text = fs::read(folder.join(SETTINGS)).ok()?;
    let text = String::from_utf8_lossy(&text);
    let size = text.lines().find_map(|line| line.strip_prefix("segment_size: "))?.trim();
    let size: usize = size.parse().ok()?;
    (size.is_power_of_two() && (1 << 8..=1 << 24).contains(&size)).then_some(size)
}

/// Removes what a kill left of a snapshot being written, which sled takes for the newest
/// one and then refuses to open for ever; or every snapshot.
fn remove_snapshots(folder: &Path, only_unfinished: bool) -> Result<(), StoreError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry.map_err(|source| failed("listing", folder, source))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && (!only_unfinished || name.ends_with(".generating")) {
            fs::remove_file(entry.path())
                .map_err(|source| failed("removing", &entry.path(), source))?;
        }
    }
    Ok(())
}

/// Copies the database aside, unless an earlier copy is there already.
fn keep_copy(directory: &Path, folder: &Path) -> Result<PathBuf, StoreError> {
    let copy = directory.join(COPY);
    if copy.exists() {
        return Ok(copy);
    }
    let unfinished = directory.join(UNFINISHED);
    let copied = match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => copy_folder(folder, &unfinished).and_then(|()| fs::rename(&unfinished, &copy)),
    };
    copied.map_err(|source| failed("copying to", &copy, source))?;
    Ok(copy)
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(failed("removing", path, source))
        }
        _ => Ok(()),
    }
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn failed(action: &str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { action: format!("{action} {}", path.display()), source }
}
