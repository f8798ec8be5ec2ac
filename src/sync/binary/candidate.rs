//! A branch that is known by its headers alone, to sum its work.

use std::collections::VecDeque;

use super::limits::{CANDIDATE_STEP, MAX_FRESH};
use crate::chain::{
    BlockId, Checkpoints, ForkPoint, Hash, Header, Height, RuleError, Spec, Timestamp,
};
use crate::chain::{TipState, ValidHeader, Work};

/// Headers above a block that is held. Of a long branch little more than every 2,000th
/// hash is kept, so that one which cannot win costs next to nothing.
#[derive(Debug)]
pub(super) struct Candidate {
    /// After the last block that is held.
    base: TipState,
    /// After the last header.
    head: TipState,
    count: u64,
    /// The headers, as long as they are few.
    fresh: Vec<ValidHeader>,
    /// Hashes at every 2,000th height.
    ids: VecDeque<BlockId>,
    /// Where it leaves our chain; `None` before the first header above a block of our chain.
    fork: Option<ForkPoint>,
    /// The operator was told that it is too deep.
    pub(super) is_told: bool,
}

/// What the branch of a candidate is fetched from.
#[derive(Debug)]
pub(super) struct Found {
    /// After the last block that is held.
    pub(super) base: TipState,
    /// After the last one of `headers`.
    pub(super) head: TipState,
    /// The headers above the base, `None` if they are to be fetched again.
    pub(super) headers: Vec<ValidHeader>,
    /// Hashes that must come again.
    pub(super) proof: VecDeque<BlockId>,
}

/// Names the block that a state is after.
pub(super) const fn id_of(state: &TipState) -> BlockId {
    BlockId { height: state.height(), hash: state.hash() }
}

/// The rules that a header is checked by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) spec: &'a Spec,
    pub(super) checkpoints: &'a Checkpoints,
    pub(super) clock: Timestamp,
}

impl Rules<'_> {
    /// Checks the next header, and moves the state on to it.
    pub(super) fn step(
        &self,
        state: &mut TipState,
        header: &Header,
    ) -> Result<ValidHeader, RuleError> {
        let valid = state.check_next(self.spec, header, self.clock)?;
        self.checkpoints.check(valid.header().height, valid.hash())?;
        state.extend_header(&valid);
        Ok(valid)
    }
}

impl Candidate {
    /// Starts at a block that is held, on a branch that leaves our chain at `fork`, or on our
    /// chain.
    pub(super) fn new(base: TipState, fork: Option<ForkPoint>) -> Self {
        let head = base.clone();
        let (fresh, ids) = (Vec::new(), VecDeque::new());
        Self { base, head, count: 0, fresh, ids, fork, is_told: false }
    }

    /// Where it leaves our chain.
    pub(super) const fn fork(&self) -> Option<ForkPoint> {
        self.fork
    }

    /// The last block of it.
    pub(super) const fn head(&self) -> BlockId {
        id_of(&self.head)
    }

    /// The last block below it.
    pub(super) const fn base(&self) -> BlockId {
        id_of(&self.base)
    }

    pub(super) const fn work(&self) -> Work {
        self.head.total_work()
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Takes the next header.
    pub(super) fn step(&mut self, rules: &Rules<'_>, header: &Header) -> Result<(), RuleError> {
        let valid = rules.step(&mut self.head, header)?;
        self.count = self.count.saturating_add(1);
        let below = self.base.height();
        self.fork = self.fork.or(Some(ForkPoint { below, first: valid.hash() }));
        self.is_told = false;
        if self.count <= MAX_FRESH as u64 {
            self.fresh.push(valid);
        } else {
            self.fresh = Vec::new();
        }
        if is_kept(valid.header().height) {
            self.ids.push_back(BlockId { height: valid.header().height, hash: valid.hash() });
        }
        Ok(())
    }

    /// Returns what to fetch.
    pub(super) fn found(self) -> Found {
        let Self { base, head, fresh, ids, .. } = self;
        if fresh.is_empty() {
            let head = base.clone();
            return Found { base, head, headers: Vec::new(), proof: ids };
        }
        Found { base, head, headers: fresh, proof: VecDeque::new() }
    }
}

/// Whether a candidate keeps the hash at this height.
fn is_kept(height: Height) -> bool {
    height.get().checked_rem(CANDIDATE_STEP) == Some(0)
}

/// Holds a header against the hashes that must come again; those below it are done with.
pub(super) fn reproduces(proof: &mut VecDeque<BlockId>, height: Height, hash: Hash) -> bool {
    while proof.front().is_some_and(|id| id.height < height) {
        proof.pop_front();
    }
    proof.front().is_none_or(|id| id.height != height || id.hash == hash)
}
