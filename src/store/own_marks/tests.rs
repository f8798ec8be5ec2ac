//! The marks of a database, read one by one and put into another.

use super::*;
use crate::store::test_util::Home;

fn hash(byte: u8) -> Hash {
    Hash::new([byte; 32])
}

fn block(height: u64, byte: u8) -> OwnMark {
    OwnMark::Block(BlockId { height: Height::new(height), hash: hash(byte) })
}

#[test]
fn marks_are_read_in_parts_and_put_elsewhere() {
    let (_home, mut one) = Home::opened();
    let marks = [
        block(1, 9),
        block(2, 1),
        OwnMark::UpTo(Height::new(4)),
        OwnMark::Record(hash(0)),
        OwnMark::Record(hash(255)),
    ];
    one.writer.put_own_marks(&marks).unwrap();
    for part in 1..=marks.len() {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let next = one.reader.own_marks(after.as_ref(), part).unwrap();
            let Some(last) = next.last() else { break };
            after = Some(*last);
            read.extend(next);
        }
        assert_eq!(read, marks, "in parts of {part}");
    }
    assert!(one.reader.is_own(&hash(255)).unwrap());
}

#[test]
fn marks_that_are_there_stay() {
    let (_home, mut opened) = Home::opened();
    opened.writer.mark_own(&[hash(1)], 7).unwrap();
    opened.writer.put_own_marks(&[OwnMark::UpTo(Height::new(4))]).unwrap();
    let marks = [OwnMark::UpTo(Height::new(3)), OwnMark::Record(hash(1))];
    opened.writer.put_own_marks(&marks).unwrap();
    let read = opened.reader.own_marks(None, 9).unwrap();
    assert_eq!(read, [OwnMark::UpTo(Height::new(4)), OwnMark::Record(hash(1))]);
    let own = &opened.writer.database.own;
    assert_eq!(own.get(own_record_key(&hash(1))).unwrap().unwrap().as_ref(), 7_u64.to_be_bytes());
}

#[test]
fn a_higher_height_up_to_which_all_is_own_takes_the_place_of_a_lower_one() {
    let (_home, mut opened) = Home::opened();
    for (put, expected) in [(4, 4), (9, 9), (6, 9)] {
        opened.writer.put_own_marks(&[OwnMark::UpTo(Height::new(put))]).unwrap();
        let read = opened.reader.own_marks(None, 9).unwrap();
        assert_eq!(read, [OwnMark::UpTo(Height::new(expected))], "after {put}");
    }
}

#[test]
fn a_torn_mark_is_named() {
    let (_home, opened) = Home::opened();
    opened.writer.database.own.insert(b"r torn", b"").unwrap();
    let error = opened.reader.own_marks(None, 9).unwrap_err();
    assert!(error.to_string().contains("tree `own`"), "{error}");
}
