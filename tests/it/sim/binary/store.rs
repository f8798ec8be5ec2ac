//! What a node has on disk: the names of its main chain's blocks and of those beside it.

use std::collections::{BTreeSet, VecDeque};

use jenny_chain::chain::{BlockId, ForkPoint, Hash, Height};

use super::arena::{Arena, GENESIS, Id, place};

pub(super) struct Store {
    /// The main chain, genesis first.
    chain: Vec<Id>,
    /// Stored and disconnected blocks.
    side: BTreeSet<Id>,
}

/// What connecting did to the main chain.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Moved {
    /// The main chain's new blocks, lowest first, `None` if the blocks were stored.
    pub(super) fresh: Vec<Id>,
    /// Whether blocks were disconnected.
    pub(super) is_reorg: bool,
}

impl Store {
    pub(super) const fn new(chain: Vec<Id>) -> Self {
        Self { chain, side: BTreeSet::new() }
    }

    pub(super) fn tip(&self) -> Id {
        self.chain.last().copied().unwrap_or(GENESIS)
    }

    /// The main chain's block at a height.
    pub(super) fn at(&self, height: u64) -> Option<Id> {
        self.chain.get(usize::try_from(height).ok()?).copied()
    }

    pub(super) fn is_main(&self, arena: &Arena, id: Id) -> bool {
        self.chain.get(arena.height(id)) == Some(&id)
    }

    pub(super) fn holds(&self, arena: &Arena, id: Id) -> bool {
        self.is_main(arena, id) || self.side.contains(&id)
    }

    /// Main chain blocks of these heights.
    pub(super) fn range(&self, first: u64, last: u64) -> &[Id] {
        let end = place(last.saturating_add(1)).min(self.chain.len());
        let first = usize::try_from(first).unwrap_or(usize::MAX).min(end);
        &self.chain[first..end]
    }

    /// Main chain blocks from a height up to a block, `None` if that is not one of them.
    pub(super) fn view(&self, arena: &Arena, first: u64, last: BlockId) -> VecDeque<Id> {
        let at = self.at(last.height.get());
        if at.is_none_or(|id| arena.state(id).hash() != last.hash) {
            return VecDeque::new();
        }
        self.range(first, last.height.get()).iter().copied().collect()
    }

    /// The highest block of a locator that is on the main chain; genesis when none is.
    pub(super) fn shared(&self, arena: &Arena, locator: &[(Height, Hash)]) -> u64 {
        let is_ours = |(height, hash): &&(Height, Hash)| {
            self.at(height.get()).is_some_and(|id| arena.state(id).hash() == *hash)
        };
        locator.iter().filter(is_ours).map(|(height, _)| height.get()).max().unwrap_or(0)
    }

    /// The main chain, named sparsely: the tip, ten single steps back, then doubling steps.
    pub(super) fn locator(&self, arena: &Arena, after: Option<BlockId>) -> Vec<(Height, Hash)> {
        let mut locator: Vec<_> = after.into_iter().map(|id| (id.height, id.hash)).collect();
        let (mut index, mut step) = (self.chain.len() - 1, 1);
        loop {
            let BlockId { height, hash } = arena.id_of(self.chain[index]);
            locator.push((height, hash));
            if index == 0 {
                return locator;
            }
            if locator.len() > 10 {
                step *= 2;
            }
            index = index.saturating_sub(step);
        }
    }

    /// Takes consecutive blocks, `None` if the block below them is not held.
    pub(super) fn connect(&mut self, arena: &Arena, ids: &[Id]) -> Option<Moved> {
        if !self.holds(arena, arena.parent(ids[0])) {
            return None;
        }
        for &id in ids {
            if !self.is_main(arena, id) {
                self.side.insert(id);
            }
        }
        Some(self.adopt(arena, *ids.last()?))
    }

    /// Makes the branch that ends in this block the main chain, if it has more work.
    pub(super) fn adopt(&mut self, arena: &Arena, last: Id) -> Moved {
        if arena.work(last) <= arena.work(self.tip()) {
            return Moved { fresh: Vec::new(), is_reorg: false };
        }
        let mut fresh = vec![last];
        let mut parent = arena.parent(last);
        while !self.is_main(arena, parent) {
            fresh.push(parent);
            parent = arena.parent(parent);
        }
        fresh.reverse();
        let disconnected = self.chain.split_off(arena.height(parent) + 1);
        let is_reorg = !disconnected.is_empty();
        self.side.extend(disconnected);
        for id in &fresh {
            self.side.remove(id);
        }
        self.chain.extend(&fresh);
        Moved { fresh, is_reorg }
    }

    /// Where the branch that ends in this block leaves the main chain, `None` if it is on it.
    pub(super) fn fork_point(&self, arena: &Arena, id: Id) -> Option<ForkPoint> {
        let (mut at, mut first) = (id, None);
        while !self.is_main(arena, at) {
            first = Some(arena.state(at).hash());
            at = arena.parent(at);
        }
        first.map(|first| ForkPoint { below: arena.header(at).height, first })
    }

    /// Forgets what is not on the main chain, as if its retention were over.
    pub(super) fn prune(&mut self) {
        self.side.clear();
    }

    pub(super) fn stored(&self) -> usize {
        self.side.len()
    }
}
