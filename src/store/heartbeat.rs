//! Signs of life of a thread that writes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counts the steps of a thread, so that another one can tell a thread that is stuck from one
/// whose work is long.
#[derive(Debug, Default)]
pub struct Heartbeat {
    beats: AtomicU64,
    rests: AtomicBool,
}

impl Heartbeat {
    /// The thread did a step, or begins one.
    pub fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
        // After the step was counted: a reader that sees the thread at work sees that step.
        self.rests.store(false, Ordering::Release);
    }

    /// The thread waits for work, until its next beat.
    pub fn rest(&self) {
        self.rests.store(true, Ordering::Relaxed);
    }

    /// Returns the number of steps, `None` while the thread waits for work.
    pub fn beats(&self) -> Option<u64> {
        let rests = self.rests.load(Ordering::Acquire);
        (!rests).then(|| self.beats.load(Ordering::Relaxed))
    }
}
