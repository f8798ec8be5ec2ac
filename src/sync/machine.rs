//! The state machine.

use super::{Input, Mark, Output, Time};

/// Keeps one node's links in step, by the rules of the seed's dialect.
#[derive(Debug)]
pub struct SyncMachine {
    tip: Mark,
    chain_json_bytes: u64,
    max_chain_bytes: u64,
}

impl SyncMachine {
    /// Starts without links. `chain_json_bytes` is about how long the whole chain is as
    /// JSON; above `max_chain_bytes` it is never sent as one message.
    pub const fn new(tip: Mark, chain_json_bytes: u64, max_chain_bytes: u64) -> Self {
        Self { tip, chain_json_bytes, max_chain_bytes }
    }

    /// Takes one fact in, and appends what is to be done to `out`.
    pub fn handle(&mut self, _now: Time, _input: Input, _out: &mut Vec<Output>) {}

    /// When to say [`Input::DeadlinePassed`], if nothing else happens before.
    pub fn deadline(&self) -> Option<Time> {
        None
    }
}
