//! Blocks of any branch, through views from before and after a reorg.

use super::*;
use crate::chain::{Hash, ValidBlock};
use crate::store::test_util::{Home, genesis, grow};

fn held(view: &View, block: &ValidBlock) -> bool {
    let found = view.held_block(block.id()).unwrap();
    assert!(found.as_ref().is_none_or(|found| found.hash == block.hash()));
    found.is_some_and(|found| found.records == block.block().records)
}

#[test]
fn a_block_is_found_on_either_side_of_a_reorg() {
    let home = Home::new();
    let mut opened = home.open();
    let (main, branch) = (grow(&mut genesis(), 1, "main"), grow(&mut genesis(), 2, "branch"));
    opened.writer.append(&main[0]).unwrap();
    for block in &branch {
        opened.writer.store_branch_block(block).unwrap();
    }
    opened.writer.commit().unwrap();
    let before = opened.reader.view();
    assert!(held(&before, &main[0]) && held(&before, &branch[1]));
    opened.writer.reorg(branch[1].id()).unwrap();
    let after = opened.reader.view();
    for view in [before, after] {
        assert!(held(&view, &main[0]) && held(&view, &branch[0]) && held(&view, &branch[1]));
        let other = BlockId { hash: Hash::ZERO, ..main[0].id() };
        assert_eq!(view.held_block(other).unwrap(), None);
    }
}
