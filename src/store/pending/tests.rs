//! Batches of waiting records: bytes, reopening, damage.

use proptest::prelude::*;

use super::*;
use crate::store::Opened;
use crate::store::open::open;
use crate::store::test_util::Home;

fn batch(sequence: u64, texts: &[&str]) -> PendingBatch {
    let records = texts.iter().map(|&text| PendingRecord { is_own: true, text: text.into() });
    PendingBatch { sequence, records: records.collect() }
}

fn write(opened: &mut Opened, batches: &[PendingBatch]) {
    for batch in batches {
        opened.writer.append_pending(batch).unwrap();
    }
    opened.writer.commit().unwrap();
}

fn damage_of(home: &Home) -> String {
    match open(home.directory.path(), &home.options, &mut |_| ()) {
        Err(StoreError::Damaged { what }) => what,
        other => panic!("no damage: {other:?}"),
    }
}

#[test]
fn the_bytes_of_a_batch() {
    let (_home, mut opened) = Home::opened();
    let mut both = batch(0x0102, &["ab", ""]);
    both.records[1].is_own = false;
    write(&mut opened, &[both]);
    let entry = opened.writer.database.pending.iter().next().unwrap().unwrap();
    assert_eq!(entry.0.as_ref(), [0, 0, 0, 0, 0, 0, 1, 2, 0, 0]);
    assert_eq!(entry.1.as_ref(), [2, 1, 2, b'a', b'b', 0, 0]);
}

#[test]
fn batches_come_back_oldest_first_whatever_their_size() {
    let (home, mut opened) = Home::opened();
    let long = "x".repeat(3 * CHUNK_BYTES);
    let batches = [batch(1 << 63, &["a", &long, ""]), batch(5, &["b"]), batch(u64::MAX, &[&long])];
    write(&mut opened, &batches);
    drop(opened);
    let [first, second, third] = batches;
    assert_eq!(home.open().pending, [second, first, third]);
}

#[test]
fn no_value_is_longer_than_a_chunk() {
    let (_home, mut opened) = Home::opened();
    write(&mut opened, &[batch(1, &[&"x".repeat(100_000)])]);
    let values = opened.writer.database.pending.iter().values();
    let lengths: Vec<_> = values.map(|value| value.unwrap().len()).collect();
    assert!(
        lengths.len() > 6 && lengths.iter().all(|&length| length <= CHUNK_BYTES),
        "{lengths:?}"
    );
}

#[test]
fn a_removed_batch_leaves_nothing_and_touches_no_other() {
    let (home, mut opened) = Home::opened();
    write(&mut opened, &[batch(1, &[&"x".repeat(50_000)]), batch(256, &["b"])]);
    opened.writer.remove_pending(1).unwrap();
    opened.writer.commit().unwrap();
    drop(opened);
    let opened = home.open();
    assert_eq!(opened.pending, [batch(256, &["b"])]);
    assert_eq!(opened.writer.database.pending.len(), 1);
}

#[test]
fn a_rewritten_batch_has_its_rest_alone() {
    let (home, mut opened) = Home::opened();
    let long = "x".repeat(50_000);
    write(&mut opened, &[batch(3, &["a", &long, "b"])]);
    put(&opened.writer.database, &batch(3, &["a", "b"])).unwrap();
    drop(opened);
    let opened = home.open();
    assert_eq!(opened.pending, [batch(3, &["a", "b"])]);
    assert_eq!(opened.writer.database.pending.len(), 1);
}

/// Something that happens to the tree on disk.
type Spoil = fn(&sled::Tree);

#[test]
fn a_batch_that_is_not_as_written_is_named() {
    let long = "x".repeat(3 * CHUNK_BYTES);
    let cases: [(&str, Spoil); 6] = [
        ("its first part is missing", |tree| drop(tree.remove(pending_key(7, 0)).unwrap())),
        ("a part of it is missing", |tree| drop(tree.remove(pending_key(7, 1)).unwrap())),
        ("it does not decode", |tree| drop(tree.remove(pending_key(7, 3)).unwrap())),
        ("it does not decode", |tree| drop(tree.insert(pending_key(7, 4), b"more").unwrap())),
        ("unknown origin", |tree| {
            tree.clear().unwrap();
            tree.insert(pending_key(7, 0), &[1, 2, 0]).unwrap();
        }),
        ("the key of a batch", |tree| drop(tree.insert(b"torn", b"").unwrap())),
    ];
    for (what, spoil) in cases {
        let (home, mut opened) = Home::opened();
        write(&mut opened, &[batch(7, &[&long])]);
        spoil(&opened.writer.database.pending);
        drop(opened);
        let told = damage_of(&home);
        assert!(told.contains(what), "{told}");
        assert!(told.contains("batch 7") || what.contains("key"), "{told}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_bytes_are_a_batch_or_named_damage(bytes: Vec<u8>) {
        if let Err(error) = decode_pending(9, &bytes) {
            prop_assert!(error.to_string().contains("batch 9 of pending records"));
        }
    }
}
