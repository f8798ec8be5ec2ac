//! The file beside the database and the number inside, after every order of events.

use std::fs::File;
use std::io;

use super::*;
use crate::store::open;
use crate::store::open::open_on;
use crate::store::test_util::Home;

/// A system whose disk has this much room.
#[derive(Debug)]
struct Room(u64);

impl System for Room {
    fn sync(&self, path: &Path, file: &File) -> io::Result<()> {
        Kernel.sync(path, file)
    }

    fn drop_pages(&self, path: &Path, file: &File) -> io::Result<()> {
        Kernel.drop_pages(path, file)
    }

    fn is_memory(&self, file: &File) -> io::Result<bool> {
        Kernel.is_memory(file)
    }

    fn free_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.0)
    }
}

fn noted(home: &Home) -> Option<SchemaFile> {
    SchemaFile::read(home.directory.path()).unwrap()
}

/// A stopped node's directory whose database has this schema, without the file.
fn of_schema(number: u64) -> Home {
    let (home, opened) = Home::opened();
    opened.writer.database.chain.insert("schema", &number.to_be_bytes()).unwrap();
    drop(opened);
    std::fs::remove_file(home.directory.path().join("schema")).unwrap();
    home
}

#[test]
fn a_new_database_has_the_file() {
    let home = Home::new();
    home.open();
    assert_eq!(noted(&home), Some(SchemaFile::newest()));
}

#[test]
fn an_older_database_is_told_apart_and_upgraded() {
    for number in 1..=2 {
        let home = of_schema(number);
        let found = schema(home.directory.path(), &mut |_| ()).unwrap();
        assert_eq!(found.found, number);
        assert_eq!(
            found.missing().map(|(number, _)| number).collect::<Vec<_>>(),
            (number + 1..=3).collect::<Vec<_>>()
        );
        assert_eq!(noted(&home), None, "asking upgrades nothing");
        let mut told = Vec::new();
        let before = migrate(home.directory.path(), &mut |step| told.push(step.to_owned()));
        assert_eq!(before.unwrap(), found);
        assert!(told.iter().any(|step| step.contains("step 3, m0003_record_trees")), "{told:?}");
        assert_eq!(noted(&home), Some(SchemaFile::newest()));
        let after = schema(home.directory.path(), &mut |_| ()).unwrap();
        assert_eq!((after.found, after.missing().count()), (3, 0));
    }
}

#[test]
fn a_newer_schema_in_the_file_is_refused_with_the_version_before_anything_is_touched() {
    let home = Home::new();
    home.open();
    let newer = SchemaFile { schema: 9, program: "7.0.1".to_owned() };
    newer.write(home.directory.path()).unwrap();
    let lock = home.directory.path().join("LOCK");
    std::fs::write(&lock, "as it was").unwrap();
    for result in [
        open(home.directory.path(), &home.options, &mut |_| ()).map(drop),
        schema(home.directory.path(), &mut |_| ()).map(drop),
        migrate(home.directory.path(), &mut |_| ()).map(drop),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 9, known: 3, .. }), "{error}");
        assert!(error.advice().concat().contains("install jenny 7.0.1"), "{:?}", error.advice());
    }
    assert_eq!(std::fs::read_to_string(lock).unwrap(), "as it was");
}

#[test]
fn a_newer_number_inside_counts_whatever_the_file_says() {
    for file in [None, Some(SchemaFile::newest())] {
        let home = of_schema(7);
        if let Some(file) = &file {
            file.write(home.directory.path()).unwrap();
        }
        for result in [
            open(home.directory.path(), &home.options, &mut |_| ()).map(drop),
            migrate(home.directory.path(), &mut |_| ()).map(drop),
        ] {
            let error = result.unwrap_err();
            assert!(matches!(error, StoreError::Newer { found: 7, program: None, .. }), "{error}");
        }
        assert_eq!(noted(&home), file, "the file is not made to name a lower schema");
    }
}

#[test]
fn a_kill_between_the_file_and_the_first_step_is_made_up_for() {
    let home = of_schema(2);
    SchemaFile::newest().write(home.directory.path()).unwrap();
    assert_eq!(schema(home.directory.path(), &mut |_| ()).unwrap().found, 2);
    home.open();
    assert_eq!(schema(home.directory.path(), &mut |_| ()).unwrap().found, 3);
}

#[test]
fn a_damaged_file_is_written_anew() {
    let home = Home::new();
    home.open();
    std::fs::write(home.directory.path().join("schema"), "schema 9\nprogram 1\n").unwrap();
    home.open();
    assert_eq!(noted(&home), Some(SchemaFile::newest()));
}

#[test]
fn a_disk_without_room_is_refused_before_anything_is_written() {
    let home = of_schema(2);
    let directory = home.directory.path();
    let database = directory.join("db/db");
    let before = std::fs::read(&database).unwrap();
    let full = Room(MIN_UPGRADE_ROOM - 1);
    let error = open_on(directory, &home.options, &mut |_| (), &full).unwrap_err();
    assert!(matches!(error, StoreError::NoRoom { .. }), "{error}");
    let error = with_engine(directory, &mut |_| (), &full, |_, _, _| Ok(())).unwrap_err();
    assert!(matches!(error, StoreError::NoRoom { .. }), "{error}");
    assert!(error.to_string().contains("63 MiB are free"), "{error}");
    assert_eq!((noted(&home), std::fs::read(&database).unwrap()), (None, before));
    open_on(directory, &home.options, &mut |_| (), &Room(MIN_UPGRADE_ROOM)).unwrap();
    // What needs no upgrade opens on a full disk.
    open_on(directory, &home.options, &mut |_| (), &Room(0)).unwrap();
    // So does a new directory, whose own guard is another.
    let home = Home::new();
    open_on(home.directory.path(), &home.options, &mut |_| (), &Room(0)).unwrap();
}

#[test]
fn a_directory_without_a_database_has_no_schema() {
    let home = Home::new();
    let error = schema(home.directory.path(), &mut |_| ()).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    assert_eq!(std::fs::read_dir(home.directory.path()).unwrap().count(), 0, "nothing was made");
    home.open();
    std::fs::remove_dir_all(home.directory.path().join("db")).unwrap();
    let error = schema(home.directory.path(), &mut |_| ()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}
