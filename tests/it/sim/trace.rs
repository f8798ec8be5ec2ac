//! What happened in a run: a digest of everything, and more of it for who looks into a failure.

use std::fmt;

use jenny_chain::sync::{Input, Output, Time};

use super::clock::Micros;
use crate::support::random::mix;

pub(super) struct Trace<F> {
    pub(super) digest: Digest,
    /// Everything sent, by the node that sent it; kept by small tests only.
    pub(super) transcript: Option<Vec<(usize, F)>>,
    /// The node whose machine's every input and output is printed, to look into a failure.
    watched: Option<usize>,
}

/// Digest of everything that happened, to compare two runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Digest {
    seed: u64,
    folded: u64,
    pub(super) events: u64,
}

impl<F: Clone> Trace<F> {
    pub(super) fn new(seed: u64) -> Self {
        let watched = std::env::var("JENNY_TEST_SIMULATION_WATCH").ok();
        Self {
            digest: Digest { seed, folded: seed, events: 0 },
            transcript: None,
            watched: watched.map(|node| node.parse().unwrap()),
        }
    }

    /// A node handed a frame to a socket.
    pub(super) fn sent(&mut self, node: usize, frame: &F) {
        if let Some(transcript) = &mut self.transcript {
            transcript.push((node, frame.clone()));
        }
    }

    /// A node's machine is told something.
    pub(super) fn heard(&self, node: usize, now: Time, input: &Input) {
        if self.watched == Some(node) {
            println!("{:?} {}", now.0, short(input));
        }
    }

    /// That is what it says to it.
    pub(super) fn said(&self, node: usize, outputs: &[Output]) {
        if self.watched == Some(node) {
            for output in outputs {
                println!("    {}", short(output));
            }
        }
    }
}

impl Digest {
    pub(super) const fn fold(&mut self, now: Micros, what: u64, kind: u64) {
        self.folded = mix(self.folded ^ now ^ (what << 40) ^ (kind << 60));
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {} events", self.seed, self.events)
    }
}

/// The beginning of what may be a MiB.
fn short(what: &impl fmt::Debug) -> String {
    format!("{what:?}").chars().take(300).collect()
}
