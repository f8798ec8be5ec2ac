//! A reader that gives up on a sender that dribbles.

use std::io::{Error, ErrorKind, Read, Result};
use std::time::{Duration, Instant};

/// Bytes that must come in [`TIME`]: a slower answer would take for ever.
const PACED_BYTES: u64 = 64 << 10;

/// Time that may be waited for [`PACED_BYTES`]. Only waiting counts: what our own slow reader takes
/// is not the sender's fault.
const TIME: Duration = Duration::from_secs(30);

/// Reads from `inner`, and fails when less than 64 KiB come in 30 seconds of waiting. A single
/// read must have a deadline of its own.
pub(super) struct Paced<R, C = fn() -> Instant> {
    inner: R,
    clock: C,
    waited: Duration,
    got: u64,
}

impl<R> Paced<R> {
    pub(super) fn new(inner: R) -> Self {
        Self::with_clock(inner, Instant::now)
    }
}

impl<R, C> Paced<R, C> {
    const fn with_clock(inner: R, clock: C) -> Self {
        Self { inner, clock, waited: Duration::ZERO, got: 0 }
    }
}

impl<R: Read, C: Fn() -> Instant> Read for Paced<R, C> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let started = (self.clock)();
        let count = self.inner.read(buffer)?;
        let waited = (self.clock)().saturating_duration_since(started);
        self.waited = self.waited.saturating_add(waited);
        self.got = self.got.saturating_add(count as u64);
        if self.got >= PACED_BYTES {
            (self.waited, self.got) = (Duration::ZERO, 0);
        } else if count > 0 && self.waited >= TIME {
            let text = "less than 64 KiB came in 30 s";
            return Err(Error::new(ErrorKind::TimedOut, text));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
