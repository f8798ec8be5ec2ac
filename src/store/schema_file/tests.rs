//! The bytes of the file, and what is made of others.

use super::*;

fn file() -> SchemaFile {
    SchemaFile { schema: 3, program: "0.1.0".to_owned() }
}

const BYTES: &str = "schema 3\nprogram 0.1.0\ncrc32 efe3e23c\n";

#[test]
fn the_bytes_stay_as_they_are() {
    assert_eq!(file().encode(), BYTES);
    assert_eq!(SchemaFile::decode(BYTES.as_bytes()), Some(file()));
}

#[test]
fn a_newer_program_may_add_lines() {
    let lines = "program 9.1.0-rc.1\nnew thing\nschema 40\n";
    let text = format!("{lines}crc32 {:08x}\n", crc32fast::hash(lines.as_bytes()));
    let read = SchemaFile::decode(text.as_bytes()).unwrap();
    assert_eq!((read.schema, read.program.as_str()), (40, "9.1.0-rc.1"));
}

#[test]
fn a_file_of_which_any_byte_is_wrong_says_nothing() {
    for at in 0..BYTES.len() {
        let mut bytes = BYTES.as_bytes().to_vec();
        bytes[at] ^= 0x55;
        assert_eq!(SchemaFile::decode(&bytes), None, "byte {at}");
        assert_eq!(SchemaFile::decode(&BYTES.as_bytes()[..at]), None, "{at} bytes");
    }
    for lines in ["schema x\nprogram 1\n", "schema 1\nprogram \u{1b}[2J\n", "schema 1\n"] {
        let text = format!("{lines}crc32 {:08x}\n", crc32fast::hash(lines.as_bytes()));
        assert_eq!(SchemaFile::decode(text.as_bytes()), None, "{lines}");
    }
}

#[test]
fn what_is_written_is_read_and_no_file_is_none() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(SchemaFile::read(directory.path()).unwrap(), None);
    // A kill may have left one that is not complete.
    std::fs::write(directory.path().join(UNFINISHED_FILE), "sch").unwrap();
    file().write(directory.path()).unwrap();
    assert_eq!(SchemaFile::read(directory.path()).unwrap(), Some(file()));
    SchemaFile::newest().write(directory.path()).unwrap();
    assert_eq!(SchemaFile::read(directory.path()).unwrap(), Some(SchemaFile::newest()));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_link_in_its_place_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let other = directory.path().join("other");
    std::fs::write(&other, BYTES).unwrap();
    std::os::unix::fs::symlink(&other, directory.path().join(SCHEMA_FILE)).unwrap();
    assert!(SchemaFile::read(directory.path()).is_err());
    SchemaFile::newest().write(directory.path()).unwrap();
    assert_eq!(std::fs::read_to_string(&other).unwrap(), BYTES);
}
