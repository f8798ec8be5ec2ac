//! The binary dialect: headers first, then bodies from every peer that has them.

mod progress;

pub use progress::{Progress, SyncState};

use std::collections::BTreeMap;

use super::{Input, LinkId, Mark, Output, Time, TipChange};
use crate::chain::{Checkpoints, Spec, Work};

/// What the binary dialect needs to know of this node.
#[derive(Clone, Debug)]
pub struct NativeConfig {
    /// The chain's parameters.
    pub spec: Spec,
    /// Blocks that every branch must contain.
    pub checkpoints: Checkpoints,
    /// Drawn at the node's start.
    pub nonce: u64,
    /// Name and version of this program.
    pub agent: String,
    /// Where this node listens, `ip:port`; none when it takes no links.
    pub listen: Option<String>,
}

/// Keeps the links of the binary dialect in step.
#[derive(Debug)]
pub(super) struct Native {
    config: NativeConfig,
    tip: Mark,
    work: Work,
    links: BTreeMap<LinkId, ()>,
}

impl Native {
    pub(super) const fn new(config: NativeConfig, tip: Mark, work: Work) -> Self {
        Self { config, tip, work, links: BTreeMap::new() }
    }

    pub(super) fn handle(&mut self, _now: Time, _input: Input, _out: &mut Vec<Output>) {}

    pub(super) fn on_tip(
        &mut self,
        _now: Time,
        tip: Mark,
        work: Work,
        _change: TipChange,
        _out: &mut Vec<Output>,
    ) {
        (self.tip, self.work) = (tip, work);
    }

    pub(super) fn progress(&self) -> Progress {
        Progress::default()
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        None
    }
}
