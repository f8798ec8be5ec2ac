//! A stopped node of which this one is a read-only view.

use crate::chain::Timestamp;

/// A stopped node of which this one is a read-only view: it mines nothing, has no peers, and
/// refuses to change anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoppedNode {
    /// Its data directory, as the operator named it.
    pub directory: String,
    /// When the directory was read.
    pub read_at: Timestamp,
    /// What had to be mended to open it, in words.
    pub repairs: Vec<String>,
}

impl StoppedNode {
    /// Why a view refuses to change anything, and what to do instead.
    pub const REFUSAL: &'static str =
        "this is a read-only view of a stopped node; start the node with `jenny run`";
}
