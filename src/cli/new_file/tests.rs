//! New files.

use super::*;

#[test]
fn a_file_is_new_and_whole_and_nothing_is_left_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a file");
    std::fs::write(part_of(&path), "of a process that was killed").unwrap();
    write_new(&path, "a text", 0o600).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a text");
    let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(write_new(&path, "other", 0o600).unwrap_err().kind(), ErrorKind::AlreadyExists);
    let link = dir.path().join("link");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    assert_eq!(write_new(&link, "other", 0o600).unwrap_err().kind(), ErrorKind::AlreadyExists);
    write_new(&dir.path().join("no/where"), "", 0o600).unwrap_err();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a text");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}
