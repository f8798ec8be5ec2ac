//! Blocks beside the main chain by their hashes.

use super::*;
use crate::chain::ValidBlock;
use crate::store::test_util::{Home, genesis, grow};
use crate::store::{Opened, Options};

fn found(opened: &Opened, block: &ValidBlock) -> bool {
    let found = opened.reader.find_branch_block(&block.hash()).unwrap();
    assert!(found.is_none_or(|id| id == block.id()));
    found.is_some()
}

/// A chain of one block, and a heavier branch beside it.
fn branched(home: &Home) -> (Opened, Vec<ValidBlock>, Vec<ValidBlock>) {
    let (main, branch) = (grow(&mut genesis(), 1, "main"), grow(&mut genesis(), 2, "branch"));
    let mut opened = home.open();
    opened.writer.append(&main[0]).unwrap();
    for block in &branch {
        opened.writer.store_branch_block(block).unwrap();
    }
    opened.writer.commit().unwrap();
    (opened, main, branch)
}

fn prune(opened: &mut Opened) {
    while opened.writer.prune().unwrap() {}
}

#[test]
fn keys_have_these_bytes() {
    let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let id = BlockId { height: Height::new(0x0102), hash: Hash::new(bytes) };
    let expected = [b's', 24, 25, 26, 27, 28, 29, 30, 31, 0, 0, 0, 0, 0, 0, 1, 2];
    assert_eq!(entry_key(id), expected);
}

#[test]
fn a_block_beside_the_main_chain_is_found_until_a_reorg_takes_it_there() {
    let home = Home::new();
    let (mut opened, main, branch) = branched(&home);
    assert!(branch.iter().all(|block| found(&opened, block)) && !found(&opened, &main[0]));
    opened.writer.reorg(branch[1].id()).unwrap();
    assert!(!branch.iter().any(|block| found(&opened, block)) && found(&opened, &main[0]));
    drop(opened);
    let opened = home.open();
    assert!(!branch.iter().any(|block| found(&opened, block)) && found(&opened, &main[0]));
}

#[test]
fn pruning_removes_the_entry_of_what_it_removes_and_makes_up_for_one_that_is_missing() {
    let mut home = Home::new();
    home.options =
        Options { branch_heights: 2, branch_quiet: std::time::Duration::ZERO, ..home.options };
    let (mut opened, _, branch) = branched(&home);
    let database = std::sync::Arc::clone(&opened.writer.database);
    remove(&database, branch[0].id()).unwrap();
    assert!(!found(&opened, &branch[0]));
    prune(&mut opened);
    assert!(branch.iter().all(|block| found(&opened, block)));

    let mut state = genesis();
    let first = grow(&mut state, 1, "main");
    assert_eq!(opened.writer.applied().hash(), first[0].hash());
    for block in grow(&mut state, 8, "later") {
        opened.writer.append(&block).unwrap();
    }
    opened.writer.commit().unwrap();
    prune(&mut opened);
    assert!(!branch.iter().any(|block| found(&opened, block)));
    assert_eq!(database.index.scan_prefix([BRANCH_ENTRY]).count(), 0);
}

#[test]
fn a_branch_that_is_downloaded_is_found_once_it_was_kept() {
    let mut home = Home::new();
    home.options = Options { branch_quiet: std::time::Duration::ZERO, ..home.options };
    let mut opened = home.open();
    let branch = grow(&mut genesis(), 2, "branch");
    for block in &branch {
        opened.writer.store_proven_block(block).unwrap();
    }
    opened.writer.commit().unwrap();
    assert!(!branch.iter().any(|block| found(&opened, block)));
    prune(&mut opened);
    assert!(branch.iter().all(|block| found(&opened, block)));
}
