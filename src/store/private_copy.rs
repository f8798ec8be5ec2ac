//! A private copy of a stopped node's data directory: it can be opened and written to, while the
//! original keeps its bytes and times.

mod untouched;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::durable_tip::{DURABLE_TIP_FILE, DurableTip};
use super::error::failed;
use super::lock::DirectoryLock;
use super::schema::check_known;
use super::schema_file::SCHEMA_FILE;
use super::sled::open::Engine;
use super::sled::page_cache::{Kernel, System};
use untouched::Untouched;

/// Room that is left beside a copy, in bytes: opening it writes a snapshot and whole segments.
pub(super) const COPY_MARGIN: u64 = 64 << 20;

/// Bytes that are copied between two reports of progress.
const COPIED_AT_A_TIME: u64 = 8 << 20;

/// How a copy was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Copied {
    /// Bytes of all files.
    pub bytes: u64,
    /// Whether the database shares its blocks on the disk with the original (a reflink).
    pub is_reflink: bool,
    /// Whether the original's times of access may have changed: this account may not read files
    /// without that, and the file system keeps these times.
    pub is_access_noted: bool,
}

/// Copies the database of the stopped node in `source`, and its files named `also` that exist, into
/// `target`, which is created with mode 0700. The directory is locked meanwhile, for which nothing
/// is written to it; and room for `further` databases of its size is required beside the copy. `progress` is told how many
/// bytes are copied, and how many there are.
///
/// # Errors
/// [`StoreError::Locked`] when a node holds the directory, [`StoreError::Newer`] when a newer
/// program wrote it, [`StoreError::NoRoom`] when the copy does not fit: before it is begun;
/// [`StoreError::Missing`] and [`StoreError::Damaged`] when there is no database to copy.
pub fn copy_stopped(
    source: &Path,
    target: &Path,
    also: &[&str],
    further: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Copied, StoreError> {
    copy_on(source, target, also, further, progress, &Kernel)
}

fn copy_on(
    source: &Path,
    target: &Path,
    also: &[&str],
    further: u64,
    progress: &mut dyn FnMut(u64, u64),
    system: &dyn System,
) -> Result<Copied, StoreError> {
    if !Engine::exists(source)? {
        return Err(DurableTip::why_missing(source)?);
    }
    let mut untouched = Untouched::default();
    let _lock = DirectoryLock::share(source, &mut |path| untouched.open(path))?;
    DirBuilder::new().mode(0o700).create(target).map_err(failed("creating", target))?;
    // First, and alone: what a newer program wrote need not be copied to be refused.
    let known = copy_small(source, target, SCHEMA_FILE, &mut untouched)?;
    check_known(target)?;
    let mut bytes = known;
    for name in [DURABLE_TIP_FILE].iter().chain(also) {
        bytes = bytes.saturating_add(copy_small(source, target, name, &mut untouched)?);
    }
    let (from, to) = (Engine::folder(source), Engine::folder(target));
    let files = list(&from, &to, &mut untouched)?;
    let size = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.bytes));
    let mut copy = Copy { done: 0, total: size, progress };
    let mut is_reflink = false;
    // Its lock is held until all files are copied.
    let mut engine_file = None;
    for (number, file) in files.iter().enumerate() {
        let opened = untouched.open(&file.from).map_err(failed("opening", &file.from))?;
        let created = create(&file.to)?;
        if number == 0 {
            check_engine_lock(source, &opened, &file.from)?;
            is_reflink = system.clone_file(&opened, &created);
            let rest = if is_reflink { size.saturating_sub(file.bytes) } else { size };
            let needed = rest.saturating_add(size.saturating_mul(further));
            check_room(target, needed.saturating_add(COPY_MARGIN), system)?;
        }
        if number == 0 && is_reflink {
            copy.add(file.bytes);
        } else {
            copy.contents(&opened, created, &file.to)?;
        }
        engine_file.get_or_insert(opened);
    }
    bytes = bytes.saturating_add(size);
    Ok(Copied { bytes, is_reflink, is_access_noted: untouched.is_access_noted() })
}

/// A file of the database.
struct DataFile {
    from: PathBuf,
    to: PathBuf,
    bytes: u64,
}

/// The files below a folder, the largest first; their folders are created.
fn list(from: &Path, to: &Path, untouched: &mut Untouched) -> Result<Vec<DataFile>, StoreError> {
    let mut files = Vec::new();
    let mut folders = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = folders.pop() {
        DirBuilder::new().mode(0o700).create(&to).map_err(failed("creating", &to))?;
        for name in untouched.names(&from).map_err(failed("listing", &from))? {
            let (from, to) = (from.join(&name), to.join(&name));
            let found = std::fs::metadata(&from).map_err(failed("looking at", &from))?;
            if found.is_dir() {
                folders.push((from, to));
            } else if found.is_file() && !Engine::is_set_aside(&name) {
                files.push(DataFile { from, to, bytes: found.len() });
            }
        }
    }
    // Of files of one size, the shallower one: the engine's own, which its lock is on.
    files.sort_by_key(|file| (std::cmp::Reverse(file.bytes), file.from.clone()));
    let own = files.iter().position(|file| file.from == Engine::data_file_in(from));
    if let Some(own) = own {
        files.swap(0, own);
    }
    Ok(files)
}

struct Copy<'a> {
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Copy<'_> {
    fn add(&mut self, bytes: u64) {
        self.done = self.done.saturating_add(bytes);
        (self.progress)(self.done, self.total);
    }

    fn contents(&mut self, from: &File, mut to: File, path: &Path) -> Result<(), StoreError> {
        loop {
            let part = &mut io::Read::take(from, COPIED_AT_A_TIME);
            let copied = io::copy(part, &mut to).map_err(failed("copying to", path))?;
            if copied == 0 {
                return Ok(());
            }
            self.add(copied);
        }
    }
}

fn create(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path).map_err(failed("creating", path))
}

/// Copies a file of the directory itself, if it exists. Returns its length.
fn copy_small(
    source: &Path,
    target: &Path,
    name: &str,
    untouched: &mut Untouched,
) -> Result<u64, StoreError> {
    let (from, to) = (source.join(name), target.join(name));
    let mut opened = match untouched.open(&from) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        opened => opened.map_err(failed("opening", &from))?,
    };
    io::copy(&mut opened, &mut create(&to)?).map_err(failed("copying to", &to))
}

/// Refuses a database that some process holds open without the directory's lock.
fn check_engine_lock(source: &Path, file: &File, path: &Path) -> Result<(), StoreError> {
    if DirectoryLock::share_file(file).map_err(failed("locking", path))? {
        return Ok(());
    }
    let holder = "another process, whose LOCK file is gone".to_owned();
    Err(StoreError::Locked { path: source.to_owned(), holder })
}

fn check_room(target: &Path, needed: u64, system: &dyn System) -> Result<(), StoreError> {
    let free = system.free_bytes(target).map_err(failed("asking for the free space of", target))?;
    if free >= needed {
        return Ok(());
    }
    let what = "the private copy of the database".to_owned();
    Err(StoreError::NoRoom { path: target.to_owned(), what, free, needed })
}

#[cfg(test)]
mod tests;
