//! Tests of the way from a source to a target.

use std::path::PathBuf;

use super::*;
use crate::cli::exit::{Code, code_of, text_of};
use crate::cli::signal::Unfinished;

/// Gives the genesis block of `dev` this many times, then the end.
struct Fake {
    rows: usize,
    end: Result<()>,
}

impl Source for Fake {
    fn produce(self: Box<Self>, hand: &mut dyn FnMut(Piece) -> Result<()>) -> Result<()> {
        let spec = Spec::dev();
        let genesis = spec.genesis();
        let (header, hash) = (*genesis.header(), genesis.hash());
        let row = Row { header, hash, records: genesis.into_block().records };
        hand(Piece::Start { spec: Box::new(spec), total: None })?;
        for _ in 0..self.rows {
            hand(Piece::Rows(vec![row.clone()]))?;
        }
        self.end
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn dump(file: &Path, rows: usize, end: Result<()>) -> Result<()> {
    let target = Target::open(Some(file), Unfinished::default())?;
    copy(Box::new(Fake { rows, end }), target, Format::Jsonl, false, false)
}

#[test]
fn a_file_appears_whole() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("dump.jsonl");
    dump(&file, 10, Ok(())).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 10);
    assert_eq!(files(dir.path()), [file]);
}

#[test]
fn a_dump_that_fails_leaves_nothing_and_spares_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("dump.jsonl");
    std::fs::write(&file, "older").unwrap();
    let error = dump(&file, 10, Err(Failure::no("the source broke").into())).unwrap_err();
    assert_eq!(text_of(&error), "error: the source broke\n");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "older");
    assert_eq!(files(dir.path()), [file]);
}

#[test]
fn a_directory_is_no_target() {
    let dir = tempfile::tempdir().unwrap();
    let error = dump(dir.path(), 1, Ok(())).unwrap_err();
    assert_eq!(code_of(&error), Code::Usage);
}

#[test]
fn a_device_is_written_as_it_is() {
    dump(Path::new("/dev/null"), 10, Ok(())).unwrap();
    let full = dump(Path::new("/dev/full"), 10, Ok(())).unwrap_err();
    assert_eq!(code_of(&full), Code::Failed);
    assert!(text_of(&full).contains("/dev/full cannot be written"));
}
