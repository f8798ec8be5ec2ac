//! What a copy has, what it costs the original, and what is refused before it is begun.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;

use super::*;
use crate::chain::Height;
use crate::store::open;
use crate::store::test_util::{Home, append, genesis, grow};

/// A system with this much room, and reflinks or not.
#[derive(Debug)]
struct Disk {
    free: u64,
    has_reflinks: bool,
}

impl System for Disk {
    fn sync(&self, path: &Path, file: &File) -> io::Result<()> {
        Kernel.sync(path, file)
    }

    fn drop_pages(&self, path: &Path, file: &File) -> io::Result<()> {
        Kernel.drop_pages(path, file)
    }

    fn is_memory(&self, file: &File) -> io::Result<bool> {
        Kernel.is_memory(file)
    }

    fn free_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.free)
    }

    fn clone_file(&self, mut from: &File, mut to: &File) -> bool {
        self.has_reflinks && io::copy(&mut from, &mut to).is_ok()
    }
}

/// A stopped node's directory.
fn stored(blocks: u64) -> Home {
    let (home, mut opened) = Home::opened();
    append(&mut opened, &grow(&mut genesis(), blocks, "record"));
    home
}

/// What a directory has, with the times of everything in it.
fn state(dir: &Path) -> BTreeMap<PathBuf, (Vec<i64>, Vec<u8>)> {
    let mut state = BTreeMap::new();
    // The times first: reading changes them.
    let times = |path: &Path| {
        let meta = fs::metadata(path).unwrap();
        vec![meta.atime(), meta.atime_nsec(), meta.mtime(), meta.mtime_nsec(), meta.ctime()]
    };
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        state.insert(folder.clone(), (times(&folder), Vec::new()));
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                state.insert(path.clone(), (times(&path), fs::read(&path).unwrap()));
            }
        }
    }
    state
}

/// Gives everything a time of access before that of its change, which any usual read would move.
fn age(dir: &Path) {
    let old = rustix::fs::Timespec { tv_sec: 1_000_000_000, tv_nsec: 7 };
    let times = rustix::fs::Timestamps { last_access: old, last_modification: old };
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let flags = rustix::fs::AtFlags::empty();
                rustix::fs::utimensat(rustix::fs::CWD, &path, &times, flags).unwrap();
            }
        }
        let flags = rustix::fs::AtFlags::empty();
        rustix::fs::utimensat(rustix::fs::CWD, &folder, &times, flags).unwrap();
    }
}

fn copy(home: &Home, target: &Path) -> Result<Copied, StoreError> {
    copy_stopped(home.directory.path(), target, &["jenny.toml"], 0, &mut |_, _| ())
}

#[test]
fn a_copy_opens_and_the_original_is_as_it_was() {
    let home = stored(5);
    let around = tempfile::tempdir().unwrap();
    let target = around.path().join("copy");
    fs::write(home.directory.path().join("jenny.toml"), "a = 1").unwrap();
    fs::write(home.directory.path().join("users.toml"), "secret").unwrap();
    fs::write(home.directory.path().join("db/damaged.snap.1"), "evidence").unwrap();
    age(home.directory.path());
    let before = state(home.directory.path());
    // Looking changed the times of access, as it does.
    age(home.directory.path());
    let mut told = Vec::new();
    let copied =
        copy_stopped(home.directory.path(), &target, &["jenny.toml"], 0, &mut |done, total| {
            told.push((done, total));
        })
        .unwrap();
    assert!(!copied.is_access_noted);
    let after = state(home.directory.path());
    for ((path, (times, bytes)), (_, (times_after, bytes_after))) in before.iter().zip(&after) {
        // ctime is that of the second ageing.
        assert_eq!(times[..4], times_after[..4], "{}", path.display());
        assert_eq!(bytes, bytes_after, "{}", path.display());
    }
    assert_eq!(before.len(), after.len());
    let (done, total) = told.last().unwrap();
    assert_eq!(done, total);
    assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(target.join("db/db")).unwrap().mode() & 0o777, 0o600);
    let mut names: Vec<_> =
        fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["db", "durable-tip", "jenny.toml", "schema"]);
    assert!(!target.join("db/damaged.snap.1").exists());
    let opened = open(&target, &home.options, &mut |_| ()).unwrap();
    assert_eq!(opened.reader.tip().header.height, Height::new(5));
    assert_eq!(opened.repairs, Vec::<String>::new());
}

#[test]
fn a_directory_in_use_is_not_copied() {
    let home = stored(1);
    let around = tempfile::tempdir().unwrap();
    let target = around.path().join("copy");
    let opened = home.open();
    assert!(matches!(copy(&home, &target), Err(StoreError::Locked { .. })));
    assert!(!target.exists());
    // The engine's own lock tells of it where the other one is gone.
    fs::remove_file(home.directory.path().join("LOCK")).unwrap();
    assert!(matches!(copy(&home, &target), Err(StoreError::Locked { .. })));
    fs::remove_dir_all(&target).unwrap();
    drop(opened);
    copy(&home, &target).unwrap();
}

#[test]
fn a_newer_database_is_refused_before_it_is_copied() {
    let home = stored(1);
    let newer = crate::store::schema_file::SchemaFile { schema: 9, program: "7".to_owned() };
    newer.write(home.directory.path()).unwrap();
    let around = tempfile::tempdir().unwrap();
    let target = around.path().join("copy");
    assert!(matches!(copy(&home, &target), Err(StoreError::Newer { found: 9, .. })));
    assert!(!target.join("db").exists());
}

#[test]
fn room_is_checked_before_a_byte_is_copied() {
    let home = stored(3);
    let size = fs::metadata(home.directory.path().join("db/db")).unwrap().len();
    let around = tempfile::tempdir().unwrap();
    let on = |name: &str, free, has_reflinks| {
        let (target, disk) = (around.path().join(name), Disk { free, has_reflinks });
        let copied = copy_on(home.directory.path(), &target, &[], 0, &mut |_, _| (), &disk);
        (target, copied)
    };
    let (target, copied) = on("no room", COPY_MARGIN + size - 1, false);
    let Err(error @ StoreError::NoRoom { .. }) = copied else { panic!("{copied:?}") };
    assert!(error.to_string().contains("the private copy of the database needs"), "{error}");
    assert_eq!(fs::metadata(target.join("db/db")).unwrap().len(), 0);
    // A reflink takes none.
    let (target, copied) = on("reflink", COPY_MARGIN + size - 1, true);
    assert!(copied.unwrap().is_reflink);
    let opened = open(&target, &home.options, &mut |_| ()).unwrap();
    assert_eq!(opened.reader.tip().header.height, Height::new(3));
    let (_, copied) = on("reflink without room", COPY_MARGIN - 1, true);
    assert!(matches!(copied, Err(StoreError::NoRoom { .. })));
}

#[test]
fn without_a_database_there_is_nothing_to_copy() {
    let home = Home::new();
    let around = tempfile::tempdir().unwrap();
    let target = around.path().join("copy");
    assert!(matches!(copy(&home, &target), Err(StoreError::Missing { .. })));
    assert!(!target.exists());
    home.open();
    fs::remove_dir_all(home.directory.path().join("db")).unwrap();
    assert!(matches!(copy(&home, &target), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_database_behind_a_link_is_copied() {
    let home = stored(2);
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("moved");
    fs::rename(home.directory.path().join("db"), &moved).unwrap();
    std::os::unix::fs::symlink(&moved, home.directory.path().join("db")).unwrap();
    let target = elsewhere.path().join("copy");
    copy(&home, &target).unwrap();
    assert!(!target.join("db").is_symlink());
    let opened = open(&target, &home.options, &mut |_| ()).unwrap();
    assert_eq!(opened.reader.tip().header.height, Height::new(2));
}
