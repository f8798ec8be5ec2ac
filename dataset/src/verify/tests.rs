//! What a check of a dataset finds.

use std::fs;
use std::path::Path;

use jenny_chain::cli::toolkit::{Unfinished, code_of, text_of};
use tempfile::tempdir;

use super::*;
use crate::export::{Settings, export};
use crate::folder::LocalFolder;
use crate::test_util::{FailingFolder, Node, usual_chain};

fn written(path: &Path) {
    written_to(path, 30);
}

fn written_to(path: &Path, height: usize) {
    let mut folder = LocalFolder::for_export(path, &Unfinished::default()).unwrap();
    let settings = Settings { depth: Some(2), range_blocks: Some(5) };
    let mut node = Node::new(usual_chain("a", height));
    export(&mut node, &mut folder, settings, false).unwrap();
}

fn check(path: &Path) -> Result<String> {
    verify(&mut LocalFolder::for_reading(path)?, false)
}

#[test]
fn a_whole_dataset_is_fine() {
    let dir = tempdir().unwrap();
    written(dir.path());
    fs::write(dir.path().join("records/notes.txt"), "of somebody").unwrap();
    let line = check(dir.path()).unwrap();
    assert!(line.starts_with("ok ranges=5 records=25 bytes="), "{line}");
    assert!(line.contains(" to=24 hash="), "{line}");
}

#[test]
fn every_difference_is_found() {
    let dir = tempdir().unwrap();
    written(dir.path());
    let file = |name: &str| dir.path().join("records").join(name);
    let first = file("000000000000-000000000004.parquet");
    let mut bytes = fs::read(&first).unwrap();
    bytes[100] ^= 1;
    fs::write(&first, bytes).unwrap();
    fs::remove_file(file("000000000005-000000000009.parquet")).unwrap();
    fs::write(file("mine.parquet"), "x").unwrap();
    let error = check(dir.path()).unwrap_err();
    assert_eq!(code_of(&error), Code::Failed);
    let text = text_of(&error);
    for finding in [
        "000000000004.parquet is not what was written",
        "000000000009.parquet is missing",
        "records/mine.parquet is not in the manifest",
        "hint: ",
    ] {
        assert!(text.contains(finding), "{text}");
    }
}

#[test]
fn what_is_no_dataset_is_told_apart() {
    let dir = tempdir().unwrap();
    let code = |dir: &Path| code_of(&check(dir).unwrap_err());
    assert_eq!(code(dir.path()), Code::Usage);
    for (manifest, expected) in [
        ("", Code::Damaged),
        ("{\"name\":\"a package\"}", Code::Damaged),
        ("{\"formatVersion\":2}", Code::Newer),
    ] {
        fs::write(dir.path().join(MANIFEST), manifest).unwrap();
        assert_eq!(code(dir.path()), expected, "{manifest}");
    }
}

#[test]
fn a_range_that_an_export_adds_meanwhile_is_no_finding() {
    let dir = tempdir().unwrap();
    written(dir.path());
    let path = dir.path().to_owned();
    let inner = LocalFolder::for_reading(dir.path()).unwrap();
    let mut growing = FailingFolder::listing(inner, move || written_to(&path, 50));
    let line = verify(&mut growing, false).unwrap();
    assert!(line.starts_with("ok ranges=5 "), "{line}");
    assert!(check(dir.path()).unwrap().starts_with("ok ranges=9 "));
}
