//! Reorgs: what readers see before, during and after.

mod property;

use super::super::{Opened, StoreError, View};
use crate::chain::{BlockId, Hash, Height, ValidBlock};
use crate::store::test_util::{Home, append, genesis, grow, store};

fn hashes(view: &View) -> Vec<Hash> {
    let mut hashes = Vec::new();
    let mut next = Height::GENESIS;
    while next <= view.tip().header.height {
        for block in view.blocks(next, Height::new(u64::MAX)).unwrap() {
            assert_eq!(block.header.height, next);
            hashes.push(block.hash);
            next = next.next();
        }
    }
    hashes
}

fn reorg_to(opened: &mut Opened, blocks: &[ValidBlock]) -> super::Reorg {
    store(opened, blocks);
    let last = blocks.last().unwrap();
    opened.writer.reorg(last.id()).unwrap()
}

#[test]
fn a_view_held_across_two_reorgs_stays_one_chain() {
    for reorg_batch_blocks in [10_000, 3] {
        let mut home = Home::new();
        home.options.reorg_batch_blocks = reorg_batch_blocks;
        let mut opened = home.open();
        let mut trunk = genesis();
        let shared = grow(&mut trunk, 300, "shared");
        append(&mut opened, &shared);
        let (mut first, mut second) = (trunk.clone(), trunk.clone());
        let first = grow(&mut first, 20, "first");
        append(&mut opened, &first);
        let view = opened.reader.view();
        let before = hashes(&view);

        let second_blocks = grow(&mut second, 21, "second");
        let reorg = reorg_to(&mut opened, &second_blocks);
        assert_eq!(reorg.fork, Height::new(300));
        assert_eq!(reorg.disconnected, first.iter().map(ValidBlock::hash).collect::<Vec<_>>());
        assert_eq!(hashes(&view), before);

        let middle = opened.reader.view();
        let in_the_middle = hashes(&middle);
        let mut third = genesis();
        for block in shared.iter().take(100) {
            third.extend(block);
        }
        let third = grow(&mut third, 240, "third");
        reorg_to(&mut opened, &third);
        assert_eq!(hashes(&view), before);
        assert_eq!(hashes(&middle), in_the_middle);
        assert_ne!(hashes(&opened.reader.view()), in_the_middle);
        let state = view.state_at(Height::new(320)).unwrap().unwrap();
        assert_eq!(state.hash(), first.last().unwrap().hash());
        opened.reader.check_all(&mut |_| true).unwrap();

        drop((view, middle));
        assert!(opened.writer.database.state().reorgs.is_empty());
    }
}

#[test]
fn a_long_reorg_shows_signs_of_life_at_every_block() {
    let mut home = Home::new();
    home.options.reorg_batch_blocks = 3;
    let mut opened = home.open();
    append(&mut opened, &grow(&mut genesis(), 40, "ours"));
    let theirs = grow(&mut genesis(), 41, "theirs");
    store(&mut opened, &theirs);
    let beats = |opened: &Opened| opened.reader.heartbeat().beats().unwrap();
    let start = beats(&opened);
    let plan = opened.writer.plan_reorg(theirs.last().unwrap().id()).unwrap();
    let planned = beats(&opened);
    assert!(planned - start >= 41, "{start} {planned}");
    opened.writer.own_disconnected(&plan).unwrap();
    let found = beats(&opened);
    assert!(found - planned >= 40, "{planned} {found}");
    opened.writer.perform_reorg(&plan, plan.time).unwrap();
    // Each old block is copied, and each new one is written and its copy removed.
    let done = beats(&opened);
    assert!(done - found >= 40 + 2 * 41, "{found} {done}");
}

#[test]
fn a_branch_may_win_come_back_and_win_again() {
    let (_home, mut opened) = Home::opened();
    let (mut one, mut two) = (genesis(), genesis());
    let first = grow(&mut one, 5, "one");
    append(&mut opened, &first);
    let view = opened.reader.view();
    let before = hashes(&view);
    reorg_to(&mut opened, &grow(&mut two, 6, "two"));
    reorg_to(&mut opened, &grow(&mut one, 3, "one again"));
    assert_eq!(hashes(&view), before);
    assert_eq!(opened.reader.tip().hash, one.hash());
    reorg_to(&mut opened, &grow(&mut two, 3, "two again"));
    assert_eq!(hashes(&view), before);
    assert_eq!(opened.writer.applied(), &two);
}

#[test]
fn a_branch_with_no_more_work_is_not_made_the_main_chain() {
    let (_home, mut opened) = Home::opened();
    let (mut one, mut two) = (genesis(), genesis());
    append(&mut opened, &grow(&mut one, 5, "one"));
    let equal = grow(&mut two, 5, "two");
    store(&mut opened, &equal);
    let refused = opened.writer.reorg(two.id());
    assert!(matches!(refused, Err(StoreError::NotHeavier(_))));
    let unknown = opened.writer.reorg(BlockId { height: Height::new(6), hash: two.hash() });
    assert!(matches!(unknown, Err(StoreError::NotHeld(_))));
    assert_eq!(opened.reader.tip().hash, one.hash());
    // Neither refusal is a failure of the disk.
    append(&mut opened, &grow(&mut one, 1, "one"));
}

#[test]
fn a_reorg_survives_reopening_with_its_disconnected_blocks() {
    let (home, mut opened) = Home::opened();
    let (mut one, mut two) = (genesis(), genesis());
    let first = grow(&mut one, 700, "one");
    append(&mut opened, &first);
    reorg_to(&mut opened, &grow(&mut two, 701, "two"));
    drop(opened);
    let opened = home.open();
    assert_eq!(opened.writer.applied(), &two);
    for block in &first {
        let held = opened.reader.branch_block(block.id()).unwrap();
        assert_eq!(held.unwrap().records, block.block().records);
    }
    opened.reader.check_all(&mut |_| true).unwrap();
    let state = opened.reader.state_of(one.id()).unwrap();
    assert_eq!(state, Some(one));
}

#[test]
fn a_shorter_heavier_chain_leaves_nothing_of_the_longer_one() {
    // On `dev` all blocks weigh the same, so a shorter winner is made by an intent alone: what
    // `finish` does with keys above the new tip is the same for every chain.
    let (_home, mut opened) = Home::opened();
    let (mut one, mut two) = (genesis(), genesis());
    append(&mut opened, &grow(&mut one, 600, "one"));
    let short = grow(&mut two, 10, "two");
    store(&mut opened, &short);
    let intent = super::Intent { fork: Height::GENESIS, tip: two.id() };
    super::finish(&opened.writer.database, &intent).unwrap();
    opened.writer.reload(two.id()).unwrap();
    let left = opened.writer.database.chain.range(&b"t"[..]..&b"u"[..]).count();
    assert_eq!(left, 0, "tiles of the longer chain");
    assert_eq!(opened.writer.applied(), &two);
}

#[test]
fn a_reorg_that_was_interrupted_is_finished_at_opening() {
    let (home, mut opened) = Home::opened();
    let (mut one, mut two) = (genesis(), genesis());
    append(&mut opened, &grow(&mut one, 400, "one"));
    store(&mut opened, &grow(&mut two, 401, "two"));
    opened.writer.commit().unwrap();
    super::copy_disconnected(&opened.writer.database, Height::GENESIS).unwrap();
    let intent = super::Intent { fork: Height::GENESIS, tip: two.id() };
    opened.writer.database.chain.insert(super::REORG, intent.encode()).unwrap();
    // As if killed after the first of its steps.
    let mut branch = super::branch(&opened.writer.database, two.id(), None).unwrap();
    branch.hashes.truncate(150);
    let mut edge = super::TileEdge::default();
    let mut step = super::Step::new(&opened.writer.database);
    step.remove_tiles_above(Height::GENESIS).unwrap();
    for id in branch.ids() {
        let value = opened.writer.database.raw_branch_block(id).unwrap().unwrap();
        step.put_block(id, &value, &mut edge);
    }
    step.apply().unwrap();
    drop(opened);

    let opened = home.open();
    assert_eq!(opened.writer.applied(), &two);
    assert_eq!(opened.writer.database.chain.get(super::REORG).unwrap(), None);
    opened.reader.check_all(&mut |_| true).unwrap();
}
