//! Retention of branches.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::super::{Opened, Options};
use crate::chain::{Height, ValidBlock};
use crate::store::test_util::{Home, append, apply, genesis, grow, mine, store};

fn home(change: impl FnOnce(&mut Options)) -> Home {
    let mut home = Home::new();
    home.options.branch_quiet = Duration::ZERO;
    home.options.branch_heights = 50;
    change(&mut home.options);
    home
}

fn prune(opened: &mut Opened) {
    while opened.writer.prune().unwrap() {}
}

fn held(opened: &Opened, blocks: &[ValidBlock]) -> usize {
    let branches = |block: &&ValidBlock| opened.reader.branch_block(block.id()).unwrap().is_some();
    blocks.iter().filter(branches).count()
}

fn stage(opened: &mut Opened, blocks: &[ValidBlock]) {
    store(opened, blocks);
    opened.writer.commit().unwrap();
}

fn store_proven_block(opened: &mut Opened, blocks: &[ValidBlock]) {
    for block in blocks {
        opened.writer.store_proven_block(block).unwrap();
    }
    opened.writer.commit().unwrap();
}

#[test]
fn a_branch_that_ends_far_below_the_tip_goes_with_its_bodies() {
    let home = home(|_| ());
    let mut opened = home.open();
    let mut main = genesis();
    apply(&mut opened, &grow(&mut main, 100, "main"));
    let (mut low, mut high) = (genesis(), genesis());
    let mut low_blocks = grow(&mut low, 8, "low");
    low_blocks.push(mine(&mut low, &["x".repeat(10_000)]));
    stage(&mut opened, &low_blocks);
    let high_blocks = grow(&mut high, 60, "high");
    stage(&mut opened, &high_blocks);
    assert!(!opened.writer.database.bodies.is_empty());
    prune(&mut opened);
    assert_eq!(held(&opened, &low_blocks), 0);
    assert!(opened.writer.database.bodies.is_empty());
    // Its end is within 50 heights of the tip: it stays whole, down to the fork.
    assert_eq!(held(&opened, &high_blocks), 60);
}

#[test]
fn more_than_the_byte_limit_is_not_kept() {
    let home = home(|options| options.branch_bytes = 10_000);
    let mut opened = home.open();
    let mut main = genesis();
    apply(&mut opened, &grow(&mut main, 100, "main"));
    let mut branch = genesis();
    let blocks = grow(&mut branch, 99, "branch");
    stage(&mut opened, &blocks);
    prune(&mut opened);
    assert_eq!(held(&opened, &blocks), 0);
}

#[test]
fn a_live_view_keeps_what_it_reads() {
    let home = home(|options| options.branch_heights = 0);
    let mut opened = home.open();
    let (mut one, mut two) = (genesis(), genesis());
    let first = grow(&mut one, 300, "one");
    append(&mut opened, &first);
    let view = opened.reader.view();
    stage(&mut opened, &grow(&mut two, 301, "two"));
    opened.writer.reorg(two.id()).unwrap();
    prune(&mut opened);
    assert_eq!(held(&opened, &first), 300);
    assert_eq!(view.block(Height::new(300)).unwrap().unwrap().hash, one.hash());
    drop(view);
    opened.writer.pruner.reorged();
    prune(&mut opened);
    assert_eq!(held(&opened, &first), 0);
}

#[test]
fn nothing_goes_while_a_branch_is_being_stored() {
    let home = home(|options| options.branch_quiet = Duration::from_secs(60));
    let mut opened = home.open();
    let mut main = genesis();
    apply(&mut opened, &grow(&mut main, 100, "main"));
    let mut branch = genesis();
    let blocks = grow(&mut branch, 5, "branch");
    stage(&mut opened, &blocks);
    prune(&mut opened);
    assert_eq!(held(&opened, &blocks), 5);
}

#[test]
fn a_proven_branch_is_kept_while_it_is_stored_whatever_its_size() {
    let limits = |options: &mut Options| {
        (options.branch_bytes, options.branch_quiet) = (30_000, Duration::from_secs(60));
    };
    let home = home(limits);
    let mut opened = home.open();
    let (mut main, mut branch, mut other) = (genesis(), genesis(), genesis());
    apply(&mut opened, &grow(&mut main, 100, "main"));
    let other_blocks = grow(&mut other, 5, "other");
    stage(&mut opened, &other_blocks);
    let blocks = grow(&mut branch, 900, "branch");
    for (number, part) in blocks.chunks(20).enumerate() {
        store_proven_block(&mut opened, part);
        // A step of a pass may fall between any two parts.
        if number % 3 > 0 {
            opened.writer.prune().unwrap();
        }
    }
    assert_eq!(held(&opened, &blocks), 900);
    assert_eq!(held(&opened, &other_blocks), 0, "what is not being stored goes");
    opened.writer.reorg(branch.id()).unwrap();
    assert_eq!(opened.writer.applied(), &branch);
}

#[test]
fn a_proven_branch_whose_staging_has_ended_counts_as_any_other() {
    let limits = |options: &mut Options| {
        (options.branch_bytes, options.branch_quiet) = (30_000, Duration::from_secs(60));
    };
    let home = home(limits);
    let mut opened = home.open();
    apply(&mut opened, &grow(&mut genesis(), 500, "main"));
    let blocks = grow(&mut genesis(), 400, "branch");
    store_proven_block(&mut opened, &blocks);
    prune(&mut opened);
    assert_eq!(held(&opened, &blocks), 400);
    // As after a quiet minute.
    opened.writer.pruner.stored_at = None;
    prune(&mut opened);
    assert_eq!(held(&opened, &blocks), 0);
}

#[test]
fn what_a_kill_left_of_a_winner_goes_and_its_body_stays() {
    let home = home(|_| ());
    let mut opened = home.open();
    let mut main = genesis();
    let block = mine(&mut main, &["x".repeat(10_000)]);
    opened.writer.append(&block).unwrap();
    stage(&mut opened, std::slice::from_ref(&block));
    prune(&mut opened);
    assert_eq!(held(&opened, std::slice::from_ref(&block)), 0);
    let stored = opened.reader.view().block(Height::new(1)).unwrap().unwrap();
    assert_eq!(stored.records, block.block().records);
}

#[test]
fn a_block_that_goes_while_it_is_read_is_no_damage() {
    let home = home(|options| options.branch_heights = 0);
    let mut opened = home.open();
    let mut main = genesis();
    apply(&mut opened, &grow(&mut main, 2, "main"));
    let block = mine(&mut genesis(), &vec!["x".repeat(60_000); 16]);
    let id = block.id();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (reader, done) = (opened.reader.clone(), &done);
        let reading = scope.spawn(move || {
            let mut result = Ok(None);
            while result.is_ok() && !done.load(Ordering::Relaxed) {
                result = reader.branch_block(id);
            }
            result
        });
        let mut rounds = 0..100;
        while !reading.is_finished() && rounds.next().is_some() {
            stage(&mut opened, std::slice::from_ref(&block));
            prune(&mut opened);
        }
        done.store(true, Ordering::Relaxed);
        reading.join().unwrap().unwrap();
    });
}

#[test]
fn blocks_stored_while_branches_are_removed_stay() {
    let home = home(|options| options.branch_quiet = Duration::from_secs(60));
    let mut opened = home.open();
    let mut main = genesis();
    apply(&mut opened, &grow(&mut main, 500, "main"));
    stage(&mut opened, &grow(&mut genesis(), 400, "old"));
    // As after a quiet minute.
    opened.writer.pruner.stored_at = None;
    assert!(opened.writer.prune().unwrap(), "one step of it is done");
    let mut branch = genesis();
    let blocks = grow(&mut branch, 5, "new");
    stage(&mut opened, &blocks);
    prune(&mut opened);
    assert_eq!(held(&opened, &blocks), 5);
}

#[test]
fn a_branch_that_is_disconnected_while_others_are_removed_stays_whole() {
    let home = home(|_| ());
    let mut opened = home.open();
    let (mut one, mut two) = (genesis(), genesis());
    let first = grow(&mut one, 600, "one");
    apply(&mut opened, &first);
    stage(&mut opened, &grow(&mut two, 601, "two"));
    assert!(opened.writer.prune().unwrap(), "one step of it is done");
    opened.writer.reorg(two.id()).unwrap();
    prune(&mut opened);
    assert_eq!(held(&opened, &first), 600);
    let state = opened.reader.state_of(one.id()).unwrap();
    assert_eq!(state, Some(one));
}

#[test]
fn a_branch_goes_when_the_tip_has_moved_away_from_it() {
    let home = home(|_| ());
    let mut opened = home.open();
    let (mut one, mut two) = (genesis(), genesis());
    let first = grow(&mut one, 5, "one");
    apply(&mut opened, &first);
    stage(&mut opened, &grow(&mut two, 6, "two"));
    opened.writer.reorg(two.id()).unwrap();
    prune(&mut opened);
    assert_eq!(held(&opened, &first), 5);
    apply(&mut opened, &grow(&mut two, 120, "two"));
    prune(&mut opened);
    assert_eq!(held(&opened, &first), 0);
}

#[test]
fn what_a_kill_left_goes_without_another_branch() {
    let home = home(|_| ());
    let mut opened = home.open();
    let blocks = grow(&mut genesis(), 100, "main");
    apply(&mut opened, &blocks);
    // As after a reorg that a kill interrupted before the winner's copies were removed.
    stage(&mut opened, &blocks);
    drop(opened);
    let mut opened = home.open();
    prune(&mut opened);
    assert_eq!(held(&opened, &blocks), 0);
}
