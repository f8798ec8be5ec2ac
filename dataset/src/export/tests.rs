//! Whole exports: again and again, with failures anywhere, and with others at the same time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use jenny_chain::chain::test_util::spec_with;
use jenny_chain::chain::{Hash, HashedBlock, Spec};
use jenny_chain::cli::toolkit::{Code, code_of, text_of};

use tempfile::tempdir;

use super::*;
use crate::folder::{LocalFolder, ObjectFolder};
use crate::manifest::Range;
use crate::test_util::{FailingFolder, FailingStore, Fails, InMemory, Node, chain_of, usual_chain};

const SETTINGS: Settings = Settings { depth: Some(3), range_blocks: Some(5) };

mod many_ranges;
mod nodes;
mod surroundings;

/// The files of a dataset by their names.
type Files = BTreeMap<String, Vec<u8>>;

fn local(path: &Path) -> LocalFolder {
    LocalFolder::for_export(path, &Unfinished::default()).unwrap()
}

fn to_local(blocks: &[HashedBlock], path: &Path) -> Result<Exported> {
    export(&mut Node::new(blocks.to_vec()), &mut local(path), SETTINGS, false)
}

fn files(path: &Path) -> Files {
    let mut files = Files::new();
    for folder in ["", "records/"] {
        for entry in fs::read_dir(path.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if path.join(folder).join(&name).is_file() && name != ".lock" {
                files.insert(
                    format!("{folder}{name}"),
                    fs::read(path.join(folder).join(&name)).unwrap(),
                );
            }
        }
    }
    files
}

/// The files of an undisturbed export.
fn expected(blocks: &[HashedBlock]) -> Files {
    let dir = tempdir().unwrap();
    to_local(blocks, dir.path()).unwrap();
    files(dir.path())
}

fn object(store: &Arc<InMemory>, left: usize, failing: usize, fails: Fails) -> ObjectFolder {
    let store = FailingStore::after(left, failing, fails, store);
    let folder = ObjectFolder::new(Arc::new(store), "", "s3://bucket".to_owned()).unwrap();
    folder.in_parts_of(1_000)
}

fn objects(store: &Arc<InMemory>, names: &Files) -> Files {
    let folder = object(store, 0, 0, Fails::Before);
    let read = |name: &String| {
        let mut bytes = Vec::new();
        std::io::copy(&mut folder.read(name).unwrap()?, &mut bytes).unwrap();
        Some((name.clone(), bytes))
    };
    names.keys().filter_map(read).collect()
}

#[test]
fn only_full_ranges_are_written_that_are_deep_enough() {
    for (blocks, ranges) in [(0, 0), (6, 0), (7, 1), (11, 1), (12, 2), (30, 5)] {
        let dir = tempdir().unwrap();
        let blocks = usual_chain("a", blocks);
        let exported = to_local(&blocks, dir.path()).unwrap();
        assert_eq!(exported.ranges, ranges, "{}", blocks.len());
        let names: Vec<_> = files(dir.path()).into_keys().collect();
        let mut expected = vec!["manifest.json".to_owned()];
        expected.extend((0..ranges).map(|range| Range::file(range * 5, range * 5 + 4)));
        assert_eq!(names, expected);
    }
    assert_eq!(full_ranges(0, 100, 100, 1), 1, "genesis has 100 blocks above it");
    assert_eq!(full_ranges(0, 99, 100, 1), 0);
    assert_eq!(full_ranges(0, 9, 0, 10), 1);
    assert_eq!(full_ranges(20, 9, 0, 10), 0);
}

#[test]
fn a_later_run_adds_what_a_single_one_would_have_written() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 40));
    let mut counted = Exported::default();
    for tip in [0, 9, 9, 23, 24, 40] {
        let exported = to_local(&blocks[..=tip], dir.path()).unwrap();
        counted.ranges += exported.ranges;
        counted.records += exported.records;
        counted.bytes += exported.bytes;
        counted.last = exported.last;
    }
    assert_eq!(files(dir.path()), expected(&blocks));
    let other = tempdir().unwrap();
    assert_eq!(to_local(&blocks, other.path()).unwrap(), counted);
    let (hash, bytes) = (blocks[34].hash(), counted.bytes);
    let line = format!("exported ranges=7 records=34 bytes={bytes} to=34 hash={hash}");
    assert_eq!(counted.line(), line);
    assert_eq!(Exported::default().line(), "exported ranges=0 records=0 bytes=0");
}

#[test]
fn the_manifest_chains_the_ranges() {
    let blocks = usual_chain("a", 20);
    let manifest = Manifest::decode(&expected(&blocks)["manifest.json"]).unwrap();
    assert_eq!(manifest.spec, Spec::dev());
    assert_eq!((manifest.range_blocks, manifest.depth), (5, 3));
    assert_eq!(manifest.ranges()[0].previous_hash, Hash::ZERO);
    for (range, first) in manifest.ranges().iter().zip([0, 5, 10]) {
        assert_eq!(range.previous_hash, blocks[first].header().previous_hash);
        assert_eq!(range.last_hash, blocks[first + 4].hash());
        let records: usize =
            blocks[first..first + 5].iter().map(|block| block.records().len()).sum();
        assert_eq!(range.rows, records as u64);
    }
}

#[test]
fn a_failure_at_any_step_in_a_folder_is_mended_by_the_next_run() {
    let blocks = usual_chain("a", 20);
    let expected = expected(&blocks);
    let mut steps = 0;
    loop {
        let dir = tempdir().unwrap();
        let mut failing = FailingFolder::after(steps, local(dir.path()));
        let exported = export(&mut Node::new(blocks.clone()), &mut failing, SETTINGS, false);
        let is_over = exported.is_ok();
        if let Err(error) = exported {
            let text = text_of(&error);
            assert!(text.contains("no storage space"), "{text}");
        }
        drop(failing);
        // What the manifest names is whole at any time, and no half of a file is left.
        for (name, bytes) in files(dir.path()) {
            assert!(name == "manifest.json" || expected.get(&name) == Some(&bytes), "{name}");
        }
        to_local(&blocks, dir.path()).unwrap();
        assert_eq!(files(dir.path()), expected, "after {steps} steps");
        if is_over {
            break;
        }
        steps += 1;
    }
    assert!(steps > 20, "{steps}");
}

#[test]
fn a_failure_at_any_request_to_a_bucket_is_mended_by_the_next_run() {
    let blocks = usual_chain("a", 14);
    let expected = expected(&blocks);
    for fails in [Fails::Before, Fails::After] {
        let mut steps = 0;
        loop {
            let store: Arc<InMemory> = Arc::default();
            let mut failing = object(&store, steps, usize::MAX, fails);
            let exported = export(&mut Node::new(blocks.clone()), &mut failing, SETTINGS, false);
            let is_over = exported.is_ok();
            if let Err(error) = exported {
                let text = text_of(&error);
                assert!(text.contains("ExpiredToken: The token expired"), "{text}");
                assert!(text.contains("hint: ") && !text.contains("disk"), "{text}");
                assert!(!text.contains("geheim") && !format!("{error:?}").contains("geheim"));
            }
            for (name, bytes) in objects(&store, &expected) {
                assert!(name == "manifest.json" || expected[&name] == bytes, "{name}");
            }
            let mut folder = object(&store, 0, 0, fails);
            export(&mut Node::new(blocks.clone()), &mut folder, SETTINGS, false).unwrap();
            assert_eq!(objects(&store, &expected), expected, "after {steps} requests");
            if is_over {
                break;
            }
            steps += 1;
        }
        assert!(steps > 12, "{steps}");
    }
}

#[test]
fn a_lost_response_stops_no_export() {
    let blocks = usual_chain("a", 9);
    let expected = expected(&blocks);
    // Of the first manifest, of the end of the upload, and of the last manifest.
    let mut stopped = Vec::new();
    for step in 0..30 {
        let store: Arc<InMemory> = Arc::default();
        let mut folder = object(&store, step, 1, Fails::After);
        let exported = export(&mut Node::new(blocks.clone()), &mut folder, SETTINGS, false);
        if exported.is_ok() {
            assert_eq!(objects(&store, &expected), expected, "{step}");
        } else {
            stopped.push(step);
        }
    }
    // Requests for what is there, and the begin and the parts of the upload: S3's client sends
    // those again by itself.
    assert!(stopped.len() < 20 && !stopped.contains(&1), "{stopped:?}");
}

#[test]
fn of_two_exports_into_a_bucket_one_loses_without_harm() {
    let blocks = usual_chain("a", 20);
    let expected = expected(&blocks);
    let store: Arc<InMemory> = Arc::default();
    let (mut first, mut second) =
        (object(&store, 0, 0, Fails::Before), object(&store, 0, 0, Fails::Before));
    // The second one begins while the first one is at work.
    export(&mut Node::new(blocks[..9].to_vec()), &mut first, SETTINGS, false).unwrap();
    let bytes = first.manifest().unwrap().unwrap();
    assert_eq!(second.manifest().unwrap().unwrap(), bytes);
    export(&mut Node::new(blocks.clone()), &mut first, SETTINGS, false).unwrap();
    let error = second.commit(&bytes).unwrap_err();
    assert_eq!(code_of(&error), Code::Locked);
    assert_eq!(objects(&store, &expected), expected);
}

#[test]
fn another_file_in_a_bucket_is_never_replaced() {
    let blocks = usual_chain("a", 9);
    let store: Arc<InMemory> = Arc::default();
    let mut folder = object(&store, 0, 0, Fails::Before);
    let mut file = folder.create(&Range::file(0, 4)).unwrap();
    std::io::Write::write_all(&mut file, b"of another version").unwrap();
    file.finish().unwrap();
    let error = export(&mut Node::new(blocks), &mut folder, SETTINGS, false).unwrap_err();
    let text = text_of(&error);
    assert!(text.contains("is another file") && text.contains("hint: "), "{text}");
    let manifest = Manifest::decode(&folder.manifest().unwrap().unwrap()).unwrap();
    assert_eq!(manifest.ranges(), []);
}

#[test]
fn another_file_in_a_folder_is_never_replaced_and_an_equal_one_counts() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 9));
    let expected = expected(&blocks);
    let first = dir.path().join(Range::file(0, 4));
    fs::create_dir(dir.path().join("records")).unwrap();
    fs::write(&first, "of somebody").unwrap();
    // The second run finds the manifest of the first one.
    for _ in 0..2 {
        let text = text_of(&to_local(&blocks, dir.path()).unwrap_err());
        assert!(
            text.contains("is another file\nhint: ") && text.contains("move it away"),
            "{text}"
        );
        assert_eq!(fs::read(&first).unwrap(), b"of somebody");
    }
    fs::write(&first, &expected[&Range::file(0, 4)]).unwrap();
    let inode = || std::os::unix::fs::MetadataExt::ino(&fs::metadata(&first).unwrap());
    let before = inode();
    to_local(&blocks, dir.path()).unwrap();
    assert_eq!((inode(), files(dir.path())), (before, expected));
}

#[test]
fn files_of_others_are_left_alone() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 20));
    fs::create_dir(dir.path().join("records")).unwrap();
    let others = ["README", "records/README", "records/_mine.parquet"];
    for name in others {
        fs::write(dir.path().join(name), name).unwrap();
    }
    to_local(&blocks, dir.path()).unwrap();
    let mut found = files(dir.path());
    for name in others {
        assert_eq!(found.remove(name).unwrap(), name.as_bytes());
    }
    assert_eq!(found, expected(&blocks));
}

#[test]
fn a_reorg_below_the_end_is_refused_and_one_above_it_is_not() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 20));
    to_local(&blocks, dir.path()).unwrap();
    let before = files(dir.path());
    let error = to_local(&usual_chain("b", 40), dir.path()).unwrap_err();
    let text = text_of(&error);
    assert_eq!(code_of(&error), Code::Failed);
    assert!(text.contains("that is not on the main chain") && text.contains("--depth"), "{text}");
    // A node that is still behind.
    let error = to_local(&blocks[..10], dir.path()).unwrap_err();
    assert!(text_of(&error).contains("let the node sync first"), "{error}");
    assert_eq!(files(dir.path()), before);
    // The same blocks up to the end of the dataset, and others above it.
    let list = |block: &HashedBlock| block.records().to_vec();
    let mut lists: Vec<_> = blocks[1..=15].iter().map(list).collect();
    lists.extend((0..20).map(|number| vec![format!("new {number}")]));
    let reorganised = chain_of(&Spec::dev(), lists);
    assert_eq!(reorganised[15].hash(), blocks[15].hash());
    assert_eq!(to_local(&reorganised, dir.path()).unwrap().ranges, 3);
    assert_eq!(files(dir.path()), expected(&reorganised));
}

#[test]
fn another_chain_other_ranges_and_a_newer_format_are_refused_untouched() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 20));
    to_local(&blocks, dir.path()).unwrap();
    let before = files(dir.path());
    let spec = spec_with(&[("name", "\"other\"")]);
    let mut other = Node::of(spec.clone(), chain_of(&spec, vec![Vec::new(); 40]));
    let error = export(&mut other, &mut local(dir.path()), SETTINGS, false).unwrap_err();
    assert_eq!(code_of(&error), Code::Usage, "{error}");
    assert!(text_of(&error).contains("another chain"), "{error}");
    // Waiting would not help, though its tip is below the end of the dataset.
    other.blocks.truncate(3);
    let error = export(&mut other, &mut local(dir.path()), SETTINGS, false).unwrap_err();
    assert_eq!(code_of(&error), Code::Usage, "{error}");
    assert!(text_of(&error).contains("has the chain other"), "{error}");
    let settings = Settings { range_blocks: Some(6), ..SETTINGS };
    let error = export(&mut Node::new(blocks.clone()), &mut local(dir.path()), settings, false)
        .unwrap_err();
    assert_eq!(code_of(&error), Code::Usage);
    assert!(text_of(&error).contains("have 5 blocks each"), "{error}");
    assert_eq!(files(dir.path()), before);
    let newer = String::from_utf8(before["manifest.json"].clone()).unwrap();
    let newer = newer.replace("\"formatVersion\":1", "\"formatVersion\":2");
    fs::write(dir.path().join(MANIFEST), &newer).unwrap();
    let error = to_local(&usual_chain("a", 40), dir.path()).unwrap_err();
    assert_eq!(code_of(&error), Code::Newer);
    assert_eq!(files(dir.path())["manifest.json"], newer.as_bytes());
}

#[test]
fn an_empty_dataset_of_another_chain_is_refused() {
    let dir = tempdir().unwrap();
    to_local(&usual_chain("a", 1), dir.path()).unwrap();
    let spec = spec_with(&[("name", "\"other\"")]);
    let mut other = Node::of(spec.clone(), chain_of(&spec, vec![Vec::new(); 40]));
    let error = export(&mut other, &mut local(dir.path()), SETTINGS, false).unwrap_err();
    assert_eq!(code_of(&error), Code::Usage);
    assert!(text_of(&error).contains("name another folder with --to"), "{error}");
}

#[test]
fn settings_are_those_of_the_last_run_unless_told_otherwise() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 30));
    to_local(&blocks[..10], dir.path()).unwrap();
    let untold = Settings::default();
    let exported =
        export(&mut Node::new(blocks[..20].to_vec()), &mut local(dir.path()), untold, false);
    assert_eq!(exported.unwrap().last.unwrap().height.get(), 14);
    let deeper = Settings { depth: Some(10), range_blocks: None };
    let exported = export(&mut Node::new(blocks), &mut local(dir.path()), deeper, false);
    assert_eq!(exported.unwrap().last.unwrap().height.get(), 19);
    let manifest = Manifest::decode(&files(dir.path())["manifest.json"]).unwrap();
    assert_eq!((manifest.depth, manifest.range_blocks), (10, 5));
    // A run that writes no range changes nothing.
    let shallow = Settings { depth: Some(9), range_blocks: None };
    let node = &mut Node::new(usual_chain("a", 30));
    assert_eq!(export(node, &mut local(dir.path()), shallow, false).unwrap().ranges, 0);
    let bytes = &files(dir.path())["manifest.json"];
    assert_eq!(Manifest::decode(bytes).unwrap().depth, 10);
    let first = tempdir().unwrap();
    export(&mut Node::new(usual_chain("a", 1)), &mut local(first.path()), untold, false).unwrap();
    let manifest = Manifest::decode(&files(first.path())["manifest.json"]).unwrap();
    assert_eq!((manifest.depth, manifest.range_blocks), (100, 10_000));
}

#[test]
fn a_connection_that_breaks_changes_no_byte() {
    let (dir, blocks) = (tempdir().unwrap(), usual_chain("a", 30));
    let mut node = Node::new(blocks.clone());
    let breaks = Rc::clone(&node.breaks);
    *breaks.borrow_mut() = vec![3_000];
    export(&mut node, &mut local(dir.path()), SETTINGS, false).unwrap();
    assert_eq!(node.asked.borrow().len(), 2);
    assert_eq!(files(dir.path()), expected(&blocks));
}
