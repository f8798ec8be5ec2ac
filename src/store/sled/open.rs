//! sled, brought up from whatever state a kill or a bad disk left it in.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::data_file::DataFile;
use super::errors::{guarded, read_error};
use super::page_cache::{self, System};
use crate::store::error::failed;
use crate::store::{Options, StoreError};

/// Folder of the database in the data directory.
const FOLDER: &str = "db";
/// How the names of sled's snapshots begin.
const SNAPSHOT: &str = "snap.";
/// The prefix of the name of a snapshot that was set aside, which sled does not know then.
const ASIDE: &str = "damaged.";
/// sled's settings in its folder.
const SETTINGS: &str = "conf";
/// sled's own file in its folder.
const FILE: &str = "db";
/// How long to wait for sled's lock, which it releases a little after it is closed.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// The engine, and a handle of our own on its file, for fdatasync.
#[derive(Debug)]
pub(in crate::store) struct Engine {
    pub(in crate::store) db: sled::Db,
    pub(in crate::store) file: DataFile,
    /// What opening had to mend, in words.
    pub(in crate::store) repairs: Vec<String>,
}

impl Engine {
    /// The folder of the database in the data directory, which may be a link.
    pub(in crate::store) fn folder(directory: &Path) -> PathBuf {
        directory.join(FOLDER)
    }

    /// The engine's own file in that folder.
    pub(in crate::store) fn data_file_in(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// Whether a file of the folder was set aside by an earlier opening, and is no part of the
    /// database.
    pub(in crate::store) fn is_set_aside(name: &OsStr) -> bool {
        name.to_string_lossy().starts_with(ASIDE)
    }

    /// Whether there is a database to open. What cannot be read, for want of permission
    /// or otherwise, is an error: it must not be taken for an empty directory.
    pub(in crate::store) fn exists(directory: &Path) -> Result<bool, StoreError> {
        let path = directory.join(FOLDER).join(FILE);
        path.try_exists().map_err(failed("looking for", &path))
    }

    /// Opens or creates the database, from what the device holds. When it does not open, its
    /// snapshot is set aside, which is only an abridgement of its log, and it is opened again.
    pub(in crate::store) fn open(
        directory: &Path,
        options: &Options,
        progress: &mut dyn FnMut(&str),
        system: &dyn System,
    ) -> Result<Self, StoreError> {
        let folder = directory.join(FOLDER);
        if folder.is_symlink() && !folder.is_dir() {
            let action = "the link must lead to a directory that exists:";
            return Err(failed(action, &folder)(io::ErrorKind::NotFound.into()));
        }
        let path = folder.join(FILE);
        let known = fs::metadata(&path).map_or(0, |file| file.len());
        if known > 0 {
            progress(&format!("opening the database, {} MiB", known >> 20));
        }
        let mut repairs = Vec::new();
        if remove_unfinished_snapshots(&folder)? {
            repairs.push(
                "a snapshot was removed that an earlier start had left unfinished".to_owned(),
            );
        }
        if known == 0 {
            // A kill during creation leaves half of them, with which sled opens nothing ever.
            remove_if_there(&folder.join(SETTINGS))?;
        }
        // The handle comes before sled's first write, so that no failure of one escapes it.
        let before = if known > 0 { Some(open_file(&path)?) } else { None };
        page_cache::empty(&folder, system, progress)?;
        let db = match open_sled(&folder, options) {
            Err(StoreError::Damaged { what }) if known > 0 => {
                let Some(aside) = set_snapshots_aside(&folder)? else {
                    return Err(StoreError::Damaged { what });
                };
                progress(&format!("{what}; trying again without the snapshot"));
                repairs.push(format!("the engine's snapshot was set aside, because {what}"));
                page_cache::empty(&folder, system, &mut |_| ())?;
                let aside = format!("; its snapshot was set aside as {}", aside.display());
                open_sled(&folder, options).map_err(|error| match error {
                    StoreError::Damaged { what } => StoreError::Damaged { what: what + &aside },
                    other => other,
                })?
            }
            other => other?,
        };
        let file = match before {
            Some(file) => file,
            None => open_file(&path)?,
        };
        if known == 0 {
            let settings = folder.join(SETTINGS);
            fs::File::open(&settings)
                .and_then(|file| system.sync(&settings, &file))
                .map_err(failed("synchronising", &settings))?;
        }
        // At every start: a kill may have come before it at an earlier one.
        page_cache::sync_directories(&folder, system)?;
        page_cache::sync_directories(directory, system)?;
        Ok(Self { db, file, repairs })
    }
}

fn open_file(path: &Path) -> Result<DataFile, StoreError> {
    DataFile::open(path).map_err(failed("opening", path))
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
/// one and then refuses to open for ever. Returns whether there was one.
fn remove_unfinished_snapshots(folder: &Path) -> Result<bool, StoreError> {
    let mut found = false;
    for path in named(folder, SNAPSHOT)? {
        if path.extension().is_some_and(|end| end == "generating") {
            remove_if_there(&path)?;
            found = true;
        }
    }
    Ok(found)
}

/// Gives every snapshot a name that sled does not know, and returns the new name of one. The
/// first that was ever set aside is kept, to examine the damage; later ones are
/// removed. Returns `None` if there is no snapshot, so that opening again would change nothing.
fn set_snapshots_aside(folder: &Path) -> Result<Option<PathBuf>, StoreError> {
    let mut kept = named(folder, ASIDE)?.into_iter().next();
    let snapshots = named(folder, SNAPSHOT)?;
    for path in snapshots.iter().rev() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if kept.is_some() {
            remove_if_there(path)?;
            continue;
        }
        let aside = folder.join(format!("{ASIDE}{name}"));
        fs::rename(path, &aside).map_err(failed("renaming", path))?;
        kept = Some(aside);
    }
    Ok(kept.filter(|_| !snapshots.is_empty()))
}

/// The files of a folder whose names begin so, in order.
fn named(folder: &Path, prefix: &str) -> Result<Vec<PathBuf>, StoreError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed("listing", folder))?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(failed("removing", path)(source))
        }
        _ => Ok(()),
    }
}
