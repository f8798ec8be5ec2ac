//! Ties of this node's chain with a peer's.

use super::NodeHandle;
use crate::chain::Hash;

impl NodeHandle {
    /// Notes this node's tip that a peer has another one beside, on a chain of exactly as much
    /// work; `None` if there is no such peer. A node that mines pending records ends the tie with
    /// a block of its own, unless another block does so first.
    pub fn note_tie(&self, tip: Option<Hash>) {
        self.shared.note_tie(tip);
    }
}
