//! Views while the chain moves under them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::super::Reader;
use crate::chain::test_util::extend;
use crate::chain::{Spec, TipState, ValidBlock};
use crate::store::test_util::{Home, append, genesis, mine, store};

use super::*;

/// Blocks that both branches share, and those that each starts with.
const SHARED: u64 = 255;
const BRANCH: u64 = 400;

/// Every chain that is ever published, by its tip, and the state after every block.
#[derive(Default)]
struct Known {
    chains: HashMap<Hash, Vec<Hash>>,
    states: Vec<TipState>,
}

/// A branch as it grows.
#[derive(Clone)]
struct Branch {
    state: TipState,
    hashes: Vec<Hash>,
}

/// Ends the readers, also when the writer's side of a test fails.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Branch {
    fn add(&mut self, known: &mut Known, records: &[String]) -> ValidBlock {
        let block = mine(&mut self.state, records);
        self.hashes.push(block.hash());
        known.states.push(self.state.clone());
        known.chains.insert(block.hash(), self.hashes.clone());
        block
    }
}

/// Some inline, some large, so that bytes end a step and a batch.
fn records(label: &str, number: u64) -> Vec<String> {
    let length = if number.is_multiple_of(50) { 20_000 } else { 3_500 };
    vec![format!("{label} {number} {}", "r".repeat(length))]
}

/// One round of a reader; every answer must be right, whatever the writer does.
fn read_all(reader: &Reader, known: &Known, round: u64) {
    let view = reader.view();
    let expected = &known.chains[&view.tip().hash];
    let mut found = Vec::new();
    while found.len() < expected.len() {
        let from = Height::new(found.len() as u64);
        let to = Height::new(u64::MAX);
        match round % 3 {
            0 => found.extend(view.blocks(from, to).unwrap().iter().map(|block| block.hash)),
            1 => found.extend(view.headers(from, to).unwrap().iter().map(|header| header.hash)),
            _ => found.extend(view.bodies(from, to).unwrap().iter().map(|(header, _)| header.hash)),
        }
    }
    assert_eq!(&found, expected);
    let height = Height::new(round * 37 % expected.len() as u64);
    let state = view.state_at(height).unwrap().unwrap();
    assert_eq!(Some(&state.hash()), expected.get(usize::try_from(height.get()).unwrap()));
    assert_eq!(view.find_recent(&state.hash(), u64::MAX).unwrap(), Some(height));
    // A proof is verified before it is handed out.
    view.block_path(height, view.tip().height()).unwrap().unwrap();
    view.consistency(height, view.tip().height()).unwrap().unwrap();
    let any = &known.states[usize::try_from(round * 61).unwrap() % known.states.len()];
    if let Some(state) = reader.state_of(any.id()).unwrap() {
        assert_eq!(&state, any);
    }
    if let Some(block) = reader.branch_block(any.id()).unwrap() {
        assert_eq!(block.hash, any.hash());
    }
    if round.is_multiple_of(8) {
        reader.check_all(&mut |_| true).unwrap();
    }
}

fn hammer(reorg_batch_blocks: u64) {
    let mut home = Home::new();
    home.options.reorg_batch_blocks = reorg_batch_blocks;
    home.options.branch_quiet = Duration::ZERO;
    let mut opened = home.open();
    let mut known = Known::default();
    let mut trunk = Branch { state: genesis(), hashes: vec![genesis().hash()] };
    known.chains.insert(genesis().hash(), trunk.hashes.clone());
    let mut blocks: Vec<_> =
        (0..SHARED).map(|number| trunk.add(&mut known, &records("shared", number))).collect();
    let mut branches = [trunk.clone(), trunk];
    let [one, two] = &mut branches;
    blocks.extend((0..BRANCH).map(|number| one.add(&mut known, &records("one", number))));
    let stored: Vec<_> =
        (0..BRANCH).map(|number| two.add(&mut known, &records("two", number))).collect();
    // Each branch in turn grows by two, and so wins by one.
    let mut turns: Vec<Vec<ValidBlock>> = vec![stored];
    for turn in 0..12 {
        let branch = &mut branches[(turn + 1) % 2];
        let more = if turn == 0 { 1 } else { 2 };
        let next: Vec<_> = (0..more)
            .map(|number| branch.add(&mut known, &records("turn", number + turn as u64 * 10)))
            .collect();
        turns.push(next);
    }
    append(&mut opened, &blocks);
    let (done, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            let (reader, known, done, rounds) = (opened.reader.clone(), &known, &done, &rounds);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    read_all(&reader, known, rounds.fetch_add(1, Ordering::Relaxed));
                }
            });
        }
        let _done = Done(&done);
        for (turn, blocks) in turns.iter().enumerate() {
            store(&mut opened, blocks);
            opened.writer.commit().unwrap();
            if turn > 0 {
                let last = blocks.last().unwrap();
                opened.writer.reorg(last.id()).unwrap();
            }
            while opened.writer.prune().unwrap() {}
            opened.writer.commit().unwrap();
        }
    });
    read_all(&opened.reader, &known, 0);
}

#[test]
fn readers_see_one_chain_while_branches_reorg_back_and_forth() {
    hammer(10_000);
}

#[test]
fn readers_see_one_chain_while_a_reorg_goes_in_steps() {
    hammer(3);
}

#[test]
fn bodies_are_those_of_the_blocks_encoded() {
    let (_home, mut opened) = Home::opened();
    let mut state = genesis();
    for number in 0..60 {
        opened.writer.append(&mine(&mut state, &records("a", number))).unwrap();
    }
    opened.writer.commit().unwrap();
    let view = opened.reader.view();
    let blocks = view.blocks(Height::new(1), Height::new(60)).unwrap();
    let bodies = view.bodies(Height::new(1), Height::new(60)).unwrap();
    assert_eq!((blocks.len(), bodies.len()), (60, 60));
    for (block, (header, body)) in blocks.iter().zip(&bodies) {
        assert_eq!((block.header, block.hash), (header.header, header.hash));
        assert_eq!(body, &postcard::to_stdvec(&block.records).unwrap());
    }
}

#[test]
fn the_first_block_since_a_time_is_found_among_equal_times_too() {
    let (_home, mut opened) = Home::opened();
    let mut state = genesis();
    for step in [1_000, 0, 0, 5, 0, 70] {
        opened.writer.append(&extend(&Spec::dev(), &mut state, Vec::new(), step)).unwrap();
    }
    opened.writer.commit().unwrap();
    let view = opened.reader.view();
    let start = genesis().header().timestamp;
    for (millis, first) in [
        (0, Some(0)),
        (1, Some(1)),
        (1_000, Some(1)),
        (1_001, Some(4)),
        (1_005, Some(4)),
        (1_006, Some(6)),
        (1_075, Some(6)),
        (1_076, None),
    ] {
        let found = view.first_since(start.plus_millis(millis)).unwrap();
        assert_eq!(found.map(Height::get), first, "{millis}");
    }
    assert_eq!(view.first_since(Timestamp::default()).unwrap(), Some(Height::GENESIS));
    assert_eq!(view.first_since(Timestamp::from_millis(u64::MAX)).unwrap(), None);
}
