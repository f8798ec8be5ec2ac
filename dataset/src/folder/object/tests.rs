//! Files of an object store: on condition, and in parts.

use std::io::Write as _;

use jenny_chain::cli::toolkit::{code_of, text_of};
use object_store::memory::InMemory;

use super::super::Finished;
use super::*;
use crate::test_util::{FailingStore, Fails};

fn folder(store: &Arc<InMemory>) -> ObjectFolder {
    failing(store, 0, 0, Fails::Before)
}

fn failing(store: &Arc<InMemory>, left: usize, failing: usize, fails: Fails) -> ObjectFolder {
    let store = FailingStore::after(left, failing, fails, store);
    ObjectFolder::new(Arc::new(store), "a/b", "s3://bucket/a/b".to_owned()).unwrap().in_parts_of(10)
}

fn write(folder: &mut ObjectFolder, bytes: &[u8]) -> Result<Finished> {
    let mut file = folder.create("records/x.parquet")?;
    file.write_all(bytes)?;
    file.finish()
}

fn content(folder: &ObjectFolder) -> Option<Vec<u8>> {
    let mut file = folder.read("records/x.parquet").unwrap()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

#[test]
fn a_file_of_any_size_is_created_once() {
    for size in [0, 1, 9, 10, 11, 20, 95] {
        let store = Arc::default();
        let bytes: Vec<u8> = (0..size).collect();
        let mut folder = folder(&store);
        assert_eq!(content(&folder), None);
        assert_eq!(write(&mut folder, &bytes).unwrap(), Finished::Written);
        assert_eq!(content(&folder), Some(bytes.clone()), "{size}");
        assert_eq!(write(&mut folder, b"something else, in parts").unwrap(), Finished::Exists);
        assert_eq!(content(&folder), Some(bytes));
        assert_eq!(folder.tables().unwrap(), ["x.parquet"]);
    }
}

#[test]
fn a_file_that_another_export_made_meanwhile_is_left() {
    for bytes in [&b"short"[..], b"in more than one part"] {
        let store = Arc::default();
        let (mut first, mut second) = (folder(&store), folder(&store));
        let mut slow = first.create("records/x.parquet").unwrap();
        slow.write_all(bytes).unwrap();
        assert_eq!(write(&mut second, b"fast").unwrap(), Finished::Written);
        assert_eq!(slow.finish().unwrap(), Finished::Exists);
        assert_eq!(content(&first).unwrap(), b"fast");
    }
}

#[test]
fn nothing_is_left_of_a_file_that_is_given_up() {
    let store = Arc::default();
    let mut folder = folder(&store);
    let mut file = folder.create("records/x.parquet").unwrap();
    file.write_all(&[7; 55]).unwrap();
    drop(file);
    assert_eq!(content(&folder), None);
}

#[test]
fn a_file_has_a_bounded_number_of_parts() {
    let mut folder = folder(&Arc::default()).in_parts_of(1);
    let error = write(&mut folder, &[0; 10_001]).unwrap_err();
    let hint = hint_in(&error).unwrap();
    assert!(hint.contains("fewer --range-blocks"), "{hint}");
}

#[test]
fn of_two_manifests_the_first_one_counts() {
    let store = Arc::default();
    let (mut first, mut second) = (folder(&store), folder(&store));
    assert_eq!(first.manifest().unwrap(), None);
    assert_eq!(second.manifest().unwrap(), None);
    first.commit(b"1").unwrap();
    for _ in 0..2 {
        let error = second.commit(b"2").unwrap_err();
        assert_eq!(code_of(&error), Code::Locked);
        assert!(text_of(&error).contains("another export changed"), "{error}");
        assert_eq!(second.manifest().unwrap().unwrap(), b"1");
        first.commit(b"3").unwrap();
        first.commit(b"1").unwrap();
    }
    second.manifest().unwrap();
    second.commit(b"4").unwrap();
    assert_eq!(code_of(&first.commit(b"5").unwrap_err()), Code::Locked);
    assert_eq!(first.manifest().unwrap().unwrap(), b"4");
}

#[test]
fn a_lost_response_of_a_success_is_no_failure() {
    let store = Arc::default();
    let mut manifest = failing(&store, 0, 1, Fails::After);
    manifest.commit(b"1").unwrap();
    manifest.commit(b"2").unwrap();
    for (steps, bytes) in [(1, &b"short"[..]), (5, b"in three parts, or so")] {
        let store = Arc::default();
        let mut lost = failing(&store, steps, 1, Fails::After);
        let finished = write(&mut lost, bytes);
        assert_eq!(finished.unwrap(), Finished::Exists, "{steps}");
        assert_eq!(content(&lost).unwrap(), bytes);
    }
}

#[test]
fn tables_are_those_that_a_query_reads() {
    let store: Arc<InMemory> = Arc::default();
    let folder = folder(&store);
    for name in ["records/x.parquet", "records/_x.parquet", "records/y/z.parquet", "z.parquet"] {
        let path = Path::from(format!("a/b/{name}"));
        folder.runtime.block_on(store.put(&path, "x".into())).unwrap();
    }
    assert_eq!(folder.tables().unwrap(), ["x.parquet"]);
}

#[test]
fn a_file_is_read_in_parts_and_a_failure_in_its_midst_is_an_error() {
    let store = Arc::default();
    write(&mut folder(&store), &[7; 25]).unwrap();
    // The size, and parts of 10 bytes.
    for (requests, expected) in [(1, 0), (2, 10), (3, 20)] {
        let failing = failing(&store, requests, 1, Fails::Before);
        let mut file = failing.read("records/x.parquet").unwrap().unwrap();
        let mut bytes = Vec::new();
        let error = anyhow::Error::from(file.read_to_end(&mut bytes).unwrap_err());
        assert_eq!(bytes.len(), expected);
        assert!(hint_in(&error).is_some(), "{error}");
    }
    assert_eq!(content(&failing(&store, 4, 1, Fails::Before)).unwrap(), [7; 25]);
}

#[test]
fn a_file_that_is_replaced_while_it_is_read_is_an_error() {
    let store: Arc<InMemory> = Arc::default();
    let mut folder = folder(&store);
    write(&mut folder, &[7; 25]).unwrap();
    let mut file = folder.read("records/x.parquet").unwrap().unwrap();
    let mut first = [0; 10];
    file.read_exact(&mut first).unwrap();
    let path = Path::from("a/b/records/x.parquet");
    folder.runtime.block_on(store.put(&path, vec![8; 25].into())).unwrap();
    assert!(file.read_exact(&mut first).is_err());
}
