//! Upgrades of databases as old versions wrote them.

use super::*;

const NAMES: [&str; 2] = ["m0001_name_the_schema", "m0002_bans_beside_the_book"];

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
fn each_step_is_announced_before_it_runs() {
    let mut told = Vec::new();
    run(&scratch(), &|| Ok(()), &mut |name| told.push(name.to_owned())).unwrap();
    assert_eq!(told, NAMES);
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
    assert!(matches!(upgrade(&db), Err(MigrationError::TooNew { found: 99, known: 2 })));
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
