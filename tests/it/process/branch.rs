//! Branches of a chain of which the test holds every block, as values and as JSON.

use std::path::Path;

use jenny_chain::chain::test_util::{extend, seal};
use jenny_chain::chain::{
    Block, Spec, Timestamp, TipState, ValidBlock, Work, parse_block, write_block_json,
};
use jenny_chain::store::{Options, open};
use serde_json::Value;

use super::open_here;

/// A chain from genesis on.
#[derive(Clone)]
pub(crate) struct Branch {
    spec: Spec,
    state: TipState,
    blocks: Vec<ValidBlock>,
}

impl Branch {
    /// Genesis alone.
    pub(crate) fn new(spec: Spec) -> Self {
        Self { state: TipState::genesis(&spec), blocks: vec![spec.genesis()], spec }
    }

    /// This many blocks more, `step` milliseconds apart. The name makes them other blocks than
    /// those of another branch.
    pub(crate) fn grow(mut self, name: &str, count: usize, step: u64) -> Self {
        for _ in 0..count {
            self.mine(vec![format!("{name} {}", self.blocks.len())], step);
        }
        self
    }

    /// One block more, with these records.
    pub(crate) fn mine(&mut self, records: Vec<String>, step: u64) {
        self.blocks.push(extend(&self.spec, &mut self.state, records, step));
    }

    /// A block that a node mined on it.
    pub(crate) fn follow(&mut self, json: &str) {
        let block = parse_block(json.as_bytes()).unwrap();
        let far = Timestamp::from_millis(u64::MAX);
        let valid = self.state.check_block(&self.spec, block, far).unwrap();
        self.state.extend(&valid);
        self.blocks.push(valid);
    }

    /// The same blocks up to a height.
    pub(crate) fn until(&self, height: usize) -> Self {
        let mut branch = Self::new(self.spec.clone());
        for block in &self.blocks[1..=height] {
            branch.state.extend(block);
            branch.blocks.push(block.clone());
        }
        branch
    }

    pub(crate) fn height(&self) -> usize {
        self.blocks.len() - 1
    }

    pub(crate) fn hash(&self, height: usize) -> String {
        self.blocks[height].hash().to_string()
    }

    pub(crate) fn work(&self) -> Work {
        self.state.total_work()
    }

    pub(crate) fn block(&self, height: usize) -> &Block {
        self.blocks[height].block()
    }

    /// A block in its JSON form.
    pub(crate) fn text(&self, height: usize) -> String {
        let block = &self.blocks[height];
        let mut out = Vec::new();
        write_block_json(
            &mut out,
            &self.spec,
            block.header(),
            &block.hash(),
            &block.block().records,
        );
        String::from_utf8(out).unwrap()
    }

    /// A block in its JSON form, parsed.
    pub(crate) fn json(&self, height: usize) -> Value {
        serde_json::from_str(&self.text(height)).unwrap()
    }

    /// The whole chain as a JSON array.
    pub(crate) fn chain_text(&self) -> String {
        let blocks: Vec<_> = (0..self.blocks.len()).map(|height| self.text(height)).collect();
        format!("[{}]", blocks.join(","))
    }

    /// A block of the chain, changed and with proof of work again, so that only the rules behind
    /// that one see the change.
    pub(crate) fn altered(&self, height: usize, change: impl FnOnce(&mut Block)) -> Value {
        self.sealed(height, change, true)
    }

    /// The block after the tip, with a nonce that does not meet its target.
    pub(crate) fn unproven(&self, height: usize) -> Value {
        self.clone().grow("unproven", 1, 1_000).sealed(height, |_| (), false)
    }

    fn sealed(&self, height: usize, change: impl FnOnce(&mut Block), is_met: bool) -> Value {
        let mut block = self.blocks[height].clone().into_block();
        change(&mut block);
        seal(&mut block.header, is_met);
        let (header, mut out) = (&block.header, Vec::new());
        write_block_json(&mut out, &self.spec, header, &header.hash(), &block.records);
        serde_json::from_slice(&out).unwrap()
    }

    /// Writes the chain into a data directory that has none yet.
    pub(crate) fn store(&self, directory: &Path) {
        let _open = open_here();
        let chain = Some(self.spec.clone());
        let options = Options { chain, min_free_bytes: 0, ..Options::default() };
        let mut opened = open(directory, &options, &mut |_| ()).unwrap();
        for block in &self.blocks[1..] {
            opened.writer.append(block).unwrap();
        }
        opened.writer.commit().unwrap();
    }
}
