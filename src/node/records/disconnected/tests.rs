//! Records of disconnected blocks, by a log and a database of the tests' own.

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{Spec, TipState, ValidBlock};
use crate::node::test_util::options;
use crate::store::{Opened, Options, open};

/// A database, and the log of its reorgs.
struct Bench {
    opened: Opened,
    log: ReorgLog,
    _dir: tempfile::TempDir,
}

fn id(text: &str) -> Hash {
    leaf_hash(text.as_bytes())
}

/// Blocks on genesis, each with these records.
fn blocks(records: &[&[&str]]) -> Vec<ValidBlock> {
    let spec = Spec::dev();
    let mut branch = Branch::from_genesis(&spec);
    let mut state = TipState::genesis(&spec);
    let mut blocks = Vec::new();
    for texts in records {
        let texts = texts.iter().map(|&text| text.to_owned()).collect();
        branch.add(texts, Timestamp::default());
        let block = branch.blocks.pop().unwrap();
        let time = block.header.timestamp;
        let block = state.check_block(&spec, block, time).unwrap();
        state.extend(&block);
        blocks.push(block);
    }
    blocks
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { min_free_bytes: 0, ..options(&Spec::dev()) };
        let opened = open(dir.path(), &options, &mut |_| ()).unwrap();
        Self { opened, log: ReorgLog::default(), _dir: dir }
    }

    /// Makes a longer branch from genesis the main chain, at this time.
    fn reorg(&mut self, blocks: &[ValidBlock], time: u64) {
        for block in blocks {
            self.opened.writer.store_branch_block(block).unwrap();
        }
        let reorg = self.opened.writer.reorg(blocks.last().unwrap().id()).unwrap();
        self.log.record(&reorg, Timestamp::from_millis(time));
    }

    fn append(&mut self, blocks: &[ValidBlock]) {
        for block in blocks {
            self.opened.writer.append(block).unwrap();
        }
        self.opened.writer.commit().unwrap();
    }

    /// The height and the time of each place of a record.
    fn places(&self, records: &DisconnectedRecords, text: &str) -> Vec<(u64, u64)> {
        let ids = [id(text)];
        let found = loop {
            if let Some(mut found) = records.find(&self.log, &self.opened.reader, &ids).unwrap() {
                break found.remove(0);
            }
        };
        let have_none = records.have_none(&self.log, &ids);
        assert!(!have_none || found.is_empty(), "{text}");
        found.iter().map(|place| (place.block.height.get(), place.time.as_millis())).collect()
    }
}

#[test]
fn a_record_is_found_in_the_blocks_that_reorgs_disconnected_the_latest_first() {
    let mut bench = Bench::new();
    let records = DisconnectedRecords::default();
    assert!(records.have_none(&bench.log, &[id("a")]));
    bench.append(&blocks(&[&["a", "b", "a"]]));
    assert_eq!(bench.places(&records, "a"), []);
    bench.reorg(&blocks(&[&["x"], &["a"]]), 7);
    assert!(!records.have_none(&bench.log, &[id("a")]));
    assert_eq!(bench.places(&records, "a"), [(1, 7)]);
    assert_eq!(bench.places(&records, "b"), [(1, 7)]);
    assert_eq!(bench.places(&records, "x"), []);
    assert!(records.have_none(&bench.log, &[id("x")]));
    bench.reorg(&blocks(&[&["y"], &[], &[]]), 8);
    assert_eq!(bench.places(&records, "a"), [(2, 8), (1, 7)]);
    assert_eq!(bench.places(&records, "x"), [(1, 8)]);
}

#[test]
fn a_block_that_came_back_is_not_disconnected_and_one_that_left_twice_is_named_once() {
    let mut bench = Bench::new();
    let records = DisconnectedRecords::default();
    let mine = blocks(&[&["a"], &["b"], &["c"]]);
    let theirs = blocks(&[&["x"], &["y"], &["z"], &[]]);
    bench.append(&mine[..1]);
    bench.reorg(&theirs[..2], 7);
    bench.reorg(&mine, 8);
    assert_eq!(bench.places(&records, "a"), []);
    assert_eq!(bench.places(&records, "x"), [(1, 8)]);
    bench.reorg(&theirs, 9);
    assert_eq!(bench.places(&records, "a"), [(1, 9)]);
    assert_eq!(bench.places(&records, "c"), [(3, 9)]);
    assert_eq!(bench.places(&records, "x"), []);
}

#[test]
fn above_each_bound_the_oldest_blocks_are_forgotten() {
    let long = "l".repeat(1_000);
    let mut bench = Bench::new();
    bench.append(&blocks(&[&["a"], &["b", "c"]]));
    bench.reorg(&blocks(&[&["d"], &[&long], &["e"]]), 7);
    bench.reorg(&blocks(&[&[], &[], &[], &[]]), 8);
    let all = Room { blocks: 9, records: 9, bytes: 9_000 };
    let kept = |room: Room| {
        let records = DisconnectedRecords::with_room(room);
        let texts = ["a", "b", "c", "d", &long, "e"].into_iter();
        let found = texts.filter(|text| !bench.places(&records, text).is_empty());
        found.map(|text| &text[..1]).collect::<String>()
    };
    assert_eq!(kept(all), "abcdle");
    assert_eq!(kept(Room { blocks: 4, ..all }), "bcdle");
    assert_eq!(kept(Room { records: 4, ..all }), "dle");
    assert_eq!(kept(Room { bytes: 1_000, ..all }), "e");
    // One block may be larger than all of the room.
    assert_eq!(kept(Room { records: 0, ..all }), "e");
}

#[test]
fn a_new_reorg_takes_the_room_of_older_ones() {
    let mut bench = Bench::new();
    let records = DisconnectedRecords::with_room(Room { blocks: 2, records: 9, bytes: 9_000 });
    bench.append(&blocks(&[&["a"], &["b"]]));
    bench.reorg(&blocks(&[&["c"], &[], &[]]), 7);
    assert_eq!(bench.places(&records, "a"), [(1, 7)]);
    bench.reorg(&blocks(&[&[], &[], &[], &[]]), 8);
    assert_eq!(bench.places(&records, "a"), []);
    assert_eq!(bench.places(&records, "c"), []);
    let places = records.lock();
    assert_eq!((places.blocks.len(), places.records, places.places.len()), (2, 0, 0));
}
