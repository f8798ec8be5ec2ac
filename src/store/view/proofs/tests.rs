//! Proofs against those that the whole list of blocks gives, also after a reorg.

use crate::chain::{ValidBlock, consistency_proof, inclusion_path, root};
use crate::store::test_util::{Home, append, genesis, grow, store};

use super::*;

const BLOCKS: u64 = 700;

/// The chain of a view, block by block.
struct Known {
    leaves: Vec<Hash>,
}

impl Known {
    fn of(blocks: &[ValidBlock]) -> Self {
        let genesis = genesis().hash();
        let hashes = [genesis].into_iter().chain(blocks.iter().map(ValidBlock::hash));
        Self { leaves: hashes.map(|hash| leaf_hash(hash.as_bytes())).collect() }
    }

    /// Every proof of the view for these heights, and for what is beside them.
    fn check(&self, view: &View, heights: &[u64]) {
        for &tip in heights {
            let tree = &self.leaves[..usize::try_from(tip).unwrap()];
            let at = Height::new(tip);
            for &height in heights {
                let index = usize::try_from(height).unwrap();
                let path = view.block_path(Height::new(height), at).unwrap();
                let expected =
                    if height == tip { Some(vec![]) } else { inclusion_path(tree, index) };
                assert_eq!(path, expected, "block {height} in the history of {tip}");
                let proof = view.consistency(Height::new(height), at).unwrap();
                let expected = consistency_proof(tree, index).map(|proof| Consistency {
                    from: Height::new(height),
                    from_root: root(tree[..index].iter().copied()),
                    header: view.header(at).unwrap().unwrap().header,
                    proof,
                });
                assert_eq!(proof, expected, "the history of {height} in that of {tip}");
            }
            let genesis = view.block_path(Height::GENESIS, at).unwrap();
            assert_eq!(view.genesis_path(at).unwrap(), genesis);
        }
        let above = view.tip().height().next();
        assert_eq!(view.block_path(Height::GENESIS, above).unwrap(), None);
        assert_eq!(view.genesis_path(above).unwrap(), None);
        assert_eq!(view.consistency(Height::GENESIS, above).unwrap(), None);
    }
}

/// The ends of tiles and of subtrees, and what is beside them.
const HEIGHTS: [u64; 17] =
    [0, 1, 2, 3, 127, 128, 255, 256, 257, 300, 301, 511, 512, 513, 600, 699, BLOCKS];

#[test]
fn a_view_proves_each_block_and_each_earlier_history() {
    let (_home, mut opened) = Home::opened();
    let blocks = grow(&mut genesis(), BLOCKS, "one");
    Known::of(&[]).check(&opened.reader.view(), &[0]);
    append(&mut opened, &blocks);
    Known::of(&blocks).check(&opened.reader.view(), &HEIGHTS);
}

#[test]
fn a_view_proves_its_own_chain_after_reorgs() {
    for reorg_batch_blocks in [10_000, 3] {
        let mut home = Home::new();
        home.options.reorg_batch_blocks = reorg_batch_blocks;
        let mut opened = home.open();
        let mut trunk = genesis();
        let shared = grow(&mut trunk, 300, "shared");
        let mut low = genesis();
        shared.iter().take(100).for_each(|block| low.extend(block));
        let (mut first, mut second) = (trunk.clone(), trunk.clone());
        let branches = [
            grow(&mut first, 400, "first"),
            grow(&mut second, 401, "second"),
            grow(&mut low, 602, "low"),
        ];
        for block in shared.iter().chain(&branches[0]) {
            opened.writer.append(block).unwrap();
        }
        opened.writer.commit().unwrap();
        let known = |shared: &[ValidBlock], branch: &[ValidBlock]| {
            Known::of(&shared.iter().chain(branch).cloned().collect::<Vec<_>>())
        };
        let view = opened.reader.view();
        let first = known(&shared, &branches[0]);
        let mut later = Vec::new();
        for (branch, fork) in [(&branches[1], 300), (&branches[2], 100)] {
            store(&mut opened, branch);
            opened.writer.reorg(branch.last().unwrap().id()).unwrap();
            first.check(&view, &HEIGHTS);
            later.push((opened.reader.view(), known(&shared[..fork], branch)));
        }
        for (view, known) in &later {
            known.check(view, &HEIGHTS);
        }
    }
}

#[test]
fn a_tile_that_does_not_fit_the_headers_is_damage() {
    let (_home, mut opened) = Home::opened();
    append(&mut opened, &grow(&mut genesis(), 300, "one"));
    let view = opened.reader.view();
    let key = crate::store::layout::tile_key(0, 0);
    let chain = &opened.writer.database.chain;
    let mut tile = chain.get(key).unwrap().unwrap().to_vec();
    tile[0] ^= 1;
    chain.insert(key, tile).unwrap();
    let refused = view.block_path(Height::new(1), Height::new(300));
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
    let refused = view.consistency(Height::new(255), Height::new(300));
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
    chain.remove(key).unwrap();
    assert!(view.genesis_path(Height::new(300)).is_err());
}
