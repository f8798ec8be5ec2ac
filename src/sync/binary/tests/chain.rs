//! Chains to be told of.

use super::*;

/// A chain on the `dev` spec: blocks and the state after each, by height.
#[derive(Clone)]
pub(super) struct Chain {
    pub(super) spec: Spec,
    pub(super) blocks: Vec<ValidBlock>,
    pub(super) states: Vec<TipState>,
}

impl Chain {
    /// Of blocks up to 4 KiB, so that ranges are as long as they may be from the start.
    pub(super) fn genesis() -> Self {
        Self::of(spec_with(&[("max_record_bytes", "4096"), ("max_block_bytes", "4096")]))
    }

    pub(super) fn of(spec: Spec) -> Self {
        let (blocks, states) = (vec![spec.genesis()], vec![TipState::genesis(&spec)]);
        Self { spec, blocks, states }
    }

    /// This many more blocks, with records that begin with `tag`.
    pub(super) fn grow(&self, tag: &str, count: usize) -> Self {
        self.grow_with(count, |height| vec![format!("{tag}{height}")])
    }

    pub(super) fn grow_with(&self, count: usize, records: impl Fn(u64) -> Vec<String>) -> Self {
        let mut chain = self.clone();
        for _ in 0..count {
            let state = chain.states.last().unwrap();
            let mut state = state.clone();
            let records = records(state.height().get() + 1);
            let block = mine(&self.spec, &state, records, Timestamp::from_millis(NOW));
            state.extend(&block);
            chain.blocks.push(block);
            chain.states.push(state);
        }
        chain
    }

    /// Its first blocks, up to this height.
    pub(super) fn until(&self, height: usize) -> Self {
        let (blocks, states) = (self.blocks[..=height].to_vec(), self.states[..=height].to_vec());
        Self { spec: self.spec.clone(), blocks, states }
    }

    pub(super) fn tip(&self) -> &TipState {
        self.states.last().unwrap()
    }

    pub(super) fn id_of(&self, height: usize) -> BlockId {
        let block = &self.blocks[height];
        BlockId { height: block.header().height, hash: block.hash() }
    }

    pub(super) fn last(&self) -> BlockId {
        self.id_of(self.blocks.len() - 1)
    }

    pub(super) fn header(&self, height: usize) -> Header {
        *self.blocks[height].header()
    }

    /// Headers from this height, as many as a message holds.
    pub(super) fn headers_from(&self, height: usize) -> Vec<Header> {
        self.blocks.iter().skip(height).take(2_000).map(|block| *block.header()).collect()
    }

    pub(super) fn bodies(&self, first: Height, count: u32) -> Vec<Body> {
        let first = usize::try_from(first.get()).unwrap();
        let blocks = self.blocks[first..].iter().take(count as usize);
        blocks.map(|block| Body::of(&block.block().records).unwrap()).collect()
    }

    pub(super) fn holds(&self, id: BlockId) -> bool {
        let height = usize::try_from(id.height.get()).unwrap();
        self.blocks.get(height).is_some_and(|block| block.hash() == id.hash)
    }
}
