//! Which records a peer told of lately.

use std::collections::{BTreeSet, VecDeque};

use crate::chain::Hash;

/// Ids that are remembered. The oldest one is forgotten for one more.
const MAX_RECENT_IDS: usize = 4_096;

/// The last ids that a peer told of, by their first eight bytes: a peer that makes up two equal
/// ones only has itself told of fewer records.
#[derive(Debug, Default)]
pub(super) struct Recent {
    order: VecDeque<u64>,
    ids: BTreeSet<u64>,
}

/// The first eight bytes.
#[expect(clippy::many_single_char_names, reason = "one for each byte")]
fn short(id: &Hash) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *id.as_bytes();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

impl Recent {
    pub(super) fn insert(&mut self, id: &Hash) {
        let id = short(id);
        if !self.ids.insert(id) {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > MAX_RECENT_IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    pub(super) fn contains(&self, id: &Hash) -> bool {
        self.ids.contains(&short(id))
    }
}
