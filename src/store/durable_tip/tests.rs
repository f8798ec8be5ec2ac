//! The durable tip of the durable tip.

use std::fs;

use super::*;
use crate::store::test_util::{genesis, grow};

fn tips(count: u64) -> Vec<ChainHeader> {
    let mut state = genesis();
    (0..count)
        .map(|_| {
            grow(&mut state, 1, "a");
            *state.last()
        })
        .collect()
}

#[test]
fn the_last_note_is_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let mut durable_tip = DurableTip::open(directory.path()).unwrap();
    assert_eq!(durable_tip.last(), None);
    for tip in tips(3) {
        durable_tip.note(&tip).unwrap();
        let seen = DurableTip::open(directory.path()).unwrap().last().unwrap();
        assert_eq!((seen.id, seen.total_work), (tip.id(), tip.total_work));
    }
}

#[test]
fn any_flipped_byte_leaves_one_of_the_last_two_notes() {
    let directory = tempfile::tempdir().unwrap();
    let tips = tips(2);
    let mut durable_tip = DurableTip::open(directory.path()).unwrap();
    for tip in &tips {
        durable_tip.note(tip).unwrap();
    }
    let whole = fs::read(durable_tip.path()).unwrap();
    assert_eq!(whole.len(), 2 * SLOT);
    for position in 0..whole.len() {
        let mut torn = whole.clone();
        torn[position] ^= 0xff;
        fs::write(durable_tip.path(), &torn).unwrap();
        let seen = DurableTip::open(directory.path()).unwrap().last().unwrap();
        assert!(tips.iter().any(|tip| tip.id() == seen.id), "byte {position}");
    }
}

#[test]
fn an_empty_or_short_file_says_nothing() {
    let directory = tempfile::tempdir().unwrap();
    for bytes in [&b""[..], &[0; SLOT], &[0; 2 * SLOT], &[1; 5]] {
        fs::write(directory.path().join(DURABLE_TIP_FILE), bytes).unwrap();
        assert_eq!(DurableTip::open(directory.path()).unwrap().last(), None);
    }
}

#[test]
fn a_link_in_its_place_is_refused_and_not_written_through() {
    let directory = tempfile::tempdir().unwrap();
    let victim = directory.path().join("victim");
    std::os::unix::fs::symlink(&victim, directory.path().join(DURABLE_TIP_FILE)).unwrap();
    let error = DurableTip::open(directory.path()).unwrap_err().to_string();
    assert!(error.contains("durable-tip: it is a symbolic link"), "{error}");
    assert!(!victim.exists());
}
