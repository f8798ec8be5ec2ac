//! Offered branches that fork too deep.

use super::*;
use crate::chain::test_util::Branch;
use crate::chain::{Hash, Spec, ValidBlock};
use crate::node::test_util::{TestNode, options, records};
use crate::node::{Imported, NodeConfig};
use crate::store::Options;

const MAX: u64 = 3;

fn limited() -> TestNode {
    let options =
        Options { min_free_bytes: 0, max_reorg_depth: Some(MAX), ..options(&Spec::dev()) };
    TestNode::with_options(&options, NodeConfig::default())
}

fn branch(count: u64, name: &str) -> Branch {
    Branch::dev().grown(count, name)
}

/// Offers a branch in parts, as a whole chain of the JSON dialect comes.
async fn import_in_parts(
    node: &TestNode,
    branch: &Branch,
    size: usize,
) -> Result<Imported, ImportError> {
    let mut parts = branch.blocks.chunks(size).peekable();
    let mut so_far = crate::node::Branch::default();
    let mut last = Imported::Known;
    while let Some(part) = parts.next() {
        let more = parts.peek().is_some();
        let (imported, taken) = node.handle.import_part(so_far, part.to_vec(), more).await?;
        (last, so_far) = (imported, taken);
    }
    Ok(last)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deeper_branch_is_refused_without_being_kept_and_a_shallower_one_displaces() {
    for depth in 1..=6 {
        let node = limited();
        node.handle.import(branch(depth, "ours").blocks).await.unwrap();
        let theirs = branch(depth + 2, "theirs");
        let imported = import_in_parts(&node, &theirs, 2).await;
        let tip = node.handle.tip().hash;
        if depth <= MAX {
            assert!(matches!(imported, Ok(Imported::Reorged)), "{depth}: {imported:?}");
            assert_eq!(tip, theirs.tip.hash());
        } else {
            assert!(matches!(imported, Err(ImportError::TooDeep)), "{depth}: {imported:?}");
            assert_ne!(tip, theirs.tip.hash());
            let [waiting] = node.handle.status().deep_forks[..] else { panic!("one waits") };
            assert_eq!((waiting.fork.below.get(), waiting.depth), (0, depth));
            assert_eq!(waiting.fork.first, theirs.blocks[0].header.hash());
            assert_eq!(
                (waiting.last.hash, waiting.work),
                (theirs.tip.hash(), theirs.tip.total_work())
            );
            for block in &theirs.blocks {
                let held = node.handle.held_block(block.header.id()).await;
                assert_eq!(held.unwrap(), None, "nothing of it is stored");
            }
            node.handle.mine(records("writes go on")).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_branch_of_no_more_work_is_neither_kept_nor_news() {
    let node = limited();
    node.handle.import(branch(6, "ours").blocks).await.unwrap();
    let theirs = branch(6, "theirs");
    assert_eq!(import_in_parts(&node, &theirs, 4).await.unwrap(), Imported::OnBranch);
    assert_eq!(node.handle.status().deep_forks, []);
    let first = theirs.blocks[0].header.id();
    assert_eq!(node.handle.held_block(first).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_branch_is_taken_at_once_and_after_a_restart() {
    for restarts in [false, true] {
        let mut node = limited();
        node.handle.import(branch(6, "ours").blocks).await.unwrap();
        let theirs = branch(8, "theirs");
        import_in_parts(&node, &theirs, 3).await.unwrap_err();
        let first = theirs.blocks[0].header.hash();
        assert_eq!(node.handle.accept_fork(Hash::ZERO).await.unwrap(), None);
        let accepted = node.handle.accept_fork(first).await.unwrap().unwrap();
        assert_eq!(accepted.depth, 6);
        assert_eq!(node.handle.status().deep_forks, [], "it waits no longer");
        if restarts {
            node = node.restart().await;
        }
        assert_eq!(import_in_parts(&node, &theirs, 3).await.unwrap(), Imported::Reorged);
        assert_eq!(node.handle.tip().hash, theirs.tip.hash());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_is_stored_whole_and_too_deep_by_now_is_taken_once_it_is_accepted() {
    let node = limited();
    let (mut ours, theirs) = (branch(3, "ours"), branch(5, "theirs"));
    node.handle.import(ours.blocks.clone()).await.unwrap();
    let mut state = TipState::genesis(&Spec::dev());
    let mut valid = Vec::new();
    for block in &theirs.blocks {
        let now = block.header.timestamp;
        valid.push(state.check_block(&Spec::dev(), block.clone(), now).unwrap());
        state.extend(&valid[valid.len() - 1]);
    }
    let connect = async |blocks: &[ValidBlock]| {
        node.handle.connect(blocks.to_vec()).await.unwrap().done().await
    };
    assert_eq!(connect(&valid[..3]).await.unwrap(), Imported::Tied);
    ours.grow(1, "ours");
    node.handle.import(ours.blocks).await.unwrap();
    let refused = connect(&valid[3..]).await;
    assert!(matches!(refused, Err(ImportError::TooDeep)), "{refused:?}");
    let first = valid[0].hash();
    assert_eq!(node.handle.status().deep_forks[0].fork.first, first);
    node.handle.accept_fork(first).await.unwrap().unwrap();
    let ids: Vec<_> = valid.iter().map(ValidBlock::id).collect();
    let base = node.handle.find_held_ancestor(ids).await.unwrap().unwrap();
    assert_eq!((base.place, base.fork.unwrap().first), (3, first), "its last block is fetched");
    assert_eq!(connect(&valid[4..]).await.unwrap(), Imported::Reorged);
    assert_eq!(node.handle.tip().hash, theirs.tip.hash());
}
