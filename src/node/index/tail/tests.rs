//! What the tail takes and gives up.

use super::*;
use crate::chain::test_util::{Branch, extend};
use crate::chain::{Spec, TipState};
use crate::node::test_util::options;
use crate::store::{IndexStep, Opened, Options, open};

const ROOMY: Room = Room { blocks: 1_000, records: 1_000 };

struct Chain {
    opened: Opened,
    state: TipState,
    _dir: tempfile::TempDir,
}

impl Chain {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options { min_free_bytes: 0, ..options(&Spec::dev()) };
        let opened = open(dir.path(), &options, &mut |_| ()).unwrap();
        Self { opened, state: TipState::genesis(&Spec::dev()), _dir: dir }
    }

    fn grow(&mut self, records: &[&str]) -> BlockId {
        let records = records.iter().map(|&record| record.to_owned()).collect();
        let block = extend(&Spec::dev(), &mut self.state, records, 1);
        self.opened.writer.append(&block).unwrap();
        self.opened.writer.commit().unwrap();
        block.id()
    }

    fn view(&self) -> View {
        self.opened.reader.view()
    }

    /// Indexes what the tail has.
    fn index(&mut self, tail: &Tail, room: Room) {
        let mut batch = tail.batch(self.view().index_cursor(), room);
        assert_eq!(self.opened.writer.index(&mut batch).unwrap(), IndexStep::Applied);
    }
}

fn id(record: &str) -> Hash {
    leaf_hash(record.as_bytes())
}

fn places(tail: &Tail, record: &str) -> Vec<(u64, u32)> {
    let places = tail.places(&id(record), None, usize::MAX);
    places.into_iter().map(|place| (place.height.get(), place.position)).collect()
}

#[test]
fn every_place_of_a_record_is_found_in_order() {
    let mut chain = Chain::new();
    chain.grow(&["a", "b", "a"]);
    chain.grow(&[]);
    let last = chain.grow(&["b", "a"]);
    let mut tail = Tail::default();
    assert!(tail.follow(&chain.view(), ROOMY).unwrap());
    assert_eq!(places(&tail, "a"), [(1, 0), (1, 2), (3, 1)]);
    assert_eq!(places(&tail, "b"), [(1, 1), (3, 0)]);
    assert_eq!(places(&tail, "c"), []);
    let first = tail.places(&id("a"), None, 2);
    let rest = tail.places(&id("a"), first.last().copied(), 2);
    assert_eq!((first.len(), rest.len(), rest[0].height), (2, 1, last.height));
    assert_eq!(tail.block(&last.hash), Some(last));
    assert_eq!(tail.block(&Hash::ZERO), None);
}

#[test]
fn blocks_that_are_indexed_are_given_up() {
    let mut chain = Chain::new();
    let ids: Vec<_> = (0..6).map(|number| chain.grow(&["a", &number.to_string()])).collect();
    let mut tail = Tail::default();
    assert!(tail.follow(&chain.view(), ROOMY).unwrap());
    chain.index(&tail, Room { blocks: 4, records: 100 });
    assert_eq!(chain.view().index_cursor(), ids[3]);
    // Only a view that counts them as indexed takes them out.
    assert_eq!(tail.block(&ids[0].hash), Some(ids[0]));
    assert!(tail.follow(&chain.view(), ROOMY).unwrap());
    assert_eq!(tail.block(&ids[3].hash), None);
    assert_eq!(places(&tail, "a"), [(5, 0), (6, 0)]);
    chain.index(&tail, ROOMY);
    assert!(tail.follow(&chain.view(), ROOMY).unwrap());
    assert!(tail.blocks.is_empty() && tail.records.is_empty());
    let next = chain.grow(&["a"]);
    assert!(tail.follow(&chain.view(), ROOMY).unwrap());
    assert_eq!(tail.block(&next.hash), Some(next));
}

#[test]
fn more_than_there_is_room_for_is_left_out() {
    let mut chain = Chain::new();
    for _ in 0..6 {
        chain.grow(&["a", "b", "c"]);
    }
    for (blocks, records, held) in [(4, 100, 4), (100, 11, 3), (100, 12, 4), (100, 2, 1)] {
        let (mut tail, room) = (Tail::default(), Room { blocks, records });
        assert!(!tail.follow(&chain.view(), room).unwrap());
        assert_eq!(tail.blocks.len(), held, "{room:?}");
        assert!(!tail.follow(&chain.view(), room).unwrap());
        assert_eq!(tail.blocks.len(), held);
        // More room is used, and less takes nothing away.
        assert!(tail.follow(&chain.view(), ROOMY).unwrap());
        assert!(tail.follow(&chain.view(), room).unwrap());
        assert_eq!(tail.blocks.len(), 6);
    }
}

#[test]
fn the_last_blocks_are_those_that_fit() {
    let mut chain = Chain::new();
    let (mut few_blocks, mut few_records) = (Tail::default(), Tail::default());
    let (blocks, records) = (Room { blocks: 3, records: 100 }, Room { blocks: 100, records: 5 });
    let heights = |tail: &Tail| (tail.first.get()..tail.end().get()).collect::<Vec<_>>();
    few_records.follow_end(&chain.view(), records).unwrap();
    assert_eq!(heights(&few_records), [0]);
    for number in 0..10 {
        chain.grow(&[&format!("a {number}"), "b"]);
        if number != 4 {
            few_blocks.follow_end(&chain.view(), blocks).unwrap();
        }
        if !(2..9).contains(&number) {
            few_records.follow_end(&chain.view(), records).unwrap();
        }
    }
    assert_eq!(heights(&few_blocks), [8, 9, 10]);
    assert_eq!(heights(&few_records), [9, 10]);
    assert_eq!(places(&few_blocks, "a 7"), [(8, 0)]);
    assert_eq!(places(&few_records, "b"), [(9, 1), (10, 1)]);
    // One block may have more.
    chain.grow(&["x"; 6]);
    few_records.follow_end(&chain.view(), records).unwrap();
    assert_eq!(heights(&few_records), [11]);
}

#[test]
fn the_last_blocks_follow_a_reorg() {
    let mut chain = Chain::new();
    chain.grow(&["a"]);
    let mut tail = Tail::default();
    tail.follow_end(&chain.view(), ROOMY).unwrap();
    assert_eq!(places(&tail, "a"), [(1, 0)]);
    let mut state = TipState::genesis(&Spec::dev());
    let blocks = ["b", "c"].map(|text| extend(&Spec::dev(), &mut state, vec![text.to_owned()], 1));
    for block in &blocks {
        chain.opened.writer.store_branch_block(block).unwrap();
    }
    chain.opened.writer.reorg(blocks[1].id()).unwrap();
    tail.follow_end(&chain.view(), ROOMY).unwrap();
    assert_eq!((places(&tail, "a"), places(&tail, "b")), (vec![], vec![(1, 0)]));
    assert_eq!(places(&tail, "c"), [(2, 0)]);
}

#[test]
fn batches_keep_to_their_room() {
    let mut chain = Chain::new();
    let ids: Vec<_> = (0..5).map(|_| chain.grow(&["a", "b"])).collect();
    let mut tail = Tail::default();
    assert!(tail.follow(&chain.view(), ROOMY).unwrap());
    for (records, last) in [(5, 1), (1, 2), (4, 4)] {
        chain.index(&tail, Room { blocks: 2, records });
        assert_eq!(chain.view().index_cursor(), ids[last]);
        assert!(tail.follow(&chain.view(), ROOMY).unwrap());
    }
}

#[test]
fn a_reorg_replaces_what_it_disconnected() {
    let mut chain = Chain::new();
    let mut branch = None;
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(chain.grow(&[&format!("main {number}")]));
        if number == 2 {
            branch = Some(Branch::from(&Spec::dev(), chain.state.clone()));
        }
    }
    let mut tail = Tail::default();
    assert!(tail.follow(&chain.view(), ROOMY).unwrap());
    chain.index(&tail, Room { blocks: 1, records: 9 });
    let mut state = branch.unwrap().tip;
    let winner: Vec<_> = (0..6)
        .map(|number| extend(&Spec::dev(), &mut state, vec![format!("winner {number}")], 2))
        .collect();
    for block in &winner {
        chain.opened.writer.store_branch_block(block).unwrap();
    }
    chain.opened.writer.reorg(winner[5].id()).unwrap();
    assert!(tail.follow(&chain.view(), ROOMY).unwrap());
    assert_eq!(tail.block(&ids[2].hash), Some(ids[2]));
    assert_eq!(tail.block(&ids[3].hash), None);
    assert_eq!(places(&tail, "main 3"), []);
    assert_eq!(places(&tail, "winner 5"), [(9, 0)]);
}
