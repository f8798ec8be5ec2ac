//! Lookups against a naive map, while blocks come, branches win, and the index is built.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use proptest::prelude::*;
use tempfile::TempDir;

use super::builder::next_batch;
use super::find::{Lookup, Progress, block};
use super::*;
use crate::chain::test_util::{extend, mine};
use crate::chain::{BlockId, Hash, Height, Spec, TipState, ValidBlock, leaf_hash};
use crate::node::test_util::{TestNode, options, records, until};
use crate::node::{FindError, StoredBlock};
use crate::store::{IndexBatch, IndexStep, Opened, Options, Reader, RecordLocation, open};

/// A store with what a node has beside it, driven by hand.
struct Bench {
    dir: TempDir,
    opened: Opened,
    index: Arc<Index>,
    batch: Option<IndexBatch>,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let opened = open_in(&dir);
        Self { dir, opened, index: Arc::default(), batch: None }
    }

    /// What was being indexed is lost, as by a kill.
    fn restart(self) -> Self {
        let Self { dir, opened, .. } = self;
        drop(opened);
        let opened = open_in(&dir);
        Self { dir, opened, index: Arc::default(), batch: None }
    }

    /// Takes a block, unless its parent was pruned: appends it or stores it, and moves to its
    /// branch when it wins.
    fn take(&mut self, block: &ValidBlock) {
        let writer = &mut self.opened.writer;
        if block.header().previous_hash == writer.applied().hash() {
            writer.append(block).unwrap();
        } else if self.opened.reader.holds(block.parent()).unwrap() {
            writer.store_branch_block(block).unwrap();
            if block.total_work() > writer.applied().total_work() {
                writer.reorg(block.id()).unwrap();
            }
        }
        writer.commit().unwrap();
    }

    /// Writes a part of a batch. Returns whether there was anything to write.
    fn index_step(&mut self) -> bool {
        if self.batch.is_none() {
            self.batch = next_batch(&self.opened.reader, &self.index).unwrap();
        }
        let Some(batch) = &mut self.batch else { return false };
        if self.opened.writer.index(batch).unwrap() != IndexStep::Partial {
            self.batch = None;
        }
        true
    }

    fn find_record(&self, record: &str) -> Option<RecordLocation> {
        find_record(&self.opened.reader, &self.index, &leaf_hash(record.as_bytes()))
    }

    fn find_block(&self, hash: &Hash) -> Option<BlockId> {
        find_block(&self.opened.reader, &self.index, hash)
    }
}

fn open_in(dir: &TempDir) -> Opened {
    let options = Options {
        min_free_bytes: 0,
        branch_quiet: std::time::Duration::ZERO,
        branch_heights: 3,
        ..options(&Spec::dev())
    };
    open(dir.path(), &options, &mut |_| ()).unwrap()
}

fn find_record(reader: &Reader, index: &Index, id: &Hash) -> Option<RecordLocation> {
    let mut lookup = Lookup::of(*id);
    loop {
        match lookup.step(reader, index).unwrap() {
            Progress::Partial => {}
            Progress::Done(found) => return found,
            Progress::Indexing(lag) => panic!("{lag} blocks are not indexed"),
        }
    }
}

fn find_block(reader: &Reader, index: &Index, hash: &Hash) -> Option<BlockId> {
    loop {
        match block(reader, index, hash).unwrap() {
            Progress::Partial => {}
            Progress::Done(found) => return found,
            Progress::Indexing(lag) => panic!("{lag} blocks are not indexed"),
        }
    }
}

fn main_chain(reader: &Reader) -> Vec<StoredBlock> {
    let view = reader.view();
    let heights = (0..=view.tip().header.height.get()).map(Height::new);
    heights.map(|height| view.block(height).unwrap().unwrap()).collect()
}

#[derive(Clone, Debug)]
enum Event {
    /// A block of these records on top of the tree's block of this number, from the last one on.
    Block(usize, Vec<u8>),
    /// This number of parts of batches is written.
    Index(usize),
    Restart,
    Prune,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    // Few different records, so that most are on several branches and several times on each.
    let records = proptest::collection::vec(0_u8..12, 0..4);
    let event = prop_oneof![
        12 => (0_usize..6, records.clone()).prop_map(|(back, records)| Event::Block(back, records)),
        2 => (0_usize..40, records).prop_map(|(back, records)| Event::Block(back, records)),
        6 => (1_usize..4).prop_map(Event::Index),
        1 => Just(Event::Restart),
        2 => Just(Event::Prune),
    ];
    proptest::collection::vec(event, 1..70)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn lookups_find_what_a_naive_map_has(events in events()) {
        let mut bench = Bench::new();
        let mut tree = vec![(Spec::dev().genesis(), TipState::genesis(&Spec::dev()))];
        for event in events {
            match event {
                Event::Block(back, records) => {
                    let place = tree.len().saturating_sub(back + 1);
                    let mut state = tree[place].1.clone();
                    let records = records.iter().map(|number| format!("record {number}")).collect();
                    let block = extend(&Spec::dev(), &mut state, records, 1 + back as u64);
                    bench.take(&block);
                    tree.push((block, state));
                }
                Event::Index(parts) => {
                    for _ in 0..parts {
                        bench.index_step();
                    }
                }
                Event::Restart => bench = bench.restart(),
                Event::Prune => while bench.opened.writer.prune().unwrap() {},
            }
            check(&bench, &tree);
        }
        // Indexed to the end, it has nothing but the main chain.
        while bench.index_step() {}
        check(&bench, &tree);
        let view = bench.opened.reader.view();
        prop_assert_eq!(view.index_cursor(), view.tip().id());
    }
}

fn check(bench: &Bench, tree: &[(ValidBlock, TipState)]) {
    let mut blocks = BTreeMap::new();
    let mut firsts = BTreeMap::new();
    for block in main_chain(&bench.opened.reader) {
        let id = BlockId { height: block.header.height, hash: block.hash };
        blocks.insert(block.hash, id);
        for (position, record) in (0..).zip(block.records) {
            firsts.entry(record).or_insert(RecordLocation { block: id, position });
        }
    }
    for (block, _) in tree {
        assert_eq!(bench.find_block(&block.hash()), blocks.get(&block.hash()).copied());
    }
    for number in 0..12 {
        let record = format!("record {number}");
        assert_eq!(bench.find_record(&record), firsts.get(&record).copied(), "{record}");
    }
}

#[test]
fn an_entry_of_a_disconnected_block_does_not_hide_an_earlier_place() {
    let mut bench = Bench::new();
    let grow = |bench: &mut Bench, state: &mut TipState, record: &str, step| {
        let block = extend(&Spec::dev(), state, records(record), step);
        bench.take(&block);
        block
    };
    let (mut old, mut new) = (TipState::genesis(&Spec::dev()), TipState::genesis(&Spec::dev()));
    for record in ["a", "b"] {
        grow(&mut bench, &mut old, record, 1);
    }
    while bench.index_step() {}
    let first = grow(&mut bench, &mut new, "b", 2);
    for record in ["b", "c"] {
        grow(&mut bench, &mut new, record, 2);
    }
    // The entry of height 2 is of the old branch, and holds for the new one as well.
    let expected = Some(RecordLocation { block: first.id(), position: 0 });
    assert_eq!(bench.find_record("b"), expected);
    while bench.index_step() {}
    assert_eq!(bench.find_record("b"), expected);
}

/// Blocks below every fork of the next test.
const STABLE: u64 = 40;

#[test]
fn no_lookup_misses_a_block_that_is_indexed_meanwhile() {
    let mut bench = Bench::new();
    let mut state = TipState::genesis(&Spec::dev());
    let spec = Spec::dev();
    for number in 0..STABLE {
        bench.take(&extend(&spec, &mut state, vec![format!("stable {number}")], 1));
    }
    let (reader, index) = (bench.opened.reader.clone(), Arc::clone(&bench.index));
    let stable: Vec<_> = main_chain(&reader).iter().map(|block| block.hash).collect();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for offset in 0..2_u64 {
            let (reader, index, stable, is_over) = (&reader, &index, &stable, &is_over);
            scope.spawn(move || {
                for number in (offset..).map(|number| number * 7 % STABLE) {
                    let height = Height::new(number + 1);
                    let hash = stable[usize::try_from(number).unwrap() + 1];
                    let wanted = BlockId { height, hash };
                    let id = leaf_hash(format!("stable {number}").as_bytes());
                    let found = find_record(reader, index, &id).map(|found| found.block);
                    assert_eq!(found, Some(wanted));
                    assert_eq!(find_block(reader, index, &hash), Some(wanted));
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
        }
        // The main chain grows by a few blocks, and a longer branch from the last stable block wins.
        for round in 0..60_u64 {
            let mut branch = state.clone();
            for number in 0..=round % 30 + 1 {
                let record = format!("round {round} block {number}");
                let block = extend(&spec, &mut branch, vec![record.clone()], 1 + round);
                bench.take(&block);
                if bench.opened.writer.applied().hash() == block.hash() {
                    // What is durable is found at once, wherever it is.
                    let found = bench.find_record(&record).map(|found| found.block);
                    assert_eq!(found, Some(block.id()));
                }
                bench.index_step();
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[tokio::test]
async fn what_was_mined_is_found_at_once_and_after_a_restart() {
    let node = TestNode::dev();
    let mined = node.handle.mine(records("a")).await.unwrap();
    let wanted = BlockId { height: mined.header.height, hash: mined.hash };
    let id = leaf_hash(b"a");
    let at = RecordLocation { block: wanted, position: 0 };
    assert_eq!(node.handle.find_block(mined.hash).await.unwrap(), Some(wanted));
    assert_eq!(node.handle.find_record(id).await.unwrap(), Some(at));
    assert_eq!(node.handle.find_record(leaf_hash(b"b")).await.unwrap(), None);
    until("indexed", || node.handle.status().indexed == wanted.height).await;
    assert_eq!(node.handle.find_record(id).await.unwrap(), Some(at));
    let node = node.restart().await;
    assert_eq!(node.handle.status().indexed, wanted.height);
    assert_eq!(node.handle.find_record(id).await.unwrap(), Some(at));
}

#[test]
fn more_than_fits_into_memory_is_said_to_be_indexed() {
    let mut bench = Bench::new();
    bench.index = Arc::new(Index { room: Room { blocks: 3, records: 100 }, ..Index::default() });
    let mut state = TipState::genesis(&Spec::dev());
    let mut append = |bench: &mut Bench, record: &str| {
        let block = mine(&Spec::dev(), &state, records(record), state.header().timestamp);
        state.extend(&block);
        bench.take(&block);
        block.hash()
    };
    for number in 0..3 {
        append(&mut bench, &number.to_string());
    }
    assert!(bench.find_record("2").is_some());
    let hash = append(&mut bench, "3");
    let (reader, index) = (&bench.opened.reader, &bench.index);
    // Whether or not it would be found.
    for id in [leaf_hash(b"0"), leaf_hash(b"none")] {
        assert_eq!(Lookup::of(id).step(reader, index).unwrap(), Progress::Indexing(4));
    }
    assert_eq!(block(reader, index, &hash).unwrap(), Progress::Indexing(4));
    // What was just mined is found nevertheless.
    let recent = |text: &str| index.find_recent(reader, &leaf_hash(text.as_bytes())).unwrap();
    assert_eq!(recent("3").map(|found| found.block.hash), Some(hash));
    assert_eq!(recent("0").map(|found| found.block.height.get()), Some(1));
    assert_eq!(recent("none"), None);
    while bench.index_step() {}
    assert!(bench.find_record("0").is_some() && bench.find_block(&hash).is_some());
}

#[tokio::test]
async fn a_node_that_stops_finds_nothing_out() {
    let node = TestNode::dev();
    let handle = node.handle.clone();
    let _dir = node.stop().await;
    let found = handle.find_block(Hash::ZERO).await;
    assert!(matches!(found, Err(FindError::Unavailable(_))), "{found:?}");
}
