//! The witness of the durable tip.

use std::fs;

use super::*;
use crate::store::test_util::{genesis, grow};

fn tips(count: u64) -> Vec<Tip> {
    let mut state = genesis();
    (0..count)
        .map(|_| {
            grow(&mut state, 1, "a");
            Tip::of(&state)
        })
        .collect()
}

#[test]
fn the_last_note_is_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let mut witness = Witness::open(directory.path()).unwrap();
    assert_eq!(witness.last(), None);
    for tip in tips(3) {
        witness.note(&tip).unwrap();
        let seen = Witness::open(directory.path()).unwrap().last().unwrap();
        assert_eq!((seen.height, seen.hash), (tip.header.height, tip.hash));
        assert_eq!(seen.total_work, tip.total_work);
    }
}

#[test]
fn any_flipped_byte_leaves_one_of_the_last_two_notes() {
    let directory = tempfile::tempdir().unwrap();
    let tips = tips(2);
    let mut witness = Witness::open(directory.path()).unwrap();
    for tip in &tips {
        witness.note(tip).unwrap();
    }
    let whole = fs::read(witness.path()).unwrap();
    assert_eq!(whole.len(), 2 * SLOT);
    for position in 0..whole.len() {
        let mut torn = whole.clone();
        torn[position] ^= 0xff;
        fs::write(witness.path(), &torn).unwrap();
        let seen = Witness::open(directory.path()).unwrap().last().unwrap();
        assert!(tips.iter().any(|tip| tip.hash == seen.hash), "byte {position}");
    }
}

#[test]
fn an_empty_or_short_file_says_nothing() {
    let directory = tempfile::tempdir().unwrap();
    for bytes in [&b""[..], &[0; SLOT], &[0; 2 * SLOT], &[1; 5]] {
        fs::write(directory.path().join(NAME), bytes).unwrap();
        assert_eq!(Witness::open(directory.path()).unwrap().last(), None);
    }
}

#[test]
fn a_link_in_its_place_is_refused_and_not_written_through() {
    let directory = tempfile::tempdir().unwrap();
    let victim = directory.path().join("victim");
    std::os::unix::fs::symlink(&victim, directory.path().join(NAME)).unwrap();
    let error = Witness::open(directory.path()).unwrap_err().to_string();
    assert!(error.contains("durable-tip: it is a symbolic link"), "{error}");
    assert!(!victim.exists());
}
