//! Random trees of blocks against a reference in memory.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::chain::{Hash, Height, TipState, ValidBlock};
use crate::store::test_util::{Home, genesis, mine};
use crate::store::{StoredBlock, View};

/// One thing that may happen to a store.
#[derive(Clone, Debug)]
enum Event {
    /// A block on top of the tree's block of this number (modulo how many there are), with
    /// a record of this length.
    Block(usize, usize),
    /// The store is closed and opened.
    Reopen,
    /// A view is made, and held to the end or to the next reopening.
    View,
    /// The oldest view is dropped.
    DropView,
    /// Old branches are removed.
    Prune,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        // Mostly near the end of the tree, so that branches grow long enough to win.
        20 => (0_usize..4, prop_oneof![9 => 0_usize..20, 1 => 5_000_usize..40_000])
            .prop_map(|(back, length)| Event::Block(usize::MAX - back, length)),
        6 => (any::<usize>(), 0_usize..20).prop_map(|(at, length)| Event::Block(at >> 1, length)),
        1 => Just(Event::Reopen),
        3 => Just(Event::View),
        2 => Just(Event::DropView),
        2 => Just(Event::Prune),
    ];
    proptest::collection::vec(event, 1..80)
}

/// Every block ever made, in order of making, with the state after it.
type Tree = Vec<(ValidBlock, TipState)>;

fn path(tree: &Tree, mut hash: Hash) -> Vec<Hash> {
    let by_hash: BTreeMap<Hash, &ValidBlock> =
        tree.iter().map(|(block, _)| (block.hash(), block)).collect();
    let mut path = Vec::new();
    while let Some(block) = by_hash.get(&hash) {
        path.push(hash);
        hash = block.header().previous_hash;
    }
    path.push(genesis().hash());
    path.reverse();
    path
}

fn read(view: &View) -> Vec<StoredBlock> {
    let mut blocks: Vec<StoredBlock> = Vec::new();
    while blocks.len() as u64 <= view.tip().header.height.get() {
        blocks
            .extend(view.blocks(Height::new(blocks.len() as u64), Height::new(u64::MAX)).unwrap());
    }
    blocks
}

fn check_view(view: &View, tree: &Tree, expected: &[Hash]) {
    let blocks = read(view);
    assert_eq!(blocks.iter().map(|block| block.hash).collect::<Vec<_>>(), expected);
    for block in blocks.iter().skip(1) {
        let (made, _) = tree.iter().find(|(made, _)| made.hash() == block.hash).unwrap();
        assert_eq!(made.block().records, block.records);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_heaviest_branch_seen_first_is_what_every_reader_sees(
        events in events(), reorg_batch_blocks in prop_oneof![Just(2_u64), Just(10_000)],
    ) {
        let mut home = Home::new();
        home.options.reorg_batch_blocks = reorg_batch_blocks;
        home.options.branch_quiet = std::time::Duration::ZERO;
        let mut opened = home.open();
        let mut tree: Tree = Vec::new();
        let mut best = genesis();
        let mut views: Vec<(View, Vec<Hash>)> = Vec::new();
        for (number, event) in events.into_iter().enumerate() {
            match event {
                Event::Block(at, length) => {
                    // From the end for large numbers; 0 is genesis.
                    let count = tree.len() + 1;
                    let at = if at > usize::MAX / 2 {
                        (count - 1).saturating_sub(usize::MAX - at)
                    } else {
                        at % count
                    };
                    let mut state = match at.checked_sub(1) {
                        None => genesis(),
                        Some(at) => tree[at].1.clone(),
                    };
                    let record = format!("{number}{}", "r".repeat(length));
                    let block = mine(&mut state, &[record]);
                    if block.header().previous_hash == opened.writer.applied().hash() {
                        opened.writer.append(&block).unwrap();
                    } else {
                        opened.writer.store_branch_block(&block).unwrap();
                        if block.total_work() > opened.writer.applied().total_work() {
                            opened.writer.reorg(block.id()).unwrap();
                        }
                    }
                    opened.writer.commit().unwrap();
                    if state.total_work() > best.total_work() {
                        best = state.clone();
                    }
                    tree.push((block, state));
                }
                Event::Reopen => {
                    views.clear();
                    drop(opened);
                    opened = home.open();
                }
                Event::View => views.push((opened.reader.view(), path(&tree, best.hash()))),
                Event::DropView => drop((!views.is_empty()).then(|| views.remove(0))),
                Event::Prune => while opened.writer.prune().unwrap() {},
            }
            prop_assert_eq!(opened.writer.applied(), &best);
            for (view, expected) in &views {
                check_view(view, &tree, expected);
            }
        }
        check_view(&opened.reader.view(), &tree, &path(&tree, best.hash()));
        opened.reader.check_all(&mut |_| true).unwrap();
        for (block, state) in &tree {
            let held = opened.reader.state_of(block.id()).unwrap();
            prop_assert_eq!(held.as_ref(), Some(state));
        }
    }
}
