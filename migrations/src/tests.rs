//! Upgrades of databases as old versions wrote them.

use super::*;

fn scratch() -> sled::Db {
    sled::Config::new().temporary(true).open().unwrap()
}

fn upgrade(db: &sled::Db) -> Result<Vec<&'static str>, MigrationError> {
    run(db, &|| Ok(()), &mut |_| ())
}

#[test]
fn a_new_database_gets_the_newest_number_once() {
    let db = scratch();
    assert_eq!(upgrade(&db).unwrap(), ["m0001_name_the_schema"]);
    assert_eq!(number(&db.open_tree(CHAIN).unwrap()).unwrap(), newest());
    assert!(upgrade(&db).unwrap().is_empty());
}

#[test]
fn each_step_is_announced_before_it_runs() {
    let mut told = Vec::new();
    run(&scratch(), &|| Ok(()), &mut |name| told.push(name.to_owned())).unwrap();
    assert_eq!(told, ["m0001_name_the_schema"]);
}

#[test]
fn a_newer_database_is_refused() {
    let db = scratch();
    db.open_tree(CHAIN).unwrap().insert(SCHEMA, &99_u64.to_be_bytes()).unwrap();
    assert!(matches!(upgrade(&db), Err(MigrationError::TooNew { found: 99, known: 1 })));
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
