//! Blocks without content: a tree of numbers, and chains in it.

use jenny_chain::chain::{BlockId, Hash, Height};

/// Where a block stands in the tree; 0 is genesis.
pub(super) type Id = usize;

/// Every block that was ever mined.
pub(super) struct Tree(Vec<Entry>);

#[derive(Clone, Copy)]
struct Entry {
    parent: Id,
    height: u64,
    work: u64,
}

impl Default for Tree {
    fn default() -> Self {
        Self(vec![Entry { parent: 0, height: 0, work: 1 }])
    }
}

impl Tree {
    pub(super) fn mine(&mut self, parent: Id, work: u64) -> Id {
        let Entry { height, work: before, .. } = self.0[parent];
        self.0.push(Entry { parent, height: height + 1, work: before + work });
        self.0.len() - 1
    }

    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    pub(super) fn height(&self, id: Id) -> u64 {
        self.0[id].height
    }

    pub(super) fn parent(&self, id: Id) -> Id {
        self.0[id].parent
    }

    /// From genesis up to this block.
    pub(super) fn work(&self, id: Id) -> u64 {
        self.0[id].work
    }

    pub(super) fn id_of(&self, id: Id) -> BlockId {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&(id as u64).to_be_bytes());
        BlockId { height: Height::new(self.height(id)), hash: Hash::new(bytes) }
    }

    /// The chain that ends in this block, genesis first.
    pub(super) fn chain(&self, last: Id) -> Vec<Id> {
        let mut chain = vec![last];
        let mut id = last;
        while id != 0 {
            id = self.parent(id);
            chain.push(id);
        }
        chain.reverse();
        chain
    }
}

/// The block of a mark that [`Tree::id`] made.
pub(super) fn id(id: BlockId) -> Id {
    let (number, _) = id.hash.as_bytes().split_first_chunk().unwrap();
    usize::try_from(u64::from_be_bytes(*number)).unwrap()
}
