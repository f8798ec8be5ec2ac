//! Chains and sources for tests.

mod failing_folder;
mod failing_store;
mod http_node;

use std::cell::RefCell;
use std::io::{Cursor, Read};
use std::rc::Rc;

use anyhow::Result;
use jenny_chain::chain::test_util::extend;
use jenny_chain::chain::{BlockId, HashedBlock, Spec, TipState};
use jenny_chain::cli::toolkit::{ChainSource, Failure};
use jenny_chain::store::archive::{Encoder, Start};

pub(crate) use failing_folder::FailingFolder;
pub(crate) use failing_store::{FailingStore, Fails};
pub(crate) use http_node::{HttpNode, fall_silent, send, send_for_ever, send_tip};
pub(crate) use object_store::memory::InMemory;

/// Genesis of `dev`, and on it a block for each of these lists of records.
pub(crate) fn chain(lists: impl IntoIterator<Item = Vec<String>>) -> Vec<HashedBlock> {
    chain_of(&Spec::dev(), lists)
}

/// As [`chain`], of another chain.
pub(crate) fn chain_of(
    spec: &Spec,
    lists: impl IntoIterator<Item = Vec<String>>,
) -> Vec<HashedBlock> {
    let mut state = TipState::genesis(spec);
    let mut blocks = vec![HashedBlock::new(spec.genesis().into_block())];
    for records in lists {
        let block = extend(spec, &mut state, records, 1_000);
        blocks.push(HashedBlock::new(block.into_block()));
    }
    blocks
}

/// Blocks up to this height, each with some records, and every third one with none.
pub(crate) fn usual_chain(label: &str, height: usize) -> Vec<HashedBlock> {
    let texts = |number: usize| (0..number % 3).map(move |text| format!("{label} {number}.{text}"));
    chain((0..height).map(|number| texts(number).collect()))
}

/// The chain file with these blocks, which need not be right.
pub(crate) fn chain_file(spec: &Spec, parent: Option<BlockId>, blocks: &[HashedBlock]) -> Vec<u8> {
    let start = Start { spec: spec.clone(), parent, has_own: false };
    let mut encoder = Encoder::new(&start).unwrap();
    for block in blocks {
        encoder.add(block).unwrap();
        // So that a connection can break between any two blocks.
        encoder.boundary().unwrap();
    }
    encoder.finish().unwrap();
    encoder.take()
}

/// A node with these blocks. Clones share what it was asked for.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) blocks: Vec<HashedBlock>,
    pub(crate) spec: Spec,
    /// For each request to come, the bytes after which its connection breaks.
    pub(crate) breaks: Rc<RefCell<Vec<usize>>>,
    /// The blocks that it has after the next request.
    pub(crate) later: Option<Vec<HashedBlock>>,
    pub(crate) asked: Rc<RefCell<Vec<u64>>>,
}

impl Node {
    pub(crate) fn new(blocks: Vec<HashedBlock>) -> Self {
        Self::of(Spec::dev(), blocks)
    }

    pub(crate) fn of(spec: Spec, blocks: Vec<HashedBlock>) -> Self {
        Self { blocks, spec, breaks: Rc::default(), later: None, asked: Rc::default() }
    }
}

impl ChainSource for Node {
    fn name(&self) -> &'static str {
        "the node"
    }

    fn open(&mut self, from: u64, to: Option<u64>) -> Result<Box<dyn Read>> {
        self.asked.borrow_mut().push(from);
        let from = usize::try_from(from).unwrap();
        if from > self.blocks.len() {
            return Err(Failure::no("the range starts above the tip").into());
        }
        let end = to.map_or(self.blocks.len(), |to| usize::try_from(to).unwrap() + 1);
        let parent = from.checked_sub(1).map(|below| self.blocks[below].id());
        let blocks = &self.blocks[from..end.clamp(from, self.blocks.len())];
        let mut bytes = chain_file(&self.spec, parent, blocks);
        let breaks = self.breaks.borrow_mut().pop();
        bytes.truncate(breaks.unwrap_or(usize::MAX));
        if let Some(blocks) = self.later.take() {
            self.blocks = blocks;
        }
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn total(&self, _: u64, _: Option<u64>) -> Option<u64> {
        None
    }

    fn tip(&self) -> Result<u64> {
        Ok(self.blocks.len() as u64 - 1)
    }

    fn may_break(&self) -> bool {
        true
    }
}
