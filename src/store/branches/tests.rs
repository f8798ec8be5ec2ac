//! What is held beside the main chain is counted, and its damage found.

use super::super::layout::{branch_key, encode_block, encode_body};
use super::*;
use crate::store::test_util::{Home, apply, genesis, grow, store};

#[test]
fn branches_are_counted_by_their_ends() {
    let (_home, mut opened) = Home::opened();
    let mut main = genesis();
    apply(&mut opened, &grow(&mut main, 2, "main"));
    let fork = main.clone();
    apply(&mut opened, &grow(&mut main, 4, "main"));
    assert_eq!(opened.reader.check_branches().unwrap(), Branches::default());
    // Two that share their first block, and a shorter one that shares nothing.
    let mut shared = fork.clone();
    let mut stored = grow(&mut shared, 1, "shared");
    let mut ends = Vec::new();
    for (state, blocks, label) in [(&shared, 2, "a"), (&shared, 1, "b"), (&fork, 1, "c")] {
        let mut state = state.clone();
        stored.extend(grow(&mut state, blocks, label));
        ends.push(state.id());
    }
    store(&mut opened, &stored);
    opened.writer.commit().unwrap();
    let found = opened.reader.check_branches().unwrap();
    assert_eq!((found.blocks, found.count), (5, 3));
    assert_eq!(found.ends, ends);
    let height = fork.height().next();
    assert_eq!(opened.reader.branch_hashes(height).unwrap().len(), 2);
    assert_eq!(opened.reader.branch_hashes(height.ahead(9)).unwrap(), []);
}

#[test]
fn damage_beside_the_main_chain_is_found() {
    let (_home, mut opened) = Home::opened();
    let mut branch = genesis();
    apply(&mut opened, &grow(&mut genesis(), 2, "main"));
    let stored = grow(&mut branch, 1, "branch").pop().unwrap();
    opened.writer.store_branch_block(&stored).unwrap();
    opened.writer.commit().unwrap();
    let body = encode_body(&["forged".to_owned()]).unwrap();
    let value = encode_block(&stored.chain_header(), &body);
    let key = branch_key(stored.id());
    opened.writer.database.branches.insert(key, value).unwrap();
    let text = opened.reader.check_branches().unwrap_err().to_string();
    let expected = format!("block 1 {}, which is beside the main chain: ", stored.hash());
    assert!(text.contains(&expected) && text.contains("merkle_root"), "{text}");
}
