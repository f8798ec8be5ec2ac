//! Datasets of so many ranges that a manifest names several of them at once. They are in memory: a
//! disk takes its time for each of their files.

use std::io::Read as _;

use super::*;

const OF_ONE_BLOCK: Settings = Settings { depth: Some(0), range_blocks: Some(1) };

fn run(blocks: &[HashedBlock], folder: &mut dyn Folder) -> Result<Exported> {
    export(&mut Node::new(blocks.to_vec()), folder, OF_ONE_BLOCK, false)
}

fn working(store: &Arc<InMemory>) -> ObjectFolder {
    object(store, 0, 0, Fails::Before)
}

/// The files of an undisturbed export, and how often it replaced the manifest.
fn whole(blocks: &[HashedBlock]) -> (Files, usize) {
    let store = Arc::default();
    let mut folder = FailingFolder::after(usize::MAX, working(&store));
    run(blocks, &mut folder).unwrap();
    let ranges = (0..blocks.len() as u64).map(|height| Range::file(height, height));
    let names = ranges.chain([MANIFEST.to_owned()]).map(|name| (name, Vec::new()));
    (objects(&store, &names.collect()), folder.commits)
}

/// A node with these blocks, whose first response breaks off after some percent of its bytes.
/// Later it has other blocks.
fn breaking(blocks: &[HashedBlock], percent: usize, later: Vec<HashedBlock>) -> Node {
    let mut node = Node::new(blocks.to_vec());
    let mut bytes = Vec::new();
    node.open(0, None).unwrap().read_to_end(&mut bytes).unwrap();
    *node.breaks.borrow_mut() = vec![bytes.len() * percent / 100];
    node.later = Some(later);
    node
}

/// How many ranges the manifest names, and how many of the files there are.
fn counts(store: &Arc<InMemory>, files: &Files) -> (usize, usize) {
    let found = objects(store, files);
    (Manifest::decode(&found[MANIFEST]).unwrap().ranges().len(), found.len() - 1)
}

#[test]
fn a_dataset_of_many_ranges_is_continued_wherever_an_export_was_killed() {
    let blocks = usual_chain("a", 199);
    let (expected, commits) = whole(&blocks);
    assert_eq!(expected.len(), 201);
    // One without a range, one for each of the first 64 ranges, then one for two or three.
    assert!((100..150).contains(&commits), "{commits}");
    let (mut requests, mut several) = (900, 0);
    loop {
        let store = Arc::default();
        let exported = run(&blocks, &mut object(&store, requests, usize::MAX, Fails::Before));
        let (named, there) = counts(&store, &expected);
        several += usize::from(there > named + 1);
        run(&blocks, &mut working(&store)).unwrap();
        assert_eq!(objects(&store, &expected), expected, "after {requests} requests");
        if exported.is_ok() {
            break;
        }
        requests += 31;
    }
    assert!(several > 0, "{requests}");
}

#[test]
fn what_was_written_before_the_source_failed_is_named() {
    let blocks = usual_chain("a", 199);
    let (expected, _) = whole(&blocks);
    for percent in [80, 82, 84] {
        let store = Arc::default();
        // It has too few blocks then.
        let mut node = breaking(&blocks, percent, blocks[..10].to_vec());
        export(&mut node, &mut working(&store), OF_ONE_BLOCK, false).unwrap_err();
        let (named, there) = counts(&store, &expected);
        assert!(named == there && named > 100, "{named} {there}");
        run(&blocks, &mut working(&store)).unwrap();
        assert_eq!(objects(&store, &expected), expected);
    }
}

#[test]
fn what_a_reorg_took_away_is_not_named() {
    let (blocks, mut behind) = (usual_chain("a", 199), 0);
    let (expected, _) = whole(&blocks);
    for percent in [80, 81, 82, 83, 84, 85] {
        let store = Arc::default();
        let mut node = breaking(&blocks, percent, usual_chain("b", 199));
        let error = export(&mut node, &mut working(&store), OF_ONE_BLOCK, false).unwrap_err();
        assert!(text_of(&error).contains("took away"), "{error}");
        let (named, there) = counts(&store, &expected);
        behind += there - named;
        // The chain has them after all.
        run(&blocks, &mut working(&store)).unwrap();
        assert_eq!(objects(&store, &expected), expected);
    }
    assert!(behind > 0);
}
