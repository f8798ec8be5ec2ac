//! Branches that grow in memory, to be offered to a node.

use jenny_chain::chain::{Block, Spec, TipState};

/// Blocks on top of genesis.
pub(crate) struct Branch {
    spec: Spec,
    tip: TipState,
    pub(crate) blocks: Vec<Block>,
}

impl Branch {
    pub(crate) fn from_genesis(spec: &Spec) -> Self {
        Self { spec: spec.clone(), tip: TipState::genesis(spec), blocks: Vec::new() }
    }

    /// Adds `count` blocks of one record each, `bytes` long, that begins with `name`.
    pub(crate) fn grow(mut self, count: u64, name: &str, bytes: usize) -> Self {
        for _ in 0..count {
            let record = format!("{name} {:<bytes$}", self.tip.height().next().get());
            let records = vec![record];
            let now = self.tip.header().timestamp;
            let mut header = self.tip.template(&self.spec, &records, now);
            let target = header.bits.target().unwrap();
            while !target.is_met_by(&header.hash()) {
                header.nonce += 1;
            }
            let block = Block { header, records };
            let valid = self.tip.check_block(&self.spec, block.clone(), now).unwrap();
            self.tip.extend(&valid);
            self.blocks.push(block);
        }
        self
    }
}
