//! What is asked of the system before the database opens, and in which order.

use std::collections::BTreeSet;
use std::fs::TryLockError;
use std::path::PathBuf;
use std::sync::Mutex;

use super::*;
use crate::store::lock::DirectoryLock;
use crate::store::open::open_on;
use crate::store::test_util::{Home, genesis, mine};

/// What was asked, and of which path.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Asked {
    Sync,
    Drop,
}

/// A system that notes what it is asked, and does it unless it is to fail.
#[derive(Debug, Default)]
struct Recorder {
    asked: Mutex<Vec<(Asked, PathBuf)>>,
    fails: Option<(Asked, &'static str)>,
    is_memory: bool,
    /// Looks at the state of the directory at each question.
    looks: Option<PathBuf>,
    /// Whether sled had the database open, at each question.
    open: Mutex<Vec<bool>>,
}

impl Recorder {
    fn note(&self, asked: Asked, path: &Path) -> io::Result<()> {
        if let Some(directory) = &self.looks {
            let taken = DirectoryLock::take(directory);
            assert!(matches!(taken, Err(StoreError::Locked { .. })), "LOCK is not held");
            self.open.lock().unwrap().push(is_open(directory));
        }
        self.asked.lock().unwrap().push((asked, path.to_owned()));
        match self.fails {
            Some((which, name)) if which == asked && path.ends_with(name) => {
                Err(io::Error::from_raw_os_error(5))
            }
            _ => Ok(()),
        }
    }

    fn asked(&self) -> Vec<(Asked, PathBuf)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl System for Recorder {
    fn sync(&self, path: &Path, file: &File) -> io::Result<()> {
        self.note(Asked::Sync, path)?;
        Kernel.sync(path, file)
    }

    fn drop_pages(&self, path: &Path, file: &File) -> io::Result<()> {
        self.note(Asked::Drop, path)?;
        Kernel.drop_pages(path, file)
    }

    fn is_memory(&self, _file: &File) -> io::Result<bool> {
        Ok(self.is_memory)
    }
}

/// Whether sled holds its lock.
fn is_open(directory: &Path) -> bool {
    let Ok(file) = File::open(directory.join("db/db")) else { return false };
    matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// A closed database of one block, opened twice, so that it has a snapshot.
fn stored() -> Home {
    let (home, mut opened) = Home::opened();
    opened.writer.append(&mine(&mut genesis(), &[])).unwrap();
    opened.writer.commit().unwrap();
    drop(opened);
    drop(home.open());
    home
}

fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.insert(path);
        }
    }
    files
}

#[test]
fn every_file_is_synchronised_and_then_dropped() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("blobs/deep")).unwrap();
    for name in ["db", "conf", "snap.0000000000000001", "blobs/1", "blobs/deep/2"] {
        fs::write(directory.path().join(name), name).unwrap();
    }
    // Neither is a file to read.
    std::os::unix::fs::symlink("nothing", directory.path().join("dangling")).unwrap();
    std::os::unix::fs::symlink(".", directory.path().join("circle")).unwrap();
    let recorder = Recorder::default();
    empty(directory.path(), &recorder, &mut |step| panic!("{step}")).unwrap();
    let asked = recorder.asked();
    let mut seen = BTreeSet::new();
    for pair in asked.chunks(2) {
        let [(Asked::Sync, first), (Asked::Drop, second)] = pair else { panic!("{pair:?}") };
        assert_eq!(first, second);
        seen.insert(first.strip_prefix(directory.path()).unwrap().to_str().unwrap().to_owned());
    }
    let expected = ["blobs/1", "blobs/deep/2", "conf", "db", "snap.0000000000000001"];
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn it_happens_under_the_lock_and_before_the_database_is_open() {
    let home = stored();
    let directory = home.directory.path();
    let before = files_below(&directory.join("db"));
    assert!(before.iter().any(|path| path.to_string_lossy().contains("/snap.")), "{before:?}");
    let recorder = Recorder { looks: Some(directory.to_owned()), ..Recorder::default() };
    let opened = open_on(directory, &home.options, &mut |_| (), &recorder).unwrap();
    assert!(is_open(directory));
    drop(opened);
    let asked = recorder.asked();
    let dropped = asked.iter().filter(|(asked, _)| *asked == Asked::Drop);
    assert_eq!(dropped.map(|(_, path)| path.clone()).collect::<BTreeSet<_>>(), before);
    for ((asked, path), open) in asked.iter().zip(recorder.open.into_inner().unwrap()) {
        // What comes after it are the directories.
        assert_eq!(open, path.is_dir(), "{asked:?} {}", path.display());
    }
}

#[test]
fn a_file_that_cannot_be_put_on_the_disk_or_dropped_keeps_the_database_closed() {
    for fails in [(Asked::Sync, "db/db"), (Asked::Drop, "db/db"), (Asked::Sync, "conf")] {
        let home = stored();
        let directory = home.directory.path();
        let before = files_below(&directory.join("db"));
        let recorder = Recorder { fails: Some(fails), ..Recorder::default() };
        let error = open_on(directory, &home.options, &mut |_| (), &recorder).map(drop);
        let error = error.unwrap_err();
        let text = error.to_string();
        let action = if fails.0 == Asked::Sync { "fdatasync" } else { "posix_fadvise" };
        assert!(text.contains(action) && text.contains(fails.1), "{text}");
        assert!(error.advice().iter().any(|line| line.contains("start again")), "{error:?}");
        assert_eq!(files_below(&directory.join("db")), before);
        assert!(!is_open(directory));
        home.open();
    }
}

#[test]
fn memory_that_is_no_disk_is_told_once_and_goes_on() {
    let home = stored();
    let recorder = Recorder { is_memory: true, ..Recorder::default() };
    let mut told = Vec::new();
    let mut progress = |step: &str| told.push(step.to_owned());
    open_on(home.directory.path(), &home.options, &mut progress, &recorder).unwrap();
    assert_eq!(told.iter().filter(|step| step.contains("on tmpfs")).count(), 1, "{told:?}");
}

#[test]
fn directories_are_synchronised_at_every_start_not_at_creation_alone() {
    let outer = tempfile::tempdir().unwrap();
    let directory = outer.path().join("a/b");
    let home = Home::new();
    for _ in 0..2 {
        let recorder = Recorder::default();
        open_on(&directory, &home.options, &mut |_| (), &recorder).unwrap();
        let asked = recorder.asked();
        for path in ["a/b/db", "a/b", "a", ""] {
            let wanted = outer.path().join(path).canonicalize().unwrap();
            assert!(asked.contains(&(Asked::Sync, wanted)), "{path}: {asked:?}");
        }
    }
}

#[test]
fn a_directory_that_cannot_be_synchronised_keeps_the_database_closed() {
    let home = stored();
    let directory = home.directory.path();
    // The last part of its path is that of no file.
    let name = directory.file_name().unwrap().to_str().unwrap().to_owned();
    let recorder = Recorder { fails: Some((Asked::Sync, name.leak())), ..Recorder::default() };
    let error = open_on(directory, &home.options, &mut |_| (), &recorder).map(drop).unwrap_err();
    assert!(error.to_string().contains("synchronising"), "{error}");
    home.open();
}
