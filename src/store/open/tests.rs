//! What opening does with every state of a directory.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::chain::{Checkpoints, Hash};
use crate::store::test_util::{Home, append, genesis, grow, mine};

fn open_error(home: &Home) -> StoreError {
    open(home.directory.path(), &home.options, &mut |_| ()).map(drop).unwrap_err()
}

/// A directory with this many blocks, closed.
fn stored(blocks: u64) -> Home {
    let (home, mut opened) = Home::opened();
    append(&mut opened, &grow(&mut genesis(), blocks, "record"));
    home
}

#[test]
fn a_new_directory_holds_genesis_and_comes_back() {
    let home = Home::new();
    for _ in 0..2 {
        let opened = home.open();
        assert_eq!(opened.reader.tip(), Spec::dev().genesis().chain_header());
    }
}

#[test]
fn blocks_small_and_large_come_back() {
    let (home, mut opened) = Home::opened();
    let mut state = genesis();
    let bodies = [
        vec![],
        vec!["\0".to_owned(), String::new(), String::new()],
        vec!["é".repeat(2_000); 100],
        vec!["z".repeat(65_536); 16],
        vec![String::new(); 4_096],
    ];
    let blocks: Vec<_> = bodies.iter().map(|records| mine(&mut state, records)).collect();
    append(&mut opened, &blocks);
    drop(opened);
    let opened = home.open();
    let view = opened.reader.view();
    for block in &blocks {
        let stored = view.block(block.header().height).unwrap().unwrap();
        assert_eq!((&stored.records, stored.hash), (&block.block().records, block.hash()));
    }
    assert_eq!(opened.writer.applied(), &state);
}

#[test]
fn an_empty_directory_without_a_chain_is_missing() {
    let mut home = Home::new();
    home.options.chain = None;
    assert!(matches!(open_error(&home), StoreError::Missing { .. }));
    assert!(fs::read_dir(home.directory.path()).unwrap().next().is_none(), "nothing was made");
}

#[test]
fn any_chain_opens_when_none_is_asked_for_and_no_other_one() {
    let mut home = stored(1);
    home.options.chain = None;
    assert_eq!(home.open().spec, Spec::dev());
    home.options.chain = Some(Spec::jenny());
    assert!(matches!(open_error(&home), StoreError::OtherChain { .. }));
}

#[test]
fn a_held_directory_is_not_opened_twice() {
    let home = stored(1);
    let held = home.open();
    assert!(matches!(open_error(&home), StoreError::Locked { .. }));
    drop(held);
    home.open();
}

#[test]
fn a_chain_that_contradicts_a_checkpoint_is_refused() {
    let mut home = stored(3);
    let expected = home.open().reader.view().header(Height::new(2)).unwrap().unwrap().hash;
    home.options.checkpoints =
        [(Height::new(2), expected), (Height::new(9), Hash::ZERO)].into_iter().collect();
    home.open();
    home.options.checkpoints = Checkpoints::from_iter([(Height::new(2), Hash::ZERO)]);
    assert!(matches!(open_error(&home), StoreError::Checkpoint { .. }));
}

#[test]
fn a_newer_schema_is_refused() {
    let home = stored(1);
    let opened = home.open();
    opened.writer.database.chain.insert("schema", &7_u64.to_be_bytes()).unwrap();
    drop(opened);
    assert!(matches!(open_error(&home), StoreError::Newer { found: 7, known: 3, .. }));
}

#[test]
fn an_unfinished_snapshot_does_not_brick_the_database() {
    let home = stored(3);
    let folder = home.directory.path().join("db");
    fs::write(folder.join("snap.00000000FFFFFFFF.generating"), b"torn").unwrap();
    assert_eq!(home.open().reader.tip().header.height, Height::new(3));
}

/// Files of `db` whose names begin so.
fn named(home: &Home, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(home.directory.path().join("db")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(prefix);
    paths.filter(is_named).collect()
}

fn tear_snapshot(home: &Home, torn: &[u8]) {
    let snapshots = named(home, "snap.");
    assert!(!snapshots.is_empty());
    for path in snapshots {
        fs::write(path, torn).unwrap();
    }
}

#[test]
fn a_torn_snapshot_is_set_aside_and_the_log_replayed() {
    let home = stored(3);
    drop(home.open());
    tear_snapshot(&home, b"torn");
    let mut told = Vec::new();
    let opened = open(home.directory.path(), &home.options, &mut |step| told.push(step.to_owned()));
    assert_eq!(opened.unwrap().reader.tip().header.height, Height::new(3));
    assert!(told.iter().any(|step| step.contains("trying again")), "{told:?}");
    let [aside] = &named(&home, "damaged.snap.")[..] else { panic!("no snapshot was set aside") };
    assert_eq!(fs::read(aside).unwrap(), b"torn");

    // The first one is kept, so that damage that comes again fills no disk.
    drop(home.open());
    tear_snapshot(&home, b"torn again");
    assert_eq!(home.open().reader.tip().header.height, Height::new(3));
    let [kept] = &named(&home, "damaged.snap.")[..] else { panic!("not one snapshot is kept") };
    assert_eq!((kept, fs::read(kept).unwrap()), (aside, b"torn".to_vec()));
}

#[test]
fn a_link_that_leads_nowhere_is_named() {
    let home = Home::new();
    let folder = home.directory.path().join("db");
    std::os::unix::fs::symlink("nowhere", &folder).unwrap();
    let error = open_error(&home).to_string();
    assert!(error.contains("must lead to a directory that exists"), "{error}");
    fs::create_dir(home.directory.path().join("nowhere")).unwrap();
    home.open();
}

#[test]
fn a_snapshot_is_set_aside_where_the_database_is_a_link() {
    let home = stored(3);
    drop(home.open());
    let (folder, elsewhere) = (home.directory.path().join("db"), tempfile::tempdir().unwrap());
    let moved = elsewhere.path().join("moved");
    fs::rename(&folder, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &folder).unwrap();
    tear_snapshot(&home, b"torn");
    assert_eq!(home.open().reader.tip().header.height, Height::new(3));
    assert_eq!(named(&home, "damaged.snap.").len(), 1);
    assert!(!home.directory.path().join("db.damaged").exists());
}

#[test]
fn a_chain_that_lost_its_end_is_not_served() {
    let home = stored(3);
    let copy = home.directory.path().join("copy");
    fs::copy(home.directory.path().join("durable-tip"), &copy).unwrap();
    drop(home.open());
    let opened = home.open();
    opened.writer.database.chain.remove(block_key(Height::new(3))).unwrap();
    drop(opened);
    fs::copy(&copy, home.directory.path().join("durable-tip")).unwrap();
    let error = open_error(&home).to_string();
    assert!(error.contains("the chain ends at block 2, but block 3"), "{error}");
    fs::remove_file(home.directory.path().join("durable-tip")).unwrap();
    assert_eq!(home.open().reader.tip().header.height, Height::new(2));
}

#[test]
fn files_that_are_gone_are_not_replaced_by_an_empty_chain() {
    let home = stored(3);
    fs::remove_dir_all(home.directory.path().join("db")).unwrap();
    assert!(matches!(open_error(&home), StoreError::Damaged { .. }));
}

#[test]
fn a_full_disk_refuses_blocks_and_goes_on_when_there_is_room() {
    let mut home = Home::new();
    home.options.min_free_bytes = u64::MAX;
    let mut opened = home.open();
    let block = mine(&mut genesis(), &[]);
    assert!(matches!(opened.writer.append(&block), Err(StoreError::DiskLow { .. })));
    assert!(matches!(opened.writer.store_branch_block(&block), Err(StoreError::DiskLow { .. })));
    drop(opened);
    home.options.min_free_bytes = 1;
    home.open().writer.append(&block).unwrap();
}

#[test]
fn a_block_that_does_not_follow_is_not_appended() {
    let (_home, mut opened) = Home::opened();
    let mut state = genesis();
    grow(&mut state, 1, "not stored");
    let second = mine(&mut state, &[]);
    assert!(matches!(opened.writer.append(&second), Err(StoreError::NotHeld(_))));
}

#[test]
fn only_what_was_committed_is_published() {
    let (_home, mut opened) = Home::opened();
    let mut state = genesis();
    opened.writer.append(&mine(&mut state, &[])).unwrap();
    assert_eq!(opened.reader.tip().header.height, Height::GENESIS);
    assert_eq!(opened.reader.view().block(Height::new(1)).unwrap(), None);
    assert_eq!(opened.reader.state_of(state.id()).unwrap(), Some(state));
    opened.writer.commit().unwrap();
    assert_eq!(opened.reader.tip().header.height, Height::new(1));
}

#[test]
fn a_creation_that_was_killed_at_any_point_goes_on() {
    // sled writes its settings in two pieces, before its data file.
    for settings in [&b""[..], b"segment_size: 2621", b"segment_size: 262144\nuse_compression: fa"]
    {
        for data_file in [false, true] {
            let home = Home::new();
            let folder = home.directory.path().join("db");
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("conf"), settings).unwrap();
            if data_file {
                fs::write(folder.join("db"), b"").unwrap();
            }
            assert_eq!(home.open().reader.tip().header.height, Height::GENESIS);
            assert_eq!(home.open().reader.tip().header.height, Height::GENESIS);
        }
    }
    // Then come the schema, the spec and genesis.
    for left_out in [
        &[&b"schema"[..], b"spec", &block_key(Height::GENESIS)][..],
        &[b"spec", &block_key(Height::GENESIS)],
        &[&block_key(Height::GENESIS)],
    ] {
        let (home, opened) = Home::opened();
        for key in left_out {
            opened.writer.database.chain.remove(key).unwrap();
        }
        drop(opened);
        fs::remove_file(home.directory.path().join("durable-tip")).unwrap();
        assert_eq!(home.open().reader.tip().header.height, Height::GENESIS);
    }
}

#[test]
fn a_directory_that_cannot_be_looked_into_is_not_taken_for_an_empty_one() {
    let home = tempfile::tempdir().unwrap();
    // A loop of links, which stops root too.
    std::os::unix::fs::symlink("db", home.path().join("db")).unwrap();
    for chain in [None, Some(Spec::dev())] {
        let options = Options { chain, ..Options::default() };
        let error = open(home.path(), &options, &mut |_| ()).unwrap_err();
        assert!(matches!(error, StoreError::Io { .. }), "{error}");
        assert!(error.to_string().contains("db/db"), "{error}");
    }
    assert!(exists(home.path()).is_err());
}
