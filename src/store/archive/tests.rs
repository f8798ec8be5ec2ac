//! Chain files: their bytes, and what is refused of others.

mod property;

use std::io::Write as _;

use super::frame::{self, Kind};
use super::*;
use crate::chain::test_util::extend;
use crate::chain::{BlockId, Hash, Height, Spec, TipState, ValidBlock, leaf_hash};
use crate::store::OwnMark;
use crate::store::layout::encode_body;

/// Three blocks, each kind of mark, and two pending records.
const GOLDEN: &[u8] = include_bytes!("../../../tests/vectors/dev.chain");

fn dev(has_own: bool) -> Start {
    Start { spec: Spec::dev(), parent: None, has_own }
}

fn chain(bodies: &[&[&str]]) -> Vec<ValidBlock> {
    let mut state = TipState::genesis(&Spec::dev());
    let mut blocks = vec![Spec::dev().genesis()];
    blocks.extend(bodies.iter().map(|body| {
        let records = body.iter().map(|&text| text.to_owned()).collect();
        extend(&Spec::dev(), &mut state, records, 1_000)
    }));
    blocks
}

fn put(encoder: &mut Encoder, blocks: &[ValidBlock]) {
    for block in blocks {
        let body = encode_body(&block.block().records).unwrap();
        encoder.block(block.header(), block.hash(), &body).unwrap();
    }
}

fn golden_entries() -> (Vec<ValidBlock>, Vec<OwnMark>, [&'static str; 2]) {
    let blocks = chain(&[&["first", "ä\n"], &[]]);
    let marks = vec![
        OwnMark::Block(blocks[1].id()),
        OwnMark::UpTo(Height::new(2)),
        OwnMark::Record(leaf_hash(b"waits")),
    ];
    (blocks, marks, ["waits", ""])
}

fn write(start: &Start, blocks: &[ValidBlock], marks: &[OwnMark], pending: &[&str]) -> Vec<u8> {
    let mut encoder = Encoder::new(start).unwrap();
    put(&mut encoder, blocks);
    for mark in marks {
        encoder.mark(mark).unwrap();
    }
    for text in pending {
        encoder.pending(text).unwrap();
    }
    encoder.finish().unwrap();
    encoder.take()
}

fn read(bytes: &[u8]) -> Result<(Start, Vec<Item>), ArchiveError> {
    let mut decoder = Decoder::new(bytes)?;
    let (start, mut items) = (decoder.start().clone(), Vec::new());
    while let Some(item) = decoder.next()? {
        items.push(item);
    }
    Ok((start, items))
}

fn damage(bytes: &[u8]) -> String {
    match read(bytes) {
        Err(ArchiveError::Damaged { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

/// A file of these frames, with a fitting end.
fn framed(frames: &[(Kind, bool, &[u8])], blocks: u64, tip: Hash) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let mut out = [&MAGIC[..], &ARCHIVE_VERSION.to_be_bytes()].concat();
    for (kind, is_continued, contents) in frames {
        out.extend(frame::encode(*kind, *is_continued, contents).unwrap());
    }
    out.push(ARCHIVE_END);
    out.extend(blocks.to_be_bytes());
    out.extend(tip.as_bytes());
    let digest = Sha256::digest(&out);
    out.extend(digest);
    out
}

#[test]
fn the_bytes_of_a_file_are_those_of_the_golden_one() {
    let (blocks, marks, pending) = golden_entries();
    let written = write(&dev(true), &blocks, &marks, &pending);
    assert!(written == GOLDEN, "as documented in docs/archive.md, with the pinned zstd");
}

#[test]
fn the_golden_file_is_read() {
    let (blocks, marks, pending) = golden_entries();
    let (start, items) = read(GOLDEN).unwrap();
    assert_eq!(start, dev(true));
    let blocks = blocks.into_iter().map(|block| Item::Block(block.into_block().into()));
    let own = pending.map(|text| Item::Pending(text.to_owned()));
    let expected: Vec<_> = blocks.chain(marks.into_iter().map(Item::OwnMark)).chain(own).collect();
    assert_eq!(items, expected);
}

#[test]
fn every_changed_byte_is_found() {
    let mut bytes = GOLDEN.to_vec();
    for index in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            bytes[index] ^= flip;
            let error = read(&bytes).expect_err("nothing of it is unchecked");
            bytes[index] ^= flip;
            match (index, error) {
                (..8, ArchiveError::NotArchive) | (8..10, ArchiveError::Newer { .. }) => {}
                (
                    10..,
                    ArchiveError::Truncated { offset } | ArchiveError::Damaged { offset, .. },
                ) => {
                    assert!(offset <= index as u64);
                }
                (_, error) => panic!("byte {index}: {error}"),
            }
        }
    }
}

#[test]
fn what_begins_with_other_bytes_is_no_chain_file_however_short_it_is() {
    for bytes in [&b"h"[..], b"hello", b"\x89JCF\r\n\x1a\r", b"<html></html>"] {
        assert!(matches!(read(bytes), Err(ArchiveError::NotArchive)), "{bytes:?}");
    }
}

#[test]
fn every_truncated_file_and_every_appended_byte_is_found() {
    for length in 0..GOLDEN.len() {
        match read(&GOLDEN[..length]) {
            Err(ArchiveError::Truncated { offset }) => assert!(offset <= length as u64),
            other => panic!("{length}: {other:?}"),
        }
    }
    assert_eq!(damage(&[GOLDEN, b"x"].concat()), "something follows its end");
}

#[test]
fn a_block_larger_than_a_frame_is_continued_in_the_next_one() {
    let record = "r".repeat(65_536);
    let body = vec![record.as_str(); 16];
    let blocks = chain(&[&["a"], &body, &["b"]]);
    let written = write(&dev(false), &blocks, &[], &[]);
    let (_, items) = read(&written).unwrap();
    let blocks: Vec<_> =
        blocks.into_iter().map(|block| Item::Block(block.into_block().into())).collect();
    assert_eq!(items, blocks);
}

#[test]
fn a_part_of_a_chain_names_its_parent_and_may_be_empty() {
    let blocks = chain(&[&["a"], &["b"], &["c"]]);
    let start = Start { parent: Some(blocks[1].id()), ..dev(false) };
    let written = write(&start, &blocks[2..], &[], &[]);
    let mut decoder = Decoder::new(&written[..]).unwrap();
    assert_eq!((decoder.start(), decoder.last()), (&start, Some(blocks[1].id())));
    while decoder.next().unwrap().is_some() {}
    assert_eq!((decoder.blocks(), decoder.last()), (2, Some(blocks[3].id())));
    let empty = write(&start, &[], &[], &[]);
    assert_eq!(read(&empty).unwrap(), (start.clone(), Vec::new()));
    // The same blocks behind another parent.
    let other = Start { parent: Some(BlockId { hash: Hash::ZERO, ..blocks[1].id() }), ..start };
    let foreign = write(&other, &blocks[2..], &[], &[]);
    assert_eq!(damage(&foreign), "block 2: it does not follow the block before it");
}

#[test]
fn a_file_that_goes_on_behind_a_boundary_is_the_same_file() {
    let bodies: Vec<_> = (0..40).map(|number| format!("{number}").repeat(9_000)).collect();
    let bodies: Vec<_> = bodies.iter().map(|text| vec![text.as_str()]).collect();
    let bodies: Vec<_> = bodies.iter().map(Vec::as_slice).collect();
    let blocks = chain(&bodies);
    let whole = write(&dev(false), &blocks, &[], &[]);
    let mut boundaries = std::collections::BTreeSet::new();
    for length in (0..whole.len()).step_by(97).chain([whole.len()]) {
        let Ok(mut decoder) = Decoder::new(&whole[..length]) else { continue };
        while let Ok(Some(_)) = decoder.next() {}
        let boundary = decoder.boundary();
        boundaries.insert(boundary.offset);
        let mut file = whole[..usize::try_from(boundary.offset).unwrap()].to_vec();
        let next = boundary.last.map_or(0, |last| last.height.next().get());
        let mut encoder = Encoder::resume(boundary);
        put(&mut encoder, &blocks[usize::try_from(next).unwrap()..]);
        encoder.finish().unwrap();
        file.write_all(&encoder.take()).unwrap();
        assert!(file == whole, "cut at {length}");
    }
    assert!(boundaries.len() > 2, "{boundaries:?}");
}

#[test]
fn what_has_its_checksums_and_breaks_a_rule_is_refused() {
    let [genesis, mined] = <[ValidBlock; 2]>::try_from(chain(&[&["a"]])).unwrap();
    let start = dev(false).encode();
    let entry = |block: &ValidBlock, body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&block.header().encode()[..], &length, body].concat()
    };
    let body = |block: &ValidBlock| encode_body(&block.block().records).unwrap();
    let genesis_entry = entry(&genesis, &body(&genesis));
    let with = |second: Vec<u8>| {
        let blocks = [genesis_entry.clone(), second].concat();
        let frames = [(Kind::Start, false, &start[..]), (Kind::Blocks, false, &blocks)];
        damage(&framed(&frames, 2, mined.hash()))
    };
    assert_eq!(
        with(entry(&mined, b"\x02\x01a\x01b")),
        "block 1: its records are not as many as its header says"
    );
    assert_eq!(with(entry(&mined, b"\x01\xff\xff\xff\x7fa")), "block 1: its body does not decode");
    assert!(with(entry(&mined, b"\x01\x01b")).contains("merkle_root"), "other records");
    assert_eq!(with(entry(&genesis, &body(&genesis))), "block 1: its header names another height");
    assert_eq!(with(vec![7; 50]), "an entry is cut off");
    let mut unproven = *mined.header();
    crate::chain::test_util::seal(&mut unproven, false);
    let unproven = [&unproven.encode()[..], &3_u32.to_be_bytes(), b"\x01\x01a"].concat();
    assert!(with(unproven).contains("nonce: expected a hash within target"), "no proof of work");

    let single = |frames: &[(Kind, bool, &[u8])]| damage(&framed(frames, 1, genesis.hash()));
    let (begin, blocks) =
        ((Kind::Start, false, &start[..]), (Kind::Blocks, false, &genesis_entry[..]));
    assert_eq!(
        single(&[begin, (Kind::Blocks, false, &entry(&mined, b"\x01\x01a"))]),
        "block 0: its header names another height"
    );
    assert_eq!(single(&[blocks]), "the first frame is missing");
    assert_eq!(single(&[begin, begin, blocks]), "a frame is out of its place");
    assert_eq!(
        single(&[begin, blocks, (Kind::Pending, false, b"\0\0\0\0")]),
        "a frame is out of its place"
    );
    let own = dev(true).encode();
    let begin = (Kind::Start, false, &own[..]);
    let pending = (Kind::Pending, false, &b"\0\0\0\0"[..]);
    assert_eq!(
        single(&[begin, blocks, pending, (Kind::Marks, false, b"m\0\0\0\0\0\0\0\0")]),
        "a frame is out of its place"
    );
    assert_eq!(
        single(&[begin, blocks, (Kind::Marks, false, b"x")]),
        "a mark is of an unknown kind"
    );
    assert_eq!(
        single(&[begin, blocks, (Kind::Pending, false, b"\0\0\0\x01\xff")]),
        "a pending record is not UTF-8"
    );
    assert_eq!(
        single(&[begin, blocks, (Kind::Pending, false, b"\0\x01\0\x01")]),
        "a pending record is longer than the chain allows"
    );
    assert_eq!(single(&[begin, (Kind::Blocks, true, b"x"), pending]), "an entry is not continued");
    let long = vec![0; 1 << 20];
    let part = (Kind::Blocks, true, &long[..]);
    assert_eq!(single(&[begin, part, part, part]), "an entry is longer than any can be");
    assert_eq!(
        damage(&framed(&[begin, blocks], 2, genesis.hash())),
        "its end names another block than its last one"
    );
    assert_eq!(
        damage(&framed(&[begin, blocks], 1, Hash::ZERO)),
        "its end names another block than its last one"
    );
    assert_eq!(
        damage(&framed(&[begin], 0, Hash::ZERO)),
        "its end names another block than its last one"
    );
}

#[test]
fn a_frame_that_would_grow_beyond_its_length_is_refused() {
    let zeros = zstd::bulk::compress(&vec![0; 9 << 20], 3).unwrap();
    for length in [9_u32 << 20, 1 << 20, 100_000] {
        let mut bytes = [&MAGIC[..], &ARCHIVE_VERSION.to_be_bytes()].concat();
        let stored = u32::try_from(zeros.len()).unwrap().to_be_bytes();
        let head = [&[Kind::Start as u8, 0][..], &length.to_be_bytes(), &stored].concat();
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&head);
        hasher.update(&zeros);
        bytes.extend(head);
        bytes.extend(hasher.finalize().to_be_bytes());
        bytes.extend(&zeros);
        let what = damage(&bytes);
        assert!(
            ["the length of a frame is out of bounds", "a frame does not decompress"]
                .contains(&what.as_str()),
            "{what}"
        );
    }
}
