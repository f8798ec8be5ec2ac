//! The handle on sled's file.

use std::os::unix::fs::symlink;

use super::*;

#[test]
fn a_file_that_could_not_be_synchronised_is_never_said_to_be() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    std::fs::write(&path, b"data").unwrap();
    let file = DataFile::open(&path).unwrap();
    file.sync().unwrap();
    file.fail();
    file.sync().unwrap_err();
    file.sync().unwrap_err();
    // What a later start opens is another handle.
    DataFile::open(&path).unwrap().sync().unwrap();
}

#[test]
fn the_file_that_is_synchronised_is_the_one_that_is_written() {
    // Where layers are stacked (overlayfs), a file that is opened for reading alone is that of the
    // lower layer, and what is written later goes to a copy of it.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    std::fs::write(&path, b"data").unwrap();
    let file = DataFile::open(&path).unwrap();
    let mode = rustix::fs::fcntl_getfl(&file.file).unwrap() & rustix::fs::OFlags::ACCMODE;
    assert_eq!(mode, rustix::fs::OFlags::RDWR);
    assert_eq!(std::fs::read(&path).unwrap(), b"data");
}

#[cfg(target_os = "linux")]
#[test]
fn free_room_is_that_of_the_file_system_a_link_leads_to() {
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("db");
    symlink("/proc/self/comm", &link).unwrap();
    // This file system never has any.
    assert_eq!(DataFile::open(&link).unwrap().free_bytes().unwrap(), 0);
    let beside = directory.path().join("file");
    std::fs::write(&beside, b"").unwrap();
    assert!(DataFile::open(&beside).unwrap().free_bytes().unwrap() > 0);
}

#[test]
fn a_pipe_fails_and_goes_on_failing() {
    // fdatasync of a pipe is refused by the system itself.
    let (reader, _writer) = io::pipe().unwrap();
    let file = File::from(std::os::fd::OwnedFd::from(reader));
    let file = DataFile::of(file, Path::new("pipe")).unwrap();
    assert_eq!(file.sync().unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(file.sync().unwrap_err().to_string(), "an earlier fdatasync failed");
}

#[test]
fn a_file_that_was_moved_removed_or_replaced_is_gone() {
    let around = tempfile::tempdir().unwrap();
    let (here, aside) = (around.path().join("here"), around.path().join("aside"));
    std::fs::create_dir(&here).unwrap();
    let path = here.join("db");
    std::fs::write(&path, b"data").unwrap();
    let file = DataFile::open(&path).unwrap();
    assert!(!file.is_gone());
    std::fs::rename(&here, &aside).unwrap();
    assert!(file.is_gone(), "its directory was moved");
    std::fs::write(&here, b"").unwrap();
    assert!(file.is_gone(), "a file has the name of its directory");
    std::fs::remove_file(&here).unwrap();
    std::fs::create_dir(&here).unwrap();
    std::fs::write(&path, b"data").unwrap();
    assert!(file.is_gone(), "another file has its name");
    std::fs::remove_dir_all(&here).unwrap();
    symlink(&aside, &here).unwrap();
    assert!(!file.is_gone(), "a link leads to it");
    std::fs::remove_file(aside.join("db")).unwrap();
    assert!(file.is_gone(), "it was removed");
}
