//! Lists of what was lost, whose length is bounded.

use crate::chain::Height;
use crate::store::HashPrefix;

/// Most things of one kind that are listed; further ones are counted.
const MAX_LISTED: usize = 10_000;

/// Most ranges of heights; further ones become part of the last.
const MAX_RANGES: usize = 10_000;

/// The first things of a kind, and how many there are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed<T> {
    /// The first 10,000.
    pub items: Vec<T>,
    /// How many there are.
    pub total: u64,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), total: 0 }
    }
}

impl<T> Listed<T> {
    pub(super) fn push(&mut self, item: T) {
        self.total = self.total.saturating_add(1);
        if self.items.len() < MAX_LISTED {
            self.items.push(item);
        }
    }
}

/// A block of the main chain that is lost.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LostBlock {
    /// Its height.
    pub height: Height,
    /// How many records it had, `None` if its header is lost too.
    pub records: Option<u32>,
    /// What is wrong with it.
    pub why: String,
}

/// A record of a lost block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LostRecord {
    /// Height of the block.
    pub height: Height,
    /// Its position in the block.
    pub position: u32,
    /// How its id begins.
    pub prefix: HashPrefix,
}

/// Heights, in ascending order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ranges {
    /// First and last height of each range.
    pub ranges: Vec<(Height, Height)>,
    /// How many heights they are.
    pub total: u64,
}

impl Ranges {
    /// Whether there is no height.
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Adds a height above all others.
    pub(super) fn push(&mut self, height: Height) {
        self.total = self.total.saturating_add(1);
        let is_full = self.ranges.len() >= MAX_RANGES;
        match self.ranges.last_mut() {
            Some((_, last)) if last.next() == height || is_full => *last = height,
            _ => self.ranges.push((height, height)),
        }
    }

    pub(super) fn contains(&self, height: Height) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= height);
        let range = after.checked_sub(1).and_then(|at| self.ranges.get(at));
        range.is_some_and(|(_, last)| height <= *last)
    }
}
