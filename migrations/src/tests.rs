//! Upgrades of databases as old versions wrote them.

mod kill;

use super::*;

use crate::fixtures::{Schema1Block, open, write_schema_2};

const NAMES: [&str; 3] =
    ["m0001_name_the_schema", "m0002_bans_beside_the_book", "m0003_record_trees"];

fn scratch() -> sled::Db {
    sled::Config::new().temporary(true).open().unwrap()
}

fn upgrade(db: &sled::Db) -> Result<Vec<&'static str>, MigrationError> {
    run(db, &|| Ok(()), &mut |_| ())
}

#[test]
fn a_new_database_gets_the_newest_number_once() {
    let db = scratch();
    assert_eq!(upgrade(&db).unwrap(), NAMES);
    assert_eq!(number(&db.open_tree(CHAIN).unwrap()).unwrap(), newest());
    assert!(upgrade(&db).unwrap().is_empty());
}

#[test]
fn each_phase_of_each_step_is_told() {
    let mut told = Vec::new();
    run(&scratch(), &|| Ok(()), &mut |progress| told.push(progress)).unwrap();
    let phases = [Phase::Begun, Phase::Worked, Phase::Recorded, Phase::Durable];
    let expected = (1..)
        .zip(NAMES)
        .flat_map(|(number, name)| phases.map(|phase| Progress { number, name, phase }));
    assert_eq!(told, expected.collect::<Vec<_>>());
    assert_eq!(steps().collect::<Vec<_>>(), NAMES);
}

#[test]
fn the_number_is_found_without_running_a_step() {
    let (_directory, db) = schema_2(1);
    assert_eq!(found(&db).unwrap(), 2);
    assert_eq!(found(&db).unwrap(), 2);
    assert_eq!(found(&scratch()).unwrap(), 0);
}

#[test]
fn a_step_that_a_kill_left_without_its_number_runs_again() {
    for done in 0..newest() {
        let db = scratch();
        let peers = db.open_tree("peers").unwrap();
        peers.insert("aws://192.0.2.1:7545", &[0; 12]).unwrap();
        upgrade(&db).unwrap();
        db.open_tree(CHAIN).unwrap().insert(SCHEMA, &done.to_be_bytes()).unwrap();
        assert_eq!(upgrade(&db).unwrap(), NAMES[usize::try_from(done).unwrap()..]);
        assert_eq!(peers.len(), 1);
        assert_eq!(number(&db.open_tree(CHAIN).unwrap()).unwrap(), newest());
    }
}

#[test]
fn a_newer_database_is_refused() {
    let db = scratch();
    db.open_tree(CHAIN).unwrap().insert(SCHEMA, &99_u64.to_be_bytes()).unwrap();
    assert!(matches!(upgrade(&db), Err(MigrationError::TooNew { found: 99, known: 3 })));
}

#[test]
fn a_number_of_another_length_is_damage() {
    let db = scratch();
    db.open_tree(CHAIN).unwrap().insert(SCHEMA, b"1").unwrap();
    assert!(matches!(upgrade(&db), Err(MigrationError::DamagedNumber)));
}

#[test]
fn a_number_that_cannot_be_made_durable_is_an_error() {
    let failing = || Err(io::Error::other("no disk"));
    let result = run(&scratch(), &failing, &mut |_| ());
    assert!(matches!(result, Err(MigrationError::Sync(_))));
}

/// A database of schema 2 with a chain of this many blocks, whose contents no step reads.
fn schema_2(blocks: usize) -> (tempfile::TempDir, sled::Db) {
    let directory = tempfile::tempdir().unwrap();
    let block =
        Schema1Block { hash: [1; 32], header: [2; 132], total_work: [3; 32], records: Vec::new() };
    write_schema_2(directory.path(), "{}", &vec![block; blocks], &[]).unwrap();
    let db = open(directory.path()).unwrap();
    (directory, db)
}

fn before(db: &sled::Db) -> Option<u64> {
    let height = db.open_tree("own").unwrap().get(b"m").unwrap()?;
    Some(u64::from_be_bytes(height.as_ref().try_into().unwrap()))
}

#[test]
fn the_trees_of_records_are_made_and_the_old_chain_is_noted() {
    let (_directory, db) = schema_2(6);
    assert_eq!(upgrade(&db).unwrap(), ["m0003_record_trees"]);
    let trees = db.tree_names();
    for tree in ["pending", "own", "index", "reorgs"] {
        assert!(trees.iter().any(|name| name == tree.as_bytes()), "{tree}");
    }
    assert_eq!(before(&db), Some(5));
}

#[test]
fn a_new_database_has_no_blocks_from_before_the_trees_of_records() {
    let db = scratch();
    upgrade(&db).unwrap();
    assert_eq!(before(&db), None);
}

#[test]
fn a_reorg_under_way_decides_how_high_the_old_chain_is() {
    for (intent, height) in [([0, 4], 4), ([3, 9], 9)] {
        let (_directory, db) = schema_2(6);
        let heights = intent.map(u64::to_be_bytes).concat();
        let chain = db.open_tree(CHAIN).unwrap();
        chain.insert("swap", [&heights[..], &[7; 32]].concat()).unwrap();
        upgrade(&db).unwrap();
        assert_eq!(before(&db), Some(height));
    }
}

#[test]
fn a_kill_within_the_step_of_records_leaves_nothing_that_differs() {
    let (_directory, db) = schema_2(6);
    db.open_tree("pending").unwrap();
    db.open_tree("own").unwrap().insert(b"m", &5_u64.to_be_bytes()).unwrap();
    upgrade(&db).unwrap();
    assert_eq!(before(&db), Some(5));
    assert_eq!(db.open_tree("own").unwrap().len(), 1);
}

#[test]
fn a_chain_without_a_readable_end_is_damage() {
    let db = scratch();
    db.open_tree(CHAIN).unwrap().insert("b1", b"").unwrap();
    assert!(matches!(upgrade(&db), Err(MigrationError::Damaged(_))));
    db.open_tree(CHAIN).unwrap().insert("swap", b"short").unwrap();
    assert!(matches!(upgrade(&db), Err(MigrationError::Damaged(_))));
}
