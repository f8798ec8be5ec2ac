//! Files of a folder, and what is beside them.

use std::os::unix::fs::symlink;

use jenny_chain::cli::toolkit::{code_of, text_of};
use tempfile::tempdir;

use super::*;

fn open(path: &Path) -> Result<LocalFolder> {
    LocalFolder::for_export(path, &Unfinished::default())
}

fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_file_appears_when_it_is_finished() {
    let dir = tempdir().unwrap();
    let mut folder = open(&dir.path().join("new")).unwrap();
    let records = dir.path().join("new/records");
    let mut file = folder.create("records/a.parquet").unwrap();
    file.write_all(b"some").unwrap();
    assert_eq!(names(&records), [".a.parquet.part"]);
    assert_eq!(folder.tables().unwrap(), Vec::<String>::new());
    file.write_all(b"thing").unwrap();
    assert_eq!(file.finish().unwrap(), Finished::Written);
    assert_eq!(names(&records), ["a.parquet"]);
    assert_eq!(fs::read(records.join("a.parquet")).unwrap(), b"something");
    assert_eq!(folder.tables().unwrap(), ["a.parquet"]);
}

#[test]
fn nothing_is_left_of_a_file_that_is_given_up() {
    let dir = tempdir().unwrap();
    let mut folder = open(dir.path()).unwrap();
    let mut file = folder.create("records/a.parquet").unwrap();
    file.write_all(b"some").unwrap();
    drop(file);
    assert_eq!(names(&dir.path().join(RECORDS)), Vec::<String>::new());
}

#[test]
fn what_a_killed_export_left_is_replaced() {
    let dir = tempdir().unwrap();
    let mut folder = open(dir.path()).unwrap();
    let records = dir.path().join(RECORDS);
    fs::write(records.join(".a.parquet.part"), "half").unwrap();
    // What somebody put in its place must not be written through.
    let elsewhere = dir.path().join("elsewhere");
    fs::write(&elsewhere, "precious").unwrap();
    symlink(&elsewhere, dir.path().join(".manifest.json.part")).unwrap();
    let mut file = folder.create("records/a.parquet").unwrap();
    file.write_all(b"whole").unwrap();
    file.finish().unwrap();
    folder.commit(b"{}").unwrap();
    assert_eq!(fs::read(records.join("a.parquet")).unwrap(), b"whole");
    assert_eq!(folder.manifest().unwrap().unwrap(), b"{}");
    assert_eq!(fs::read(&elsewhere).unwrap(), b"precious");
    assert_eq!(names(dir.path()), [".lock", "elsewhere", "manifest.json", "records"]);
}

#[test]
fn a_file_of_that_name_is_left() {
    let dir = tempdir().unwrap();
    let mut folder = open(dir.path()).unwrap();
    let records = dir.path().join(RECORDS);
    fs::write(records.join("a.parquet"), "of somebody").unwrap();
    symlink("nowhere", records.join("b.parquet")).unwrap();
    fs::create_dir(records.join("c.parquet")).unwrap();
    for name in ["a", "b", "c"] {
        let mut file = folder.create(&format!("records/{name}.parquet")).unwrap();
        file.write_all(b"whole").unwrap();
        assert_eq!(file.finish().unwrap(), Finished::Exists, "{name}");
    }
    assert_eq!(fs::read(records.join("a.parquet")).unwrap(), b"of somebody");
    assert_eq!(names(&records), ["a.parquet", "b.parquet", "c.parquet"]);
}

#[test]
fn one_export_at_a_time() {
    let dir = tempdir().unwrap();
    let first = open(dir.path()).unwrap();
    let error = open(dir.path()).unwrap_err();
    assert_eq!(code_of(&error), Code::Locked);
    assert!(text_of(&error).contains("another export is writing to"), "{error}");
    LocalFolder::for_reading(dir.path()).unwrap();
    drop(first);
    open(dir.path()).unwrap();
}

#[test]
fn a_folder_needs_a_parent_and_no_file_in_its_place() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    symlink("nowhere", dir.path().join("link")).unwrap();
    for path in ["file", "link"] {
        let text = text_of(&open(&dir.path().join(path)).unwrap_err());
        assert!(text.contains("hint: something else has this name"), "{text}");
    }
    for path in ["missing/new", "file"] {
        let error = open(&dir.path().join(path)).unwrap_err();
        assert_eq!(code_of(&error), Code::Usage, "{path}");
        assert!(LocalFolder::for_reading(&dir.path().join(path)).is_err());
    }
}

#[test]
fn a_hint_fits_its_error() {
    let hint = |kind: ErrorKind| text_of(&cannot_write(Path::new("x"), kind.into()));
    assert!(hint(ErrorKind::PermissionDenied).contains("hint: run it as a user who may write"));
    assert!(hint(ErrorKind::ReadOnlyFilesystem).contains("name another folder"));
    assert!(hint(ErrorKind::FileTooLarge).contains("ulimit -f"));
    assert!(hint(ErrorKind::StorageFull).contains("hint: make room"));
    let dir = tempdir().unwrap();
    let behind = anyhow::Error::from(io::Error::from(ErrorKind::FileTooLarge)).context("a table");
    assert!(open(dir.path()).unwrap().advice(&behind).contains("ulimit -f"));
}

#[test]
fn a_query_reads_no_hidden_file() {
    for (name, expected) in [
        ("a.parquet", true),
        (".a.parquet.part", false),
        (".a.parquet", false),
        ("_a.parquet", false),
        ("a.txt", false),
    ] {
        assert_eq!(super::super::is_table(name), expected, "{name}");
    }
}
