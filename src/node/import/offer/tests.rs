//! Blocks from elsewhere: taken, kept, made the main chain, or refused.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::chain::test_util::{Branch, counted, extend};
use crate::chain::{
    Block, Checkpoints, Hash, Height, Spec, Timestamp, Work, parse_block, write_block_json,
};
use crate::node::test_util::{TestNode, records, varied};
use crate::node::{NodeConfig, NodeHandle};

async fn take(handle: &NodeHandle, branch: &Branch) -> Imported {
    handle.import(branch.blocks.clone()).await.unwrap()
}

fn rule(error: ImportError) -> (Hash, RuleError) {
    match error {
        ImportError::Rule { hash, error } => (hash, error),
        other => panic!("not a broken rule: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_json_block_is_hashed_once_until_the_writer_has_it() {
    let node = TestNode::dev();
    let mut branch = Branch::dev().grown(1, "a");
    // From here on the state of the tip is in memory.
    take(&node.handle, &branch).await;
    branch.grow(1, "a");
    let (Block { header, records }, mut json) = (branch.blocks.remove(1), Vec::new());
    write_block_json(&mut json, &Spec::dev(), &header, &header.hash(), &records);
    let shared = node.handle.shared();
    let imported = tokio::task::spawn_blocking(move || {
        counted(|| import(&shared, vec![parse_block(&json).unwrap()]).unwrap())
    });
    let (imported, hashes) = imported.await.unwrap();
    assert_eq!(imported, Imported::Extended);
    assert_eq!((hashes.headers, hashes.merkle_roots), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_extend_are_appended_and_then_known() {
    let node = TestNode::dev();
    let mut branch = Branch::dev().grown(5, "a");
    assert_eq!(take(&node.handle, &branch).await, Imported::Extended);
    assert_eq!(node.handle.tip().hash, branch.tip.hash());
    assert_eq!(take(&node.handle, &branch).await, Imported::Known);
    assert_eq!(node.handle.import(Vec::<Block>::new()).await.unwrap(), Imported::Known);

    // The known prefix is skipped.
    branch.grow(2, "a");
    assert_eq!(take(&node.handle, &branch).await, Imported::Extended);
    assert_eq!(node.state(), branch.tip);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_work_keeps_the_chain_that_was_first() {
    let node = TestNode::dev();
    let (mut first, mut second) = (Branch::dev(), Branch::dev());
    take(&node.handle, first.grow(3, "first")).await;
    assert_eq!(take(&node.handle, second.grow(3, "second")).await, Imported::Tied);
    assert_eq!(node.handle.tip().hash, first.tip.hash());
    assert_eq!(node.handle.status().reorgs, 0);
    // Again is harmless.
    assert_eq!(take(&node.handle, &second).await, Imported::Tied);

    // One block more, offered alone on top of what is stored.
    let is_partial = Branch::from(&Spec::dev(), second.tip.clone()).grow(1, "second").clone();
    assert_eq!(take(&node.handle, &is_partial).await, Imported::Reorged);
    assert_eq!(node.state(), is_partial.tip);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_is_summarised_in_status() {
    let node = TestNode::dev();
    let mut trunk = Branch::dev();
    take(&node.handle, trunk.grow(2, "trunk")).await;
    let mut branch = trunk.clone();
    let disconnected = [(); 3].map(|()| trunk.add(records("x"), Timestamp::default()));
    take(&node.handle, &trunk).await;
    let mut tips = node.handle.watch_tip();
    tips.mark_unchanged();
    assert_eq!(take(&node.handle, branch.grow(4, "branch")).await, Imported::Reorged);

    assert!(tips.has_changed().unwrap());
    assert_eq!(tips.borrow().hash, branch.tip.hash());
    let status = node.handle.status();
    assert_eq!((status.reorgs, status.recent_reorgs.len()), (1, 1));
    let reorg = &status.recent_reorgs[0];
    assert_eq!((reorg.fork.get(), reorg.depth), (2, 3));
    assert_eq!((reorg.new_tip.height.get(), reorg.new_tip), (6, branch.tip.id()));
    let named: Vec<_> = reorg.disconnected.iter().map(|b| (b.height.get(), b.hash)).collect();
    assert_eq!(named, [(3, disconnected[0]), (4, disconnected[1]), (5, disconnected[2])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_without_a_parent_is_refused_until_the_parent_comes() {
    let node = TestNode::dev();
    let mut branch = Branch::dev().grown(3, "a");
    let late = branch.blocks.split_off(2);
    let parent = late[0].header.previous_hash;
    let error = node.handle.import(late.clone()).await.unwrap_err();
    assert!(matches!(error, ImportError::UnknownParent(hash) if hash == parent), "{error}");
    take(&node.handle, &branch).await;
    assert_eq!(node.handle.import(late).await.unwrap(), Imported::Extended);

    let foreign = Spec::jenny().genesis().into_block();
    let error = node.handle.import(vec![foreign]).await.unwrap_err();
    assert!(matches!(error, ImportError::UnknownParent(Hash::ZERO)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_are_not_consecutive_are_refused_whole() {
    let node = TestNode::dev();
    let mut branch = Branch::dev().grown(3, "a");
    branch.blocks.remove(1);
    let (hash, error) = rule(node.handle.import(branch.blocks.clone()).await.unwrap_err());
    assert_eq!(hash, branch.blocks[1].header.hash());
    assert!(matches!(error, RuleError::PreviousHash { .. }), "{error}");

    let mut skipping = branch.blocks[0].clone();
    skipping.header.previous_hash = branch.blocks[0].header.hash();
    skipping.header.height = Height::new(7);
    let blocks = vec![branch.blocks[0].clone(), skipping];
    let (_, error) = rule(node.handle.import(blocks).await.unwrap_err());
    assert!(matches!(error, RuleError::Height { .. }), "{error}");
    assert_eq!(node.handle.tip().hash, node.handle.chain_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_good_blocks_before_a_bad_one_are_kept() {
    let node = TestNode::dev();
    let mut branch = Branch::dev().grown(3, "a");
    branch.blocks[2].records = records("another text");
    let bad = branch.blocks[2].header;
    let (hash, error) = rule(node.handle.import(branch.blocks.clone()).await.unwrap_err());
    assert_eq!(hash, bad.hash());
    assert!(matches!(error, RuleError::MerkleRoot { .. }), "{error}");
    assert_eq!(node.handle.tip().hash, bad.previous_hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_from_the_future_is_not_yet_and_comes_in_later() {
    const NOW: u64 = 1_700_000_000_000;
    let clock = || Timestamp::from_millis(NOW);
    let node = TestNode::new(&Spec::dev(), NodeConfig { clock, ..NodeConfig::default() });
    let mut branch = Branch::dev();
    branch.add(records("a"), Timestamp::from_millis(NOW + 120_001));
    let (_, error) = rule(node.handle.import(branch.blocks.clone()).await.unwrap_err());
    assert!(error.is_not_yet(), "{error}");

    let clock = || Timestamp::from_millis(NOW + 1);
    let later = TestNode::new(&Spec::dev(), NodeConfig { clock, ..NodeConfig::default() });
    assert_eq!(take(&later.handle, &branch).await, Imported::Extended);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_contradicts_a_checkpoint_is_refused_whatever_its_work() {
    let (mut ours, mut theirs) = (Branch::dev(), Branch::dev());
    ours.grow(3, "ours");
    theirs.grow(9, "theirs");
    let pinned = (Height::new(2), ours.blocks[1].header.hash());
    let checkpoints: Checkpoints = [pinned].into_iter().collect();
    let node = TestNode::new(&Spec::dev(), NodeConfig { checkpoints, ..NodeConfig::default() });
    take(&node.handle, &ours).await;
    let (hash, error) = rule(node.handle.import(theirs.blocks.clone()).await.unwrap_err());
    assert_eq!(hash, theirs.blocks[1].header.hash());
    assert!(matches!(error, RuleError::Checkpoint { .. }), "{error}");
    assert_eq!(node.handle.tip().hash, ours.tip.hash());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_of_several_batches_is_made_the_main_chain() {
    let node = TestNode::dev();
    let (mut ours, mut theirs) = (Branch::dev(), Branch::dev());
    take(&node.handle, ours.grow(1_500, "ours")).await;
    assert_eq!(take(&node.handle, theirs.grow(2_100, "theirs")).await, Imported::Reorged);
    assert_eq!(node.state(), theirs.tip);
    let hashes: Vec<_> = node.chain().await.iter().map(|block| block.hash).collect();
    let expected: Vec<_> = theirs.blocks.iter().map(|block| block.header.hash()).collect();
    assert_eq!(hashes, expected);
    assert_eq!(node.handle.status().recent_reorgs[0].depth, 1_500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_that_comes_in_parts_is_taken_with_its_last_part_and_not_before() {
    let node = TestNode::dev();
    let (mut first, mut second) = (Branch::dev(), Branch::dev());
    take(&node.handle, first.grow(3, "first")).await;
    second.grow(9, "second");
    let mut parts = crate::node::Branch::default();
    for (number, part) in second.blocks.chunks(4).enumerate() {
        // The first part alone is heavier than the chain already.
        assert_eq!(node.handle.tip().hash, first.tip.hash());
        let is_partial = number < 2;
        let (imported, so_far) =
            node.handle.import_part(parts, part.to_vec(), is_partial).await.unwrap();
        assert_eq!(imported, if is_partial { Imported::OnBranch } else { Imported::Reorged });
        parts = so_far;
    }
    assert_eq!(node.state(), second.tip);
    assert_eq!(node.handle.status().reorgs, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_fork_with_a_bad_block_in_its_last_part_nothing_is_taken() {
    let node = TestNode::dev();
    let (mut first, mut second) = (Branch::dev(), Branch::dev());
    take(&node.handle, first.grow(3, "first")).await;
    second.grow(8, "second");
    let (good, bad) = second.blocks.split_at(5);
    let mut bad = bad.to_vec();
    bad.last_mut().unwrap().records.push("one too many".to_owned());
    let parts = crate::node::Branch::default();
    let (_, parts) = node.handle.import_part(parts, good.to_vec(), true).await.unwrap();
    let refused = node.handle.import_part(parts, bad, false).await.unwrap_err();
    assert!(matches!(rule(refused).1, RuleError::DataCount { .. }));
    assert_eq!(node.state(), first.tip);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_blocks_offered_at_once_are_taken_once() {
    let node = TestNode::dev();
    let branch = Branch::dev().grown(50, "a");
    let offers = (0..4).map(|_| {
        let (handle, blocks) = (node.handle.clone(), branch.blocks.clone());
        tokio::spawn(async move { handle.import(blocks).await.unwrap() })
    });
    for import in offers.collect::<Vec<_>>() {
        assert!(matches!(import.await.unwrap(), Imported::Extended | Imported::Known));
    }
    assert_eq!(node.state(), branch.tip);
    assert_eq!(node.handle.status().reorgs, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_on_top_of_mined_ones_finds_its_parent_at_once() {
    let node = TestNode::dev();
    for round in 0..20 {
        let mined = node.handle.mine(records(&round.to_string())).await.unwrap();
        let parent = node.state();
        assert_eq!(parent.hash(), mined.hash);
        let next = Branch::from(&Spec::dev(), parent).grow(1, "next").clone();
        assert_eq!(take(&node.handle, &next).await, Imported::Extended);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_exchange_branches_converge_on_most_work() {
    // What the branch of one loses stays pending.
    let (a, b) = (TestNode::idle(), TestNode::idle());
    for (node, name, count) in [(&a, "a", 5), (&b, "b", 8)] {
        for number in 0..count {
            node.handle.mine(records(&format!("{name} {number}"))).await.unwrap();
        }
    }
    for (from, to, expected) in [(&a, &b, Imported::OnBranch), (&b, &a, Imported::Reorged)] {
        let blocks = from.chain().await.into_iter();
        let blocks = blocks.map(|b| Block { header: b.header, records: b.records }).collect();
        assert_eq!(to.handle.import(blocks).await.unwrap(), expected);
    }
    assert_eq!(a.chain().await, b.chain().await);
    // Both go on from there.
    let mined = a.handle.mine(records("more")).await.unwrap();
    let block = Block { header: mined.header, records: mined.records };
    assert_eq!(b.handle.import(vec![block]).await.unwrap(), Imported::Extended);
    assert_eq!(a.handle.tip(), b.handle.tip());
}

#[test]
fn the_known_prefix_is_as_long_as_the_chains_agree() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let node = TestNode::dev();
        let branch = Branch::dev().grown(20, "a");
        for known in 0..20 {
            let blocks = branch.blocks[..known].to_vec();
            node.handle.import(blocks).await.unwrap();
            let blocks: Vec<_> = branch.blocks.iter().cloned().map(HashedBlock::new).collect();
            let ids = consecutive(&blocks).unwrap();
            assert_eq!(known_prefix(&node.handle.view(), &ids).unwrap(), known);
        }
    });
}

/// One block of a random tree: its parent, by position before it, and its delay.
type Shoot = (prop::sample::Index, u64);

/// The states of a random tree, the root first, with the block that led to each.
fn tree(spec: &Spec, shoots: &[Shoot]) -> Vec<(TipState, Option<(usize, Block)>)> {
    let mut nodes: Vec<(TipState, Option<(usize, Block)>)> = vec![(TipState::genesis(spec), None)];
    for (number, (parent, delay)) in shoots.iter().enumerate() {
        // Mostly on the latest blocks, so that branches get long.
        let reach = nodes.len().min(6);
        let parent = nodes.len() - 1 - parent.index(reach);
        let mut tip = nodes[parent].0.clone();
        let block = extend(spec, &mut tip, records(&number.to_string()), *delay).into_block();
        nodes.push((tip, Some((parent, block))));
    }
    nodes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn random_offers_end_on_most_work_first_seen(
        shoots in prop::collection::vec((any::<prop::sample::Index>(), 0_u64..40_000), 1..40),
        offers in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..12), 1..40),
    ) {
        let spec = varied();
        let nodes = tree(&spec, &shoots);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let node = TestNode::new(&spec, NodeConfig::default());
            let genesis = &nodes[0].0;
            let mut best = genesis.clone();
            let mut held: HashMap<Hash, Work> = [(genesis.hash(), genesis.total_work())].into();
            for (end, length) in &offers {
                // A path of that length at most, which ends in a block of the tree.
                let end = 1 + end.index(nodes.len() - 1);
                let (mut path, mut at) = (Vec::new(), end);
                while let Some((parent, block)) = &nodes[at].1 && path.len() < *length {
                    path.push((at, block.clone()));
                    at = *parent;
                }
                path.reverse();

                let blocks = path.iter().map(|(_, block)| block.clone()).collect();
                let result = node.handle.import(blocks).await;
                if held.contains_key(&nodes[at].0.hash()) {
                    let known = result.unwrap();
                    let last = &nodes[end].0;
                    if last.total_work() > best.total_work() {
                        assert!(matches!(known, Imported::Extended | Imported::Reorged));
                        best = last.clone();
                    } else {
                        assert!(matches!(known, Imported::Known | Imported::OnBranch | Imported::Tied));
                    }
                    for (at, _) in &path {
                        held.insert(nodes[*at].0.hash(), nodes[*at].0.total_work());
                    }
                } else {
                    assert!(matches!(result, Err(ImportError::UnknownParent(_))));
                }
                assert_eq!(node.handle.tip().hash, best.hash());
                assert_eq!(node.handle.tip().total_work, best.total_work());
            }
            assert_eq!(node.state(), best);
        });
    }
}
