//! Every block that was ever mined, held once for all nodes.

use std::collections::HashMap;

use jenny_chain::chain::test_util::mine;
use jenny_chain::chain::{BlockId, Hash, Header, Spec, Timestamp, TipState, Work};
use jenny_chain::sync::message::Body;

/// A block's place in the arena.
pub(super) type Id = usize;

/// The first block.
pub(super) const GENESIS: Id = 0;

pub(super) struct Arena {
    spec: Spec,
    blocks: Vec<Entry>,
    ids: HashMap<Hash, Id>,
}

struct Entry {
    /// After the block.
    state: TipState,
    parent: Id,
    body: Body,
}

impl Default for Arena {
    fn default() -> Self {
        let spec = Spec::dev();
        let genesis = spec.genesis();
        let state = TipState::genesis(&spec);
        let body = Body::of(&genesis.block().records).unwrap();
        let ids = HashMap::from([(state.hash(), GENESIS)]);
        Self { spec, blocks: vec![Entry { state, parent: GENESIS, body }], ids }
    }
}

impl Arena {
    /// Finds a block on top of another one; one that was found before, when it is the same.
    pub(super) fn mine(&mut self, parent: Id, records: Vec<String>, clock: Timestamp) -> Id {
        let body = Body::of(&records).unwrap();
        let mut state = self.blocks[parent].state.clone();
        let valid = mine(&self.spec, &state, records, clock);
        state.extend(&valid);
        let id = self.blocks.len();
        if let Some(found) = self.id(&state.hash()) {
            return found;
        }
        self.ids.insert(state.hash(), id);
        self.blocks.push(Entry { state, parent, body });
        id
    }

    pub(super) const fn spec(&self) -> &Spec {
        &self.spec
    }

    pub(super) fn id(&self, hash: &Hash) -> Option<Id> {
        self.ids.get(hash).copied()
    }

    pub(super) fn state(&self, id: Id) -> &TipState {
        &self.blocks[id].state
    }

    pub(super) fn header(&self, id: Id) -> &Header {
        self.state(id).header()
    }

    pub(super) fn id_of(&self, id: Id) -> BlockId {
        let state = self.state(id);
        BlockId { height: state.height(), hash: state.hash() }
    }

    pub(super) fn height(&self, id: Id) -> usize {
        place(self.header(id).height.get())
    }

    /// From genesis up to the block.
    pub(super) fn work(&self, id: Id) -> Work {
        self.state(id).total_work()
    }

    /// Genesis is its own.
    pub(super) fn parent(&self, id: Id) -> Id {
        self.blocks[id].parent
    }

    pub(super) fn body(&self, id: Id) -> &Body {
        &self.blocks[id].body
    }

    /// The chain that ends in this block, genesis first.
    pub(super) fn chain(&self, last: Id) -> Vec<Id> {
        let mut chain: Vec<Id> =
            std::iter::successors(Some(last), |&id| (id != GENESIS).then(|| self.parent(id)))
                .collect();
        chain.reverse();
        chain
    }
}

/// A height as a place in a chain.
pub(super) fn place(height: u64) -> usize {
    usize::try_from(height).unwrap()
}
